"""Schemas of tables computed from vectors; the vectors themselves are Arrow files (embeddings/vectors.py)."""

import dataframely as dy

from tv5_assets.tables.table import Table


class SimilarMovies(Table):
    """Each movie's nearest neighbours."""

    key = "embeddings/similar_movies"
    owner = "team:recommendations"
    about = "One row per movie and close neighbour: cosine of their text vectors over the threshold, at most k each."

    movie_id = dy.Int32(primary_key=True, min=1, description="MovieLens id of the movie")
    similar_id = dy.Int32(primary_key=True, min=1, description="MovieLens id of its neighbour")
    score = dy.Float32(min=-1, max=1.001, description="Cosine of the two vectors")
    rank = dy.Int16(min=1, description="1 is the nearest")
