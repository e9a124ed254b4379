"""Trained models: how they are made and how they are kept."""
