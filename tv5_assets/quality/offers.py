"""Rules on offers of movies: what they owe to the original language of the movie.

What does not belong here: what each offer must fulfil by itself (synthetic/platforms.py).
"""

import polars as pl

from tv5_assets.quality.frames import share_as_declared
from tv5_assets.quality.verdict import Verdict
from tv5_assets.synthetic.platforms import FRENCH_DUB_SHARE, ORIGINAL_SOUND_SHARE, SHARE_OFFERED, TV5MONDE_FRENCH_ODDS


def available_share(platforms: pl.LazyFrame, movies: pl.LazyFrame) -> Verdict:
    """Ask that as many movies are offered anywhere as is declared."""
    offered, known = pl.collect_all([platforms.select(pl.col("movie_id").n_unique()), movies.select(pl.len())])
    return share_as_declared(offered.item(), known.item(), SHARE_OFFERED, "movies on a platform")


def beside_languages(platforms: pl.LazyFrame, details: pl.LazyFrame) -> dict[str, Verdict]:
    """Hold offers to the original languages of their movies.

    Returns:
        ``french_on_tv5monde``: TV5MONDE carries more movies in French than there are of them, by TV5MONDE_FRENCH_ODDS.
        ``original_sound``: nearly every offer can be heard in the original language. ``dubbed_in_france``: many offers
        of movies in other languages are dubbed in French there.
    """
    offers = platforms.join(details.select("movie_id", pl.col("language").cast(pl.String)), on="movie_id")
    french, tv5 = pl.col("language") == "fr", pl.col("platform_id") == "tv5monde"
    audio = pl.col("audio_tracks").cast(pl.List(pl.String))
    foreign = (pl.col("region") == "FR") & ~french
    counts, movies = pl.collect_all(
        [
            offers.select(
                offers=pl.len(),
                original=audio.list.contains(pl.col("language")).sum(),
                tv5=tv5.sum(),
                french_on_tv5=(tv5 & french).sum(),
                foreign=foreign.sum(),
                dubbed=(foreign & audio.list.contains("fr")).sum(),
            ),
            details.select(all=pl.len(), french=french.sum()),
        ]
    )
    found, known = counts.row(0, named=True), movies.row(0, named=True)
    odds = TV5MONDE_FRENCH_ODDS * known["french"] / max(known["all"] - known["french"], 1)
    return {
        "french_on_tv5monde": share_as_declared(
            found["french_on_tv5"], found["tv5"], odds / (1 + odds), "movies in French on TV5MONDE", at_least=True
        ),
        "original_sound": share_as_declared(
            found["original"], found["offers"], ORIGINAL_SOUND_SHARE, "offers with original sound", at_least=True
        ),
        "dubbed_in_france": share_as_declared(
            found["dubbed"], found["foreign"], FRENCH_DUB_SHARE, "foreign movies dubbed in France", at_least=True
        ),
    }
