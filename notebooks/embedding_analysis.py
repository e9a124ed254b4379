# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # What the embeddings know
# Movies and users as vectors: who is near whom, whether genres can be seen in them, how similar two things usually are,
# and what is left when there is little history. Cosines throughout; what is compared is drawn with a fixed seed.

# %% tags=["parameters"]
root = "../.tv5/data/ml-latest-small"  # folder of a dataset
movie_vectors = "embeddings/movies"
user_vectors = "embeddings/users"
seed = 0

# %%
import numpy as np
import polars as pl
from IPython.display import Markdown, display

from tv5_assets.draws.streams import stream
from tv5_assets.embeddings.pooling import rating_weight
from tv5_assets.reports.blocks import Figures, Plot, Rows
from tv5_assets.reports.dataset import Dataset
from tv5_assets.reports.draw import bars, curves, heat, histogram, points
from tv5_assets.tables.processed import GENRES

data = Dataset(root)
ratings = data.table("processed/ratings")
M, U = data.vectors(movie_vectors), data.vectors(user_vectors)
draw = stream(seed, "embedding analysis")

counted = ratings.group_by("movie_id").agg(ratings=pl.len())
movies = (
    pl.DataFrame({"movie_id": M.ids})
    .lazy()
    .join(data.table("processed/movies"), on="movie_id", how="left", maintain_order="left")
    .join(counted, on="movie_id", how="left", maintain_order="left")
    .select(
        "movie_id",
        "genres",
        movie=pl.format("{} ({})", "title_sort", pl.col("year").cast(pl.String).fill_null("?")),
        ratings=pl.col("ratings").fill_null(0),
    )
    .collect(engine="streaming")
)  # row by row beside M
has = movies.select(pl.col("genres").list.contains(genre).fill_null(False).alias(genre) for genre in GENRES).to_numpy()
most_rated = np.argsort(-movies["ratings"].to_numpy().astype(np.int64), kind="stable")


