"""Tests of tv5_assets.movielens."""
