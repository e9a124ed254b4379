"""Tests of the TV5 asset platform, one folder per package of it."""
