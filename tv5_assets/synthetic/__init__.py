"""Generators of everything MovieLens does not have: users, platforms, trends. All seeded, all vectorized."""
