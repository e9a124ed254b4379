"""The four stores: one module each, with the same verbs: connect, publish, count, query."""
