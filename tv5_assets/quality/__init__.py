"""Quality rules: a frame or a store in, a verdict with its figures out."""
