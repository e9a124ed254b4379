"""Tests of tv5_assets.synthetic."""
