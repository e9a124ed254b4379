"""Pages that a person looks at: what the data is like, in plots with a sentence each."""
