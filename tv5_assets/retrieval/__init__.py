"""The query side: search, recommend and explain, over the published stores."""
