# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # What the ratings are like
# Seven looks at a MovieLens set before anything is trained on it: what is rated and how, by whom and when, how little
# of the matrix is known, and what in it is odd. Every number and sentence is computed from the dataset that is named.

# %% tags=["parameters"]
root = "../.tv5/data/ml-latest-small"  # folder of a dataset
least = 20  # ratings that a user or movie needs for its mean to be compared

# %%
from datetime import timedelta
from pathlib import Path

import numpy as np
import polars as pl
from IPython.display import Markdown, display

from tv5_assets.reports.blocks import Figures, Plot, Rows
from tv5_assets.reports.dataset import Dataset
from tv5_assets.reports.draw import bars, cells, curves, heat, histogram
from tv5_assets.tables.processed import DAYS_OF_WEEK, GENRES

data = Dataset(root)
ratings, movies = data.table("processed/ratings"), data.table("processed/movies")


def streamed(frame: pl.LazyFrame) -> pl.DataFrame:
    """Collect a frame that is far smaller than the ratings it is computed from."""
    return frame.collect(engine="streaming")


def spread_of(values: pl.Series, label: str, unit: str, bins: int = 40) -> bytes:
    """Draw how a value for each user or movie is distributed."""
    counts, edges = np.histogram(values, bins)
    return histogram(counts.tolist(), edges.tolist(), label, unit=unit)


def spread_of_counts(counts: pl.Series, label: str, unit: str) -> bytes:
    """Draw how counts are distributed that range over powers of ten."""
    edges = np.unique(np.geomspace(max(counts.min(), 1), counts.max() + 1, 28).round())
    return histogram(np.histogram(counts, edges)[0].tolist(), edges.tolist(), label, unit=unit, log=True)


def ranked(counts: pl.Series) -> tuple[list[int], list[int]]:
    """Return places, from the greatest count on, and the counts there: as many as a plot shows."""
    descending = counts.sort(descending=True).to_numpy()
    places = np.unique(np.geomspace(1, len(descending), 200).astype(int))
    return places.tolist(), descending[places - 1].tolist()


def share_held(counts: pl.Series) -> tuple[list[float], list[float]]:
    """Return percentages of those who count most, and what percentage of all they hold together."""
    held = counts.sort(descending=True).cum_sum().to_numpy() / counts.sum()
    places = np.unique(np.linspace(1, len(held), 200).astype(int))
    return (places / len(held) * 100).tolist(), (held[places - 1] * 100).tolist()


# %% [markdown]
# ## At a glance

# %%
users = streamed(
    ratings.group_by("user_id")
    .agg(
        ratings=pl.len(),
        mean=pl.col("rating").mean(),
        spread=pl.col("rating").std(),
        first=pl.col("rated_at").min(),
        last=pl.col("rated_at").max(),
    )
    .sort("user_id")
)
rated = streamed(
    ratings.group_by("movie_id")
    .agg(
        ratings=pl.len(),
        mean=pl.col("rating").mean(),
        spread=pl.col("rating").std(),
        first=pl.col("rated_at").min(),
    )
    .sort("movie_id")
)
catalogue = movies.select("movie_id", "title_sort", "year", "genres", "imdb_id", "tmdb_id").collect()
known = catalogue.join(rated, on="movie_id", how="left", maintain_order="left").with_columns(
    pl.col("ratings").fill_null(0)
)
total = int(users["ratings"].sum())
mean = float((users["mean"] * users["ratings"]).sum() / total)
density = total / (len(users) * len(catalogue))
Figures(
    {
        "dataset": Path(root).resolve().name,
        "ratings": total,
        "users": len(users),
        "movies": len(catalogue),
        "rated movies": len(rated),
        "mean rating": round(mean, 4),
        "density %": round(density * 100, 4),
        "first rating": str(users["first"].min().date()),
        "last rating": str(users["last"].max().date()),
    }
)

# %% [markdown]
# ## Rating distribution

