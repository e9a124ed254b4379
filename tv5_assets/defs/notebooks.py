"""Notebook assets: analyses whose sources are notebooks, run in the graph and shown as pages.

Such an asset reads nothing as values: the notebook opens the files of what it follows.
"""

import dagster as dg

from tv5_assets.dagster_kit.assets import page_asset
from tv5_assets.dagster_kit.resources import SettingsResource
from tv5_assets.reports.chapters import page_of
from tv5_assets.reports.dataset import local_files
from tv5_assets.reports.notebook import NOTEBOOKS, execute
from tv5_assets.reports.page import Rendered

EDA = ("processed/ratings", "processed/movies")
EMBEDDINGS = (*EDA, "embeddings/movies", "embeddings/users")


@page_asset(
    "reports/eda",
    about="What the ratings are like, from notebooks/eda.py: ratings, users, movies, genres, time, sparsity and cold "
    "start, data quality.",
    owner="team:data-platform",
    kinds=("jupyter", "polars"),
    deps=EDA,
)
def eda(context: dg.AssetExecutionContext, settings: SettingsResource) -> Rendered:
    with local_files(settings.get().dataset_root, EDA) as root:
        return page_of(execute(NOTEBOOKS / "eda.py", {"root": str(root)})).rendered()


@page_asset(
    "reports/embeddings",
    about="What the embeddings know, from notebooks/embedding_analysis.py: neighbours, genre clusters, how similar "
    "movies and users are, cold start.",
    owner="team:recommendations",
    kinds=("jupyter", "numpy"),
    deps=EMBEDDINGS,
)
def embeddings(context: dg.AssetExecutionContext, settings: SettingsResource) -> Rendered:
    with local_files(settings.get().dataset_root, EMBEDDINGS) as root:
        parameters = {"root": str(root), "seed": settings.get().seed}
        return page_of(execute(NOTEBOOKS / "embedding_analysis.py", parameters)).rendered()
