"""MovieLens: find, fetch and verify an archive, read its formats, or simulate one of any size."""