# %%
stars = streamed(ratings.group_by("rating").agg(ratings=pl.len()).sort("rating"))
steps = np.arange(0.25, 5.5, 0.5)
by_step = np.histogram(stars["rating"], steps, weights=stars["ratings"])[0]
most_given = stars.sort("ratings", "rating")["rating"][-1]
liked = stars.filter(pl.col("rating") >= 4)["ratings"].sum() / total
halves = stars.filter(pl.col("rating") % 1 != 0)["ratings"].sum() / total
compared_users = users.filter(pl.col("ratings") >= least)
compared_movies = rated.filter(pl.col("ratings") >= least)
display(
    Markdown(
        f"The mean rating is **{mean:.2f}**, the most frequent one **{most_given:g}**; {liked:.0%} of the ratings are "
        f"4 or better, and {halves:.0%} are half stars. People rate what they chose to watch, so a rating says more "
        "about the movie's place in its user's own scale than about the movie: models subtract the user's mean."
    ),
    Plot(
        "Ratings given",
        "How often each number of stars was given.",
        histogram(by_step.tolist(), steps.tolist(), "stars", unit="ratings"),
    ),
    Plot(
        "Generous and harsh users",
        f"Mean rating of each user with {least} ratings or more.",
        spread_of(compared_users["mean"], "mean of a user's ratings", "users"),
    ),
    Plot(
        "Spread of a user's ratings",
        "Standard deviation of each of these users' ratings: who is near zero gives everything the same.",
        spread_of(compared_users["spread"], "standard deviation, stars", "users"),
    ),
    Plot(
        "Good and bad movies",
        f"Mean rating of each movie with {least} ratings or more.",
        spread_of(compared_movies["mean"], "mean of a movie's ratings", "movies"),
    ),
)

# %%
columns = ("user_id", "ratings", "mean", "spread")
by_mean = compared_users.sort("mean", "user_id").select(columns)
display(Rows("The harshest users", by_mean.head(5)), Rows("The most generous users", by_mean.reverse().head(5)))

# %% [markdown]
# ## User activity

# %%
order = users["ratings"].sort().to_numpy()
gini = float(
    2 * np.dot(np.arange(1, len(order) + 1), order) / (len(order) * order.sum()) - (len(order) + 1) / len(order)
)
tenth = float(np.interp(10, *share_held(users["ratings"])))
reached = np.unique(np.geomspace(order[0], order[-1], 200).astype(int))
at_most = np.searchsorted(order, reached, side="right") / len(order) * 100
display(
    Figures(
        {
            "ratings of the median user": float(users["ratings"].median()),
            "ratings of the busiest user": int(order[-1]),
            "ratings by the busiest tenth %": round(tenth, 1),
            "Gini coefficient of users": round(gini, 3),
            "users with under 5 ratings": int((order < 5).sum()),
            "users with under 20 ratings": int((order < 20).sum()),
        }
    ),
    Markdown(
        f"A few users rate very much and most rate little: the busiest tenth gave **{tenth:.0f} %** of all ratings. "
        f"The least active user has {order[0]} ratings"
        + (
            ": MovieLens publishes nobody with fewer than 20, so that users who just arrived, whom a recommender meets "
            "every day, are not in this data and have to be made by hiding histories."
            if order[0] >= 20
            else f", and {(order < 5).sum():,} users have fewer than five."
        )
    ),
    Plot(
        "Ratings per user",
        "How many users have how many ratings; both few and many are wide apart, so the axis grows by powers of ten.",
        spread_of_counts(users["ratings"], "ratings of a user", "users"),
    ),
    Plot(
        "Cumulative",
        "Percentage of users who have at most so many ratings.",
        curves({"users": (reached.tolist(), at_most.tolist())}, "ratings of a user", "% of users", log_x=True),
    ),
    Plot(
        "Power law",
        "Users by rank, the busiest first. A power law would be a straight line.",
        curves({"users": ranked(users["ratings"])}, "rank of the user", "ratings", log=True),
    ),
    Plot(
        "Who gave the ratings",
        "Percentage of all ratings that the busiest users gave together.",
        curves({"users": share_held(users["ratings"])}, "% of users, busiest first", "% of ratings"),
    ),
)

# %% [markdown]
# ## Movie popularity

