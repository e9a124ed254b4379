"""Raw assets: obtain a MovieLens set, whole and verified."""

import polars as pl

from tv5_assets.dagster_kit.assets import table_asset
from tv5_assets.dagster_kit.resources import SettingsResource
from tv5_assets.movielens import archive, simulate
from tv5_assets.tables import raw


@table_asset(raw.RawMovieLens, kinds=("file",))
def raw_movielens(settings: SettingsResource) -> pl.DataFrame:
    chosen = settings.get()
    if chosen.dataset == "simulated":
        simulate.simulate(
            chosen.simulation_folder / "simulated",
            users=chosen.simulated_users,
            movies=chosen.simulated_movies,
            ratings=chosen.simulated_ratings,
            seed=chosen.seed,
            genome=chosen.simulated_genome,
        )
    return archive.obtain(
        chosen.dataset, chosen.raw_folder, search=chosen.archive_folders, download_url=chosen.download_url
    )
