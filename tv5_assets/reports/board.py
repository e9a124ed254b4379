"""The leaderboard as people see it: for each protocol a plot with intervals and a table.

What does not belong here: what the leaderboard holds (evaluation/leaderboard.py).
"""

import polars as pl

from tv5_assets.evaluation.leaderboard import EASE, standings
from tv5_assets.reports import draw
from tv5_assets.reports.blocks import Plot, Rows


def plots(board: pl.DataFrame) -> dict[str, tuple[Plot, Rows]]:
    """Return a plot and a table by protocol, of rows of tables.models.Leaderboard."""
    return {protocol: _of(board, protocol) for protocol in board["protocol"].cast(pl.String).unique().sort()}


def _of(board: pl.DataFrame, protocol: str) -> tuple[Plot, Rows]:
    table = standings(board.with_columns(pl.col("protocol").cast(pl.String)), protocol)
    users = board.filter(pl.col("protocol").cast(pl.String) == protocol)["users"][0]
    best = table.row(0, named=True)
    words = f"{best['model']} leads, of {users:,} users who were asked about; lines are 95 % intervals over users."
    if best["to_ease"] is not None:
        low, high = best["to_ease_low"], best["to_ease_high"]
        words += f" It has {best['to_ease']:.3f} times what {EASE} has (paired, {low:.3f} to {high:.3f})."
    intervals = {row["model"]: (row["ndcg@10"], row["low"], row["high"]) for row in table.iter_rows(named=True)}
    marked = {row["model"] for row in table.iter_rows(named=True) if row["kind"] == "model"}
    shown = table.with_columns(pl.col(pl.Float64).round(4))
    return Plot(f"NDCG@10, {protocol}", words, draw.intervals(intervals, "NDCG@10", marked)), Rows(protocol, shown)
