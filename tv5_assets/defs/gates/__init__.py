"""Which gates guard which asset, a module for each layer; checks.py makes them part of the graph."""
