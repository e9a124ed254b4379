"""Tests of the stores, against the real embedded servers."""
