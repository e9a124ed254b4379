"""Corruptions for the gates of the media catalog."""

import polars as pl

from tv5_assets_tests.defs.corruptions.corruption import Corruption, in_first_row, in_first_where, table


def catalog_corruptions() -> list[Corruption]:
    """Return corruptions for the gates of the media catalog."""
    catalog = "synthetic/catalog"
    video, image = pl.col("type") == "video", pl.col("type") == "image"
    return [
        Corruption(catalog, "unique_id", table(catalog, lambda frame: in_first_row("id", frame["id"][1])(frame))),
        Corruption(catalog, "type_shares", table(catalog, lambda frame: frame.filter(~image))),
        Corruption(
            catalog, "subject_shares", table(catalog, lambda frame: frame.filter(pl.col("subject") != "cooking"))
        ),
        Corruption(catalog, "conditional_fields", table(catalog, in_first_where(image, "views", 5))),
        Corruption(catalog, "conditional_fields", table(catalog, in_first_where(video, "topic", None)), name="missing"),
        Corruption(catalog, "values_of_case", table(catalog, in_first_where(video, "format", "pdf"))),
        Corruption(catalog, "numbers_agree", table(catalog, in_first_where(pl.col("views") < 1_000, "likes", 50_000))),
        Corruption(catalog, "numbers_agree", table(catalog, in_first_where(image, "file_size", 9_999)), name="size"),
        Corruption(
            catalog,
            "word_counts",
            table(catalog, in_first_row("description", "Too short.")),
            also=("texts_of_fields",),  # which repeats the description
        ),
        Corruption(catalog, "texts_of_fields", table(catalog, in_first_row("content_text", "Some other text."))),
    ]
