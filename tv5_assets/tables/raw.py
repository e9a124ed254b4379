"""Schemas of the raw layer: what was obtained, before anything is read from it."""

import dataframely as dy

from tv5_assets.tables.table import Table


class RawMovieLens(Table):
    """Manifest of the extracted MovieLens files."""

    key = "raw/movielens"
    owner = "team:data-platform"
    about = (
        "One row per file of the MovieLens set as it was extracted, with its size, checksum and number of data rows. "
        "The files themselves lie in the folder of the same name. `source` says where the set came from, `licence` "
        "under which terms it may be used; a simulated set says so in both."
    )

    name = dy.String(primary_key=True, description="File name inside the set, such as ratings.csv")
    dataset = dy.String(description="Name of the set")
    bytes = dy.Int64(min=1, description="Size in bytes")
    md5 = dy.String(regex=r"^[0-9a-f]{32}$", description="MD5 of the file's bytes")
    rows = dy.Int64(nullable=True, min=0, description="Data rows, header excluded; null for prose such as README.txt")
    source = dy.String(description="Path or URL the set was taken from")
    licence = dy.String(description="Terms of use")
