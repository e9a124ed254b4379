"""Recommenders that a model has to beat before it is worth its training."""
