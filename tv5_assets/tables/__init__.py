"""The registry of tables: one schema class per dataset, grouped in a module per layer."""
