"""The media catalog, and any table that a schema file declares: values by kind, rows by chunk."""
