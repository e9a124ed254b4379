"""The knowledge graph as frames: its nodes, its edges and the similarity that links movies."""
