"""Generators of everything MovieLens does not have, from users and contexts to lines of dialogue, catalog items and
queries. All seeded, all vectorized."""
