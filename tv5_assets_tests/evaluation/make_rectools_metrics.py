"""Makes ``rectools_metrics.json``: random rankings and what RecTools says of them, user by user.

RecTools 0.19.0 pins old versions of numpy and pandas, so it has an environment of its own and what it said is kept:

    uv venv --python 3.11 rectools && uv pip install --python rectools/bin/python rectools==0.19.0
    rectools/bin/python tv5_assets_tests/evaluation/make_rectools_metrics.py

Users are 0 to 39, movies 0 to 79. ``ranked`` holds each user's movies, best first, up to 20 of them; every seventh user
has only a few. ``truth`` holds movie and rating of each user, one to thirty of them, a third of them drawn from the
user's own ranking so that there are hits. ``train`` holds pairs of user and movie; some movies have none.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
from rectools.metrics import MAP, NDCG, CatalogCoverage, HitRate, MeanInvUserFreq, Precision, Recall

USERS, MOVIES, DEPTH, SEED = 40, 80, 20, 7
KS = (5, 10, 20)


def main() -> None:
    rng = np.random.default_rng(SEED)
    ranked, truth = [], []
    for user in range(USERS):
        order = rng.permutation(MOVIES)[: DEPTH if user % 7 else rng.integers(1, DEPTH)]
        liked = rng.permutation(order)[: len(order) // 3]
        others = rng.permutation(np.setdiff1d(np.arange(MOVIES), liked))[: rng.integers(0, 24)]
        movies = rng.permutation(np.concatenate([liked, others]))[: rng.integers(1, 31)]
        if not len(movies):
            movies = rng.integers(0, MOVIES, 1)
        ranked.append(order.tolist())
        truth.append([[int(movie), float(rng.integers(1, 11) / 2)] for movie in movies])
    train = np.unique(rng.integers(0, [USERS, MOVIES - 9], size=(300, 2)), axis=0).tolist()

    reco = pd.DataFrame(
        [(user, movie, place) for user, row in enumerate(ranked) for place, movie in enumerate(row, start=1)],
        columns=["user_id", "item_id", "rank"],
    )
    events = pd.DataFrame(
        [(user, movie) for user, row in enumerate(truth) for movie, _ in row], columns=["user_id", "item_id"]
    )
    previous = pd.DataFrame(train, columns=["user_id", "item_id"])
    values: dict[str, object] = {}
    for k in KS:
        for name, metric in (
            ("ndcg", NDCG(k, divide_by_achievable=True)),
            ("recall", Recall(k)),
            ("precision", Precision(k)),
            ("hit_rate", HitRate(k)),
            ("map_over_relevant", MAP(k)),
            ("map_over_k", MAP(k, divide_by_k=True)),
        ):
            values[f"{name}@{k}"] = of_users(metric.calc_per_user(reco, events))
        values[f"novelty@{k}"] = of_users(MeanInvUserFreq(k).calc_per_user(reco, previous))
        values[f"coverage@{k}"] = CatalogCoverage(k, normalize=True).calc(reco, range(MOVIES))
    made = {"movies": MOVIES, "ranked": ranked, "truth": truth, "train": train, "values": values}
    Path(__file__).with_name("rectools_metrics.json").write_text(json.dumps(made, separators=(",", ":")) + "\n")


def of_users(values: pd.Series) -> list[float]:
    return [round(float(value), 10) for value in values.reindex(range(USERS)).to_numpy()]


if __name__ == "__main__":
    main()
