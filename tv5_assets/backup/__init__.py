"""Backup and restore of what the platform published: all four stores, Dagster's storage and MLflow's."""