def nearest(rows: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows of the k movies nearest to each of some, nearest first, and their cosines."""
    found, cosines = [], []
    for start in range(0, len(rows), 512):
        some = rows[start : start + 512]
        near = M.matrix[some] @ M.matrix.T
        near[np.arange(len(some)), some] = -2  # not itself
        best = np.argpartition(-near, k, axis=1)[:, :k]
        values = np.take_along_axis(near, best, axis=1)
        order = np.lexsort((best, -values))
        found.append(np.take_along_axis(best, order, axis=1))
        cosines.append(np.take_along_axis(values, order, axis=1))
    return np.concatenate(found), np.concatenate(cosines)


def genres_shared(rows: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return how alike the genres of movies are: of all that either has, the share that both have."""
    both = (has[rows] & has[others]).sum(axis=-1)
    return both / np.maximum((has[rows] | has[others]).sum(axis=-1), 1)


def cosines_of(rows: np.ndarray, others: np.ndarray, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Return the cosine of each pair of rows."""
    return np.einsum("ij,ij->i", left[rows], right[others])


def densities(samples: dict[str, np.ndarray], bins: int = 60) -> bytes:
    """Draw how cosines are distributed, a curve for each sample."""
    given = {name: values for name, values in samples.items() if len(values)}
    everything = np.concatenate(list(given.values()))
    edges = np.linspace(everything.min(), everything.max(), bins + 1)
    middles = ((edges[1:] + edges[:-1]) / 2).tolist()
    return curves(
        {name: (middles, (np.histogram(v, edges)[0] / len(v) * 100).tolist()) for name, v in given.items()},
        "cosine",
        "% of the pairs",
    )


# %% [markdown]
# ## At a glance

# %%
lengths = np.linalg.norm(M.matrix[most_rated[:20_000]], axis=1)
Figures(
    {
        "movie vectors": len(M),
        "user vectors": len(U),
        "dimensions": M.dimension,
        "movies made by": M.model,
        "users made by": U.model,
        "rated movies": int((movies["ratings"] > 0).sum()),
        "largest distance of a length from 1": float(np.abs(lengths - 1).max()),
    }
)

# %% [markdown]
# ## Nearest neighbours

# %%
K = min(10, len(M) - 1)
famous = most_rated[:12]
neighbours, cosines = nearest(famous, min(5, K))
near_famous = pl.DataFrame({"movie": movies["movie"].gather(famous)}).with_columns(
    pl.Series(f"nearest {place + 1}", movies["movie"].gather(neighbours[:, place]))
    + pl.Series([f", {cosine:.2f}" for cosine in cosines[:, place]])
    for place in range(neighbours.shape[1])
)
asked = np.sort(draw.choice(len(M), min(2_000, len(M)), replace=False))
neighbours, cosines = nearest(asked, K)
alike = genres_shared(asked[:, None], neighbours)
strangers = draw.integers(0, len(M), (2, 20_000))
by_chance = float(genres_shared(*strangers).mean())
times_named = np.bincount(neighbours.ravel(), minlength=len(M))
hub = int(times_named.argmax())
display(
    Rows("The most rated movies and those nearest to each, with the cosine", near_famous),
    Markdown(
        f"A movie and its nearest share **{alike[:, 0].mean():.0%}** of their genres, two movies taken at random "
        f"{by_chance:.0%}. Asked for the {K} nearest of {len(asked):,} movies, {(times_named == 0).mean():.0%} of the "
        f"catalogue is never named, and *{movies['movie'][hub]}* {times_named[hub]} times, the most."
    ),
    Plot(
        "Genres shared with the n-th nearest",
        "Of the genres that either has, the share that both have, beside what chance gives.",
        curves(
            {
                "nearest": (list(range(1, K + 1)), alike.mean(axis=0).tolist()),
                "chance": ([1, K], [by_chance, by_chance]),
            },
            "n",
            "share of genres",
        ),
    ),
    Plot(
        "Hubs",
        f"How many movies are how often among the {K} nearest of others: a search would show the right end again and "
        "again.",
        histogram(
            np.bincount(times_named).tolist()[:40], list(range(min(len(np.bincount(times_named)), 40) + 1)),
            "times named", unit="movies",
        ),
    ),
)  # fmt: skip

# %% [markdown]
# ## Genre clusters

# %%
present = [place for place in range(len(GENRES)) if has[:, place].sum()]
named = [GENRES[place] for place in present]
sizes = has[:, present].sum(axis=0)
centre = M.matrix.mean(axis=0, dtype=np.float64)
centroids = np.stack([M.matrix[has[:, place]].mean(axis=0, dtype=np.float64) for place in present]) - centre
centroids /= np.maximum(np.linalg.norm(centroids, axis=1, keepdims=True), 1e-12)

# The plane in which the genres' centres are farthest apart: principal axes of the centres, not of all movies.
axes = np.linalg.svd(centroids * np.sqrt(sizes)[:, None], full_matrices=False)[2][:2]
axes *= np.sign(axes[np.arange(2), np.abs(axes).argmax(axis=1)])[:, None]
shown = most_rated[: min(3_000, len(M))]
flat = (M.matrix[shown] - centre) @ axes.T
rarest = np.where(has[shown][:, present], sizes, np.inf).argmin(axis=1)
labelled = has[shown].any(axis=1)
groups = list(np.argsort(-np.bincount(rarest[labelled], minlength=len(present)), kind="stable"))[:8]
clusters = {named[group]: flat[labelled & (rarest == group)].T for group in groups}
clusters = {name: (x, y) for name, (x, y) in clusters.items() if len(x)}
held = float(np.square(flat).sum() / np.square(M.matrix[shown] - centre).sum())
compact = {
    name: float(np.square(np.linalg.norm(M.matrix[has[:, place]].mean(axis=0, dtype=np.float64))))
    for name, place in zip(named, present, strict=True)
}
found_again = {
    name: float(has[neighbours[has[asked, place]], place].mean())
    for name, place in zip(named, present, strict=True)
    if has[asked, place].any()
}
similarity = centroids @ centroids.T
np.fill_diagonal(similarity, np.nan)
closest = np.unravel_index(np.nanargmax(similarity), similarity.shape)
display(
    Markdown(
        f"The plane in which genres are farthest apart holds **{held:.1%}** of what distinguishes movies, so it is a "
        f"map, not the territory. Of all genres {named[closest[0]]} and {named[closest[1]]} lie closest to one another."
    ),
    Plot(
        "Movies on the plane of genres",
        f"The {len(shown):,} most rated movies, coloured by the rarest of their genres; names are where each genre's "
        "movies lie on average.",
        points(clusters, {name: (float(np.mean(x)), float(np.mean(y))) for name, (x, y) in clusters.items()}),
        wide=True,
    ),
    Plot(
        "How close genres are",
        "Cosine of the genres' centres, seen from the centre of all movies: below 0 they are on opposite sides.",
        heat(similarity, named, named, large=True),
        wide=True,
    ),
    Plot(
        "Compact genres",
        "Mean cosine of two movies of one genre.",
        bars(dict(sorted(compact.items(), key=lambda item: (-item[1], item[0]))), "cosine"),
    ),
    Plot(
        "Genres found again",
        f"Of the {K} nearest of a movie that has the genre, the share that has it too; the mark is the share of all "
        "movies.",
        bars(
            dict(sorted(found_again.items(), key=lambda item: (-item[1], item[0]))),
            "%",
            expected=dict(zip(named, sizes / len(M), strict=True)),
            mark="all movies",
        ),
    ),
)

# %% [markdown]
# ## Similarity distributions

# %%
pairs = draw.integers(0, len(M), (2, 60_000))
pairs = pairs[:, pairs[0] != pairs[1]]
random_cosines = cosines_of(*pairs, M.matrix, M.matrix)
one_genre = genres_shared(*pairs) > 0
same_genres = genres_shared(*pairs) == 1
people = draw.integers(0, len(U), (2, 20_000))
people = people[:, people[0] != people[1]]
user_cosines = cosines_of(*people, U.matrix, U.matrix)

sampled = pl.Series("user_id", np.sort(draw.choice(U.ids, min(500, len(U)), replace=False)))
theirs = (
    ratings.filter(pl.col("user_id").is_in(sampled.implode()))
    .sort("user_id", "rated_at", "movie_id")
    .select("user_id", "movie_id", "rating", weight=rating_weight(pl.col("rating")))
    .collect(engine="streaming")
)  # some hundred users, whole
of_user, of_movie = U.rows_of(theirs["user_id"].to_numpy()), M.rows_of(theirs["movie_id"].to_numpy())
to_own = cosines_of(of_user, of_movie, U.matrix, M.matrix)
to_any = cosines_of(of_user, draw.integers(0, len(M), len(of_user)), U.matrix, M.matrix)
liked, disliked = theirs["rating"].to_numpy() >= 4, theirs["rating"].to_numpy() <= 2.5
display(
    Figures(
        {
            "median cosine of two movies": float(np.median(random_cosines)),
            "median cosine of a nearest movie": float(np.median(cosines[:, 0])),
            "median cosine of two users": float(np.median(user_cosines)),
            "median cosine to liked movies": float(np.median(to_own[liked])) if liked.any() else 0.0,
            "median cosine to any movies": float(np.median(to_any)),
        }
    ),
    Markdown(
        f"The median cosine of two users is {np.median(user_cosines):.2f}, "
        f"of two movies {np.median(random_cosines):.2f}. "
        + (
            "A mean over many movies keeps what all movies share, and little of what sets one user apart. "
            if np.median(user_cosines) > np.median(random_cosines)
            else "Users are told apart better than movies. "
        )
        + (
            f"With movies that the user liked a user's median cosine is {np.median(to_own[liked]):.3f}, "
            f"with those that the user disliked {np.median(to_own[disliked]):.3f}."
            if liked.any() and disliked.any()
            else ""
        )
    ),
    Plot(
        "Two movies",
        "Cosines of pairs: taken at random, with a genre in common, with the very same genres, and of a movie and its "
        "nearest.",
        densities(
            {
                "random": random_cosines,
                "a genre in common": random_cosines[one_genre],
                "same genres": random_cosines[same_genres],
                "nearest": cosines[:, 0],
            }
        ),
    ),
    Plot(
        "Two users",
        "Cosines of pairs of users, beside pairs of movies.",
        densities({"users": user_cosines, "movies": random_cosines}),
    ),
    Plot(
        "A user and movies",
        "Cosines of a user's vector with movies the user liked (4 or more), disliked (2.5 or less), and with any. The "
        "vector was made of the first two.",
        densities({"liked": to_own[liked], "disliked": to_own[disliked], "any": to_any}),
    ),
)

# %% [markdown]
# ## Cold start

# %%
names = ["0", "1-4", "5-19", "20-99", "100 or more"]
history = np.digitize(movies["ratings"].to_numpy()[asked], [1, 5, 20, 100])
bins = [(name, history == place) for place, name in enumerate(names) if (history == place).any()]
genres_by_history = {name: float(alike[of].mean()) for name, of in bins}
nearest_by_history = {name: float(cosines[of, 0].mean()) for name, of in bins}

place = theirs.select(pl.int_range(pl.len()).over("user_id")).to_series().to_numpy()
weights = theirs["weight"].to_numpy().astype(np.float32)
lengths_known = [1, 2, 3, 5, 10, 20, 50, 100]
settled: dict[str, list[float]] = {"half of the users": [], "nine in ten users": []}
reached = []
long_enough = theirs.select(pl.len().over("user_id")).to_series().to_numpy()
for known in lengths_known:
    # Only users who have twice as much, so that the rest of their history can differ from the beginning.
    rows = np.flatnonzero((place < known) & (long_enough >= 2 * known))
    if not len(rows):
        continue
    users, starts = np.unique(of_user[rows], return_index=True)
    sums = np.add.reduceat(M.matrix[of_movie[rows]] * weights[rows, None], starts, axis=0)
    norms = np.linalg.norm(sums, axis=1)
    users, sums = users[norms > 0], sums[norms > 0] / norms[norms > 0, None]
    if len(users):
        early = np.einsum("ij,ij->i", sums, U.matrix[users])
        reached.append(known)
        settled["half of the users"].append(float(np.quantile(early, 0.5)))
        settled["nine in ten users"].append(float(np.quantile(early, 0.1)))
display(
    Markdown(
        "A movie's vector is made of its text, so it needs no ratings. Whether it is as good without is seen in its "
        f"neighbours: movies with {bins[0][0]} ratings share {genres_by_history[bins[0][0]]:.0%} of their genres with "
        f"their {K} nearest, those with {bins[-1][0]} share {genres_by_history[bins[-1][0]]:.0%}. A user's vector "
        f"needs a history, but not a long one: after {reached[0]} rating{'s' if reached[0] > 1 else ''} its cosine "
        f"with the final one is {settled['half of the users'][0]:.2f} for half of the users, after {reached[-1]} it is "
        f"{settled['half of the users'][-1]:.2f}."
        if reached
        else "No user of the sample has enough ratings to cut some off."
    ),
    Plot(
        "Movies with little history: genres",
        f"Share of genres that a movie has in common with its {K} nearest, by the movie's number of ratings.",
        bars(genres_by_history, "%"),
    ),
    Plot(
        "Movies with little history: neighbours",
        "Mean cosine with the nearest movie, by the movie's number of ratings.",
        bars(nearest_by_history, "cosine"),
    ),
    Plot(
        "Users with little history",
        "Cosine of the vector of a user's first ratings with that of all, for users who have at least twice as many: "
        "half of them, and nine in ten, are above the curve.",
        curves(
            {name: (reached, values) for name, values in settled.items()} if reached else {},
            "ratings known",
            "cosine",
            dots=True,
            log_x=True,
        ),
    ),
)
