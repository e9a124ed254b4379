"""Tables that are declared in a schema file: the file's language, and what is wrong with a file, line by line."""
