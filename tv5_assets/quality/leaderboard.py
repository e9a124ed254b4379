"""Whether models are worth having: rules on the leaderboard.

A protocol that asks about few users proves nothing either way and is not judged. What does not belong here: the table
itself (evaluation/leaderboard.py).
"""

import polars as pl

from tv5_assets.evaluation.leaderboard import EASE, HEADLINE, MARKOV, POPULARITY
from tv5_assets.evaluation.problem import LEAVE_LAST_OUT, TEMPORAL
from tv5_assets.quality.verdict import Fact, Verdict

FEWEST_USERS = 100
"""Of ml-latest-small 28 users qualify for ``temporal``, and there the order of models is a matter of luck."""

OF_SEQUENCES = ("bert4rec", "sasrec")
"""The kinds of models.sequence, which is not imported for them: that takes .4 s of the code location's 3."""
_IN_ORDER = (TEMPORAL, LEAVE_LAST_OUT)
"""Protocols that hold out what came last. Models of sequences tell what comes next, which the others do not ask."""


def beats_popularity(board: pl.DataFrame, fewest_users: int = FEWEST_USERS) -> Verdict:
    """Ask that every model has a higher NDCG@10 than popularity, under every protocol with enough users.

    Models of sequences are judged under protocols that hold out what came last, where the order of events tells
    something: with the others, and where Markov, which knows order alone, is itself not above popularity, they stand on
    the board alone. In a simulated set a taste decides what a user watches, never what was watched before.

    It fails where a protocol with enough users has no popularity to be compared with, and where the board has no model
    at all.
    """
    rows = _headline(board)
    popular = rows.filter(pl.col("model") == POPULARITY).select("protocol", popular="value")
    unordered = _without_order(rows, popular)
    of_order = pl.col("protocol").is_in(_IN_ORDER) & ~pl.col("protocol").is_in(unordered)
    judged = (pl.col("users") >= fewest_users) & (of_order | ~pl.col("model").is_in(OF_SEQUENCES))
    models = rows.filter((pl.col("kind") == "model") & judged)
    compared = models.join(popular, on="protocol", how="left").sort("protocol", "model")
    # A value that is missing or no number is not above anything.
    behind = compared.filter(~(pl.col("value").fill_nan(None) > pl.col("popular")).fill_null(value=False))
    present = not rows.filter(pl.col("kind") == "model").is_empty()
    ratios = compared.filter(pl.col("popular") > 0).select(pl.col("value") / pl.col("popular")).to_series().to_list()
    facts: dict[str, Fact] = {"judged": len(compared), "behind": len(behind), "fewest_users": fewest_users}
    if ratios:
        facts["least_ratio"] = min(ratios)
    description = _words(present, compared, behind, f"do not beat {POPULARITY}", fewest_users)
    if unordered:
        facts["without_order"] = ", ".join(unordered)
        description += (
            f"; order tells nothing under {', '.join(unordered)}, so models of sequences are not judged there"
        )
    return Verdict(passed=present and behind.is_empty(), facts=facts, description=description)


def best_beats_ease(board: pl.DataFrame, fewest_users: int = FEWEST_USERS) -> Verdict:
    """Ask that the best model has a higher NDCG@10 than EASE over the same users, its paired interval above 1.

    Under every protocol with enough users, the best by the value itself. It fails where EASE is missing.
    """
    rows = _headline(board)
    models = rows.filter((pl.col("kind") == "model") & (pl.col("users") >= fewest_users))
    best = models.sort("value", "model", descending=[True, False]).unique("protocol", keep="first").sort("protocol")
    behind = best.filter(~(pl.col("to_ease_low").fill_nan(None) > 1).fill_null(value=False))
    present = not rows.filter(pl.col("kind") == "model").is_empty()
    facts: dict[str, Fact] = {"judged": len(best), "behind": len(behind), "fewest_users": fewest_users}
    for row in best.iter_rows(named=True):
        facts[f"{row['protocol']}/best"] = row["model"]
        if row["to_ease"] is not None:
            facts |= {f"{row['protocol']}/{name}": row[name] for name in ("to_ease", "to_ease_low", "to_ease_high")}
    return Verdict(
        passed=present and behind.is_empty(),
        facts=facts,
        description=_words(present, best, behind, f"are not surely above {EASE}", fewest_users),
    )


def _without_order(rows: pl.DataFrame, popular: pl.DataFrame) -> list[str]:
    """Return the protocols that ask for what came last and under which Markov is not above popularity."""
    markov = rows.filter(pl.col("model") == MARKOV).join(popular, on="protocol")
    return markov.filter(pl.col("protocol").is_in(_IN_ORDER) & (pl.col("value") <= pl.col("popular")))[
        "protocol"
    ].to_list()


def _headline(board: pl.DataFrame) -> pl.DataFrame:
    metric, k = HEADLINE
    names = [pl.col(name).cast(pl.String) for name in ("protocol", "metric", "kind")]
    return board.with_columns(names).filter((pl.col("metric") == metric) & (pl.col("k") == k))


def _words(present: bool, judged: pl.DataFrame, behind: pl.DataFrame, shortcoming: str, fewest_users: int) -> str:
    if not present:
        return "the leaderboard has no model"
    if judged.is_empty():
        return f"no protocol asks about {fewest_users} users, so nothing is judged"
    if behind.is_empty():
        return f"{len(judged)} judged by NDCG@{HEADLINE[1]}, none behind"
    named = ", ".join(f"{row['model']} ({row['protocol']})" for row in behind.iter_rows(named=True))
    return f"{len(behind)} of {len(judged)} {shortcoming} by NDCG@{HEADLINE[1]}: {named}"
