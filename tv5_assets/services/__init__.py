"""The embedded servers: start them, wait until they answer, stop them with whoever started them."""
