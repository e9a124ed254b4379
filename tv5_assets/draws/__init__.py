"""Random draws that are the same for the same seed, whatever the chunk size: by name, by id, by share."""
