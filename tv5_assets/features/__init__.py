"""What models learn from: features of users, movies and interactions, and what is held back to judge them by."""
