"""Texts to vectors: what is embedded, by which model, and how vectors are stored and pooled."""
