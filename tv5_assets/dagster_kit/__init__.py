"""What binds the plain library to Dagster: IO managers, resources, check factories, metadata, failures."""