# %%
names = pl.format("{} ({})", "title_sort", pl.col("year").cast(pl.String).fill_null("?"))
head = float(np.interp(10, *share_held(known["ratings"])))
once, never = int((known["ratings"] == 1).sum()), int((known["ratings"] == 0).sum())
tenths = (
    rated.sort("ratings", "movie_id")
    .with_columns(tenth=pl.int_range(pl.len()) * 10 // pl.len() + 1)
    .group_by("tenth")
    .agg(mean=(pl.col("mean") * pl.col("ratings")).sum() / pl.col("ratings").sum())
    .sort("tenth")
)
display(
    Figures(
        {
            "ratings of the median movie": float(rated["ratings"].median()),
            "ratings of the first tenth %": round(head, 1),
            "movies rated once": once,
            "movies never rated": never,
        }
    ),
    Markdown(
        f"The most rated tenth of the catalogue has **{head:.0f} %** of all ratings. {once:,} movies were rated "
        f"once and {never:,} never: what is known of those is their text, not their audience."
    ),
    Plot(
        "Ratings per movie",
        "How many movies have how many ratings, of those that have any.",
        spread_of_counts(rated["ratings"], "ratings of a movie", "movies"),
    ),
    Plot(
        "The long tail",
        "Movies by rank, the most rated first.",
        curves({"movies": ranked(rated["ratings"])}, "rank of the movie", "ratings", log=True),
    ),
    Plot(
        "What the head holds",
        "Percentage of all ratings that the most rated movies have together.",
        curves({"movies": share_held(known["ratings"])}, "% of movies, most rated first", "% of ratings"),
    ),
    Plot(
        "Popular and liked",
        "Mean rating by popularity, from the least rated tenth of the movies (1) to the most rated (10).",
        curves({"mean": (tenths["tenth"].to_list(), tenths["mean"].to_list())}, "tenth", "mean rating", dots=True),
    ),
    Rows(
        "The most rated movies",
        known.sort("ratings", "movie_id", descending=[True, False])
        .head(10)
        .select(movie=names, ratings="ratings", mean="mean", spread="spread"),
    ),
    Rows(
        "Some of the least rated movies",
        known.filter(pl.col("ratings") > 0)
        .sort("ratings", "movie_id")
        .head(5)
        .select(movie=names, ratings="ratings", mean="mean"),
    ),
)

# %% [markdown]
# ## Genres

# %%
has = {genre: pl.col("genres").list.contains(genre) for genre in GENRES}
member = known.select(pl.when(flag).then(1.0).otherwise(0.0).alias(genre) for genre, flag in has.items())
present = [genre for genre in GENRES if member[genre].sum()]
matrix = member.select(present).to_numpy()  # movies x genres, 0 or 1
sizes = matrix.sum(axis=0)
counts = known["ratings"].to_numpy()
stars_of = known.select(pl.col("mean").fill_null(0) * pl.col("ratings")).to_series().to_numpy()
of_ratings = counts @ matrix
together = matrix.T @ matrix / sizes[:, None]
np.fill_diagonal(together, np.nan)
usual = stars_of @ matrix / np.maximum(of_ratings, 1)
best = int(np.nanargmax(np.where(of_ratings > 0, usual, np.nan)))
pair = np.unravel_index(np.nanargmax(together), together.shape)


def descending(values: np.ndarray) -> dict[str, float]:
    """Return the value of each genre, the greatest first."""
    return {present[place]: float(values[place]) for place in np.argsort(-values, kind="stable")}


display(
    Markdown(
        f"**{present[best]}** is rated best on average ({usual[best]:.2f}). {together[pair]:.0%} of the "
        f"{present[pair[0]]} movies are also {present[pair[1]]}, the closest tie between two genres. "
        f"{(known['genres'].list.len() == 0).sum():,} movies have no genre."
    ),
    Plot("Movies", "How many movies have each genre; most have several.", bars(descending(sizes), "movies")),
    Plot(
        "Ratings",
        "Share of all ratings that go to movies of each genre; as movies have several, they add up to more than 100 %.",
        bars(descending(of_ratings / total), "%"),
    ),
    Plot(
        "Liked more, liked less",
        f"Mean rating of each genre less the mean of all ratings, {mean:.2f}.",
        bars(descending(np.where(of_ratings > 0, usual - mean, 0)), "stars above the mean"),
    ),
)

# %%
watched = streamed(
    ratings.select("user_id", "movie_id")
    .join(movies.select("movie_id", **{genre: has[genre] for genre in present}), on="movie_id")
    .group_by("user_id")
    .agg(pl.len(), pl.col(present).sum().cast(pl.UInt32))
    .sort("user_id")
)
shares = watched.select(pl.col(present) / pl.col("len")).to_numpy()  # users x genres
favourites = np.bincount(shares.argmax(axis=1), minlength=len(present))
quantiles = np.quantile(shares, [0.1, 0.5, 0.9], axis=0).T
order_of = np.argsort(-quantiles[:, 1], kind="stable")
display(
    Plot(
        "Genres that occur together",
        "Of the movies of the genre at the left, the share that also has the genre below.",
        heat(together, present, present, large=True),
        wide=True,
    ),
    Plot(
        "What users prefer",
        "Share of a genre among a user's ratings: 10 % of the users have less than the first number, half of them less "
        "than the second, 10 % more than the third.",
        heat(quantiles[order_of][:10], [present[place] for place in order_of[:10]], ["10 %", "50 %", "90 %"]),
    ),
    Plot(
        "The genre that users watch most",
        "Users by the genre that most of their movies have.",
        bars({name: count for name, count in descending(favourites).items() if count}, "users"),
    ),
)

# %% [markdown]
# ## Temporal patterns

# %%
months = streamed(
    ratings.group_by(month=pl.col("rated_at").dt.truncate("1mo").dt.date())
    .agg(ratings=pl.len(), mean=pl.col("rating").mean(), users=pl.col("user_id").n_unique())
    .sort("month")
)
years = (
    months.group_by(year=pl.col("month").dt.year())
    .agg(mean=(pl.col("mean") * pl.col("ratings")).sum() / pl.col("ratings").sum())
    .sort("year")
)
week = streamed(
    ratings.group_by(day=pl.col("rated_at").dt.weekday(), hour=pl.col("rated_at").dt.hour()).agg(ratings=pl.len())
)
grid = np.zeros((7, 24))
grid[week["day"].to_numpy() - 1, week["hour"].to_numpy()] = week["ratings"] / total * 100
days = users.select(days=(pl.col("last") - pl.col("first")).dt.total_days())["days"]
visits = {"within a day": (days < 1).mean(), "a month": ((days >= 1) & (days < 31)).mean()}
visits |= {"a year": ((days >= 31) & (days < 366)).mean(), "longer": (days >= 366).mean()}
display(
    Markdown(
        f"The busiest month is {months.sort('ratings', 'month')['month'][-1]:%B %Y}. **{visits['within a day']:.0%}** "
        "of the users gave all their ratings within 24 hours: MovieLens asks newcomers to rate what they have seen, so "
        "a rating's time is when it was typed, not when the movie was watched. Hours are UTC, and where users live is "
        "not known."
    ),
    Plot(
        "Ratings a month",
        "How many ratings were given in each month.",
        curves({"ratings": (months["month"].to_list(), months["ratings"].to_list())}, "month", "ratings"),
    ),
    Plot(
        "Users a month",
        "How many users gave a rating in each month.",
        curves({"users": (months["month"].to_list(), months["users"].to_list())}, "month", "users"),
    ),
    Plot(
        "Mean by year",
        "Mean of the ratings that were given in each year.",
        curves({"mean": (years["year"].to_list(), years["mean"].to_list())}, "year", "mean rating", dots=True),
    ),
    Plot(
        "Days of the week",
        "Share of the ratings on each day.",
        bars(dict(zip(DAYS_OF_WEEK, grid.sum(axis=1) / 100, strict=True)), "%"),
    ),
    Plot(
        "How long users stay",
        "Users by the time between their first and their last rating.",
        bars(visits, "%"),
    ),
    Plot(
        "Days and hours",
        "Percentage of all ratings that were given in each hour (UTC) of each day.",
        heat(grid, DAYS_OF_WEEK, [str(hour) for hour in range(24)]),
    ),
)

# %% [markdown]
# ## Sparsity


# %%
def in_tenths(frame: pl.DataFrame, key: str) -> pl.LazyFrame:
    """Return ids with the tenth that each belongs to by its ratings, 0 for the most."""
    ordered = frame.sort("ratings", key, descending=[True, False]).select(key)
    return ordered.with_columns((pl.int_range(pl.len()) * 10 // pl.len()).cast(pl.Int8).alias(f"{key}_tenth")).lazy()


def every(frame: pl.DataFrame, key: str, wanted: int) -> pl.LazyFrame:
    """Return ids at even distances in the order of their ratings, numbered from the most rated on."""
    ordered = frame.sort("ratings", key, descending=[True, False])
    places = np.unique(np.linspace(0, len(ordered) - 1, wanted).astype(int))
    return ordered[places].select(key).with_row_index(f"{key}_place").lazy()


seen_users, seen_movies = every(users, "user_id", 240), every(known, "movie_id", 400)
pairs = streamed(ratings.join(seen_users, on="user_id").join(seen_movies, on="movie_id"))
picture = np.zeros((seen_users.collect().height, seen_movies.collect().height), dtype=bool)
picture[pairs["user_id_place"], pairs["movie_id_place"]] = True
blocks = streamed(
    ratings.join(in_tenths(users, "user_id"), on="user_id")
    .join(in_tenths(known, "movie_id"), on="movie_id")
    .group_by("user_id_tenth", "movie_id_tenth")
    .len()
)
coverage = np.zeros((10, 10))
coverage[blocks["user_id_tenth"], blocks["movie_id_tenth"]] = blocks["len"]
coverage /= len(users) * len(known) / 100 / 100
tenths_named = [f"{place * 10}-{place * 10 + 10}" for place in range(10)]
display(
    Markdown(
        f"Of the {len(users):,} x {len(known):,} ratings that are possible, **{density:.3%}** are known. They are not "
        f"spread evenly: among the busiest tenth of the users and the most rated tenth of the movies it is "
        f"{coverage[0, 0]:.1f} %."
    ),
    Plot(
        "The matrix",
        f"{picture.shape[0]} users and {picture.shape[1]} movies, each at even distances in the order of their "
        "ratings; dark where there is a rating.",
        cells(picture, "movies, most rated first", "users, busiest first"),
        wide=True,
    ),
    Plot(
        "Coverage",
        "Percentage of the possible ratings that are known, by tenths of users (busiest above) and of movies (most "
        "rated at the left).",
        heat(
            np.log10(np.where(coverage > 0, coverage, np.nan)),  # coloured by powers of ten
            tenths_named,
            tenths_named,
            lambda power: f"{10**power:.2g}",
            large=True,
        ),
        wide=True,
    ),
)

# %%
bounds = {"0": (0, 0), "1-4": (1, 4), "5-19": (5, 19), "20-99": (20, 99), "100 or more": (100, None)}


def by_history(counts: pl.Series) -> dict[str, float]:
    """Return the share of users or movies by their number of ratings."""
    return {
        name: float(((counts >= low) & (counts <= (counts.max() if high is None else high))).mean())
        for name, (low, high) in bounds.items()
    }


daily = streamed(ratings.group_by(day=pl.col("rated_at").dt.date()).len().sort("day"))
split = daily.filter(pl.col("len").cum_sum() >= 0.8 * total)["day"][0] + timedelta(days=1)
arrivals = streamed(
    ratings.filter(pl.col("rated_at").dt.date() >= split)
    .join(users.lazy().select("user_id", user_first="first"), on="user_id")
    .join(rated.lazy().select("movie_id", movie_first="first"), on="movie_id")
    .select(
        new_user=pl.col("user_first").dt.date() >= split,
        new_movie=pl.col("movie_first").dt.date() >= split,
    )
    .select(
        pl.len(),
        users=pl.col("new_user").mean(),
        movies=pl.col("new_movie").mean(),
        neither=(~pl.col("new_user") & ~pl.col("new_movie")).mean(),
    )
)
later, by_new_users, of_new_movies, neither = (value or 0 for value in arrivals.row(0))
display(
    Figures(
        {
            "movies with under 5 ratings": int((known["ratings"] < 5).sum()),
            "movies with under 20 ratings": int((known["ratings"] < 20).sum()),
            "later ratings by new users %": round(by_new_users * 100, 1),
            "later ratings of new movies %": round(of_new_movies * 100, 1),
        }
    ),
    Markdown(
        f"Cold start, as a recommender would have met it: of the {later:,} ratings from {split} on (about the last "
        f"fifth), {by_new_users:.0%} are by users who had rated nothing before, and {of_new_movies:.0%} are of movies "
        f"that nobody had rated. A model that knows only ids could have said something of **{neither:.0%}**."
    ),
    Plot("Cold movies", "Movies by how many ratings they have.", bars(by_history(known["ratings"]), "%")),
    Plot("Cold users", "Users by how many ratings they have.", bars(by_history(users["ratings"]), "%")),
)

# %% [markdown]
# ## Data quality

# %%
empty = streamed(ratings.select(pl.all().null_count())).row(0, named=True)
missing = {f"ratings: {column}": count / total for column, count in empty.items() if count}
missing |= {
    "movies: year": known["year"].null_count() / len(known),
    "movies: genres": float((known["genres"].list.len() == 0).mean()),
    "movies: imdb_id": known["imdb_id"].null_count() / len(known),
    "movies: tmdb_id": known["tmdb_id"].null_count() / len(known),
    "movies: any rating": never / len(known),
}
same_title = known.filter(pl.struct("title_sort", "year").is_duplicated())
early = streamed(
    ratings.join(movies.select("movie_id", "year").drop_nulls(), on="movie_id")
    .select((pl.col("rated_at").dt.year() < pl.col("year")).sum())
).item()  # fmt: skip
magnitude = users["ratings"].log10()
low, high = magnitude.quantile(0.25), magnitude.quantile(0.75)
fence = 10 ** (high + 1.5 * (high - low))
unmoved = compared_users.filter(pl.col("spread") == 0)
display(
    Figures(
        {
            "nulls in ratings": sum(empty.values()),
            "movies of one title and year": len(same_title),
            "ratings before the release year": early,
            "users with far more ratings": int((users["ratings"] > fence).sum()),
            "users who never vary": len(unmoved),
        }
    ),
    Markdown(
        ("No field of a rating is missing. " if not sum(empty.values()) else "**Fields of ratings are missing.** ")
        + f"{len(same_title):,} movies share title and year with another id. {early:,} ratings are older than the year "
        f"of the movie's release, so one of the two is wrong. A user with more than {fence:,.0f} ratings is an outlier "
        f"(1.5 times the distance between the quartiles above the upper one, on a scale of powers of ten), and "
        f"{len(unmoved):,} users with {least} ratings or more gave the same rating to everything: nothing can be "
        "learnt from what those like."
    ),
    Plot("Missing values", "Share of the rows that have no value.", bars(missing, "%")),
)

# %%
by_minute = ratings.group_by("user_id", minute=pl.col("rated_at").dt.truncate("1m")).agg(ratings=pl.len())
busiest = streamed(
    by_minute.group_by("user_id", hour=pl.col("minute").dt.truncate("1h"))
    .agg(in_minute=pl.col("ratings").max(), in_hour=pl.col("ratings").sum())
    .group_by("user_id")
    .agg(pl.col("in_minute", "in_hour").max())
    .sort("user_id")
)
hasty = busiest.filter(pl.col("in_minute") > 30)
display(
    Figures(
        {
            "most ratings in an hour": int(busiest["in_hour"].max()),
            "most ratings in a minute": int(busiest["in_minute"].max()),
            "users with over 30 in a minute": len(hasty),
        }
    ),
    Markdown(
        f"The median user's busiest hour has {busiest['in_hour'].median():.0f} ratings: lists are rated, not evenings. "
        f"**{len(hasty):,}** users gave more than 30 ratings in one minute, quicker than anybody reads titles; these "
        "are imports or scripts, and the order of ratings within such a minute means nothing."
    ),
    Plot(
        "Rating velocity, hours",
        "Users by the most ratings they gave within one hour of the clock.",
        spread_of_counts(busiest["in_hour"], "ratings in the busiest hour", "users"),
    ),
    Plot(
        "Rating velocity, minutes",
        "Users by the most ratings they gave within one minute of the clock.",
        spread_of_counts(busiest["in_minute"], "ratings in the busiest minute", "users"),
    ),
    Rows(
        "The quickest users",
        busiest.sort("in_minute", "in_hour", "user_id", descending=[True, True, False])
        .head(8)
        .join(users.select("user_id", "ratings", "mean", "spread"), on="user_id", maintain_order="left"),
    ),
)
