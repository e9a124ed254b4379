"""Rules on what is made up about movies: details, people, credits and influences, each beside the tables it rests on.

What does not belong here: rules on the rows of one table, which stand beside what makes them (synthetic/).
"""

from collections.abc import Mapping

import polars as pl

from tv5_assets.coherence import Rule
from tv5_assets.quality import frames
from tv5_assets.quality.verdict import Verdict
from tv5_assets.synthetic.credits import DIRECTED_FROM_HOME, LONGEST_CAREER
from tv5_assets.synthetic.credits import RULES as CREDIT_RULES
from tv5_assets.synthetic.influences import MOST_PER_MOVIE
from tv5_assets.synthetic.influences import RULES as INFLUENCE_RULES
from tv5_assets.synthetic.media_details import RULES_WITH_MOVIES
from tv5_assets.synthetic.names import are_usual
from tv5_assets.synthetic.origins import ORIGINS

_DIRECTORS = pl.col("role").cast(pl.String) == "director"


def details_agree(details: pl.LazyFrame, movies: pl.LazyFrame) -> Mapping[str, Verdict]:
    """Judge details beside their movies' genres, themes and years."""
    return frames.every_row(details.join(movies, on="movie_id"), RULES_WITH_MOVIES)


def audience_is_mean(details: pl.LazyFrame, ratings: pl.LazyFrame) -> Verdict:
    """Hold the audience score, the one real column of the details, to the mean of the movie's ratings."""
    means = ratings.group_by("movie_id").agg(mean=pl.col("rating").cast(pl.Float64).mean())
    beside = details.select("movie_id", "audience_score").join(means, on="movie_id", how="left")
    score, mean = pl.col("audience_score"), pl.col("mean")
    rule = Rule(
        "audience_is_mean",
        "The audience score is the mean of the movie's ratings, null where it has none.",
        lambda: ((score - mean).abs() < 1e-5).fill_null(value=False) | (score.is_null() & mean.is_null()),
    )
    return frames.every_row(beside, [rule])[rule.name]


def names_agree(people: pl.DataFrame, seed: int) -> Verdict:
    """Hold people's names to those that are usual in their country."""
    locales = pl.DataFrame([(one.country, one.locale) for one in ORIGINS], schema=["country", "locales"], orient="row")
    known = people.select("name", pl.col("country").cast(pl.String)).join(
        locales.group_by("country").agg("locales"), on="country", how="left", maintain_order="left"
    )
    strange = int((~are_usual(known, seed)).sum())
    return Verdict(
        passed=strange == 0,
        facts={"people": len(people), "strange": strange},
        description=f"{strange} of {len(people)} people have a name that is not usual in their country",
    )


def every_movie_directed(movies: pl.LazyFrame, made_by: pl.LazyFrame) -> Verdict:
    """Ask that every movie has a director."""
    return frames.no_orphans(movies, "movie_id", made_by.filter(_DIRECTORS))


def billing_contiguous(made_by: pl.LazyFrame) -> Verdict:
    """Ask that those of a movie in one role are billed 1, 2, 3 and so on."""
    casts = made_by.group_by("movie_id", "role").agg(
        gapless=pl.col("billing").sort().cast(pl.Int64) == pl.int_range(1, pl.len() + 1)
    )
    rule = Rule(
        "billing_contiguous",
        "Those of a movie in one role are billed 1, 2, 3 and so on.",
        lambda: pl.col("gapless").list.all(),
    )
    return frames.every_row(casts, [rule])[rule.name]


def ages_plausible(made_by: pl.LazyFrame, movies: pl.LazyFrame, people: pl.LazyFrame) -> Mapping[str, Verdict]:
    """Judge credits beside the year of their movie and the birth of their person."""
    known = made_by.join(movies.select("movie_id", "year"), on="movie_id").join(
        people.select("person_id", "born"), on="person_id"
    )
    return frames.every_row(known, CREDIT_RULES)


def careers_coherent(made_by: pl.LazyFrame, movies: pl.LazyFrame) -> Verdict:
    """Ask that a director's movies all share a genre and lie within the years of one career."""
    directed = made_by.filter(_DIRECTORS).join(movies.select("movie_id", "year", "genres"), on="movie_id")
    directed = directed.filter(pl.col("genres").list.len() > 0)
    filmed = directed.group_by("person_id").agg(movies=pl.len(), years=pl.col("year").max() - pl.col("year").min())
    favoured = (
        directed.explode("genres")
        .group_by("person_id", "genres")
        .len("of_genre")
        .group_by("person_id")
        .agg(pl.col("of_genre").max())
    )
    rule = Rule(
        "careers_coherent",
        f"A director's movies share a genre and lie within {LONGEST_CAREER} years.",
        lambda: (pl.col("of_genre") == pl.col("movies")) & (pl.col("years").fill_null(0) <= LONGEST_CAREER),
    )
    return frames.every_row(filmed.join(favoured, on="person_id"), [rule])[rule.name]


def directed_from_home(made_by: pl.LazyFrame, details: pl.LazyFrame, people: pl.LazyFrame) -> Verdict:
    """Ask that most movies have a director from one of their countries."""
    directors = (
        made_by.filter(_DIRECTORS)
        .join(people.select("person_id", "country"), on="person_id")
        .group_by("movie_id")
        .agg(pl.col("country").cast(pl.String))
    )
    countries = pl.col("countries").cast(pl.List(pl.String))
    return frames.share_at_least(
        directors.join(details.select("movie_id", "countries"), on="movie_id"),
        pl.col("country").list.set_intersection(countries).list.len() > 0,
        DIRECTED_FROM_HOME,
        "movies with a director from one of their countries",
    )


def influences_agree(
    influences: pl.LazyFrame, movies: pl.LazyFrame, genome_tags: pl.LazyFrame
) -> Mapping[str, Verdict]:
    """Judge influences beside both movies; where there is a tag genome, each has to name a theme."""
    genome = genome_tags.select(pl.len() > 0).collect().item()
    beside = influences
    for end in ("newer", "older"):
        known = movies.select("movie_id", pl.col("year", "genres", "themes").name.prefix(f"{end}_"))
        beside = beside.join(known, left_on=f"{end}_id", right_on="movie_id")
    named = Rule(
        "themes_named",
        "In a set with a tag genome every influence names a theme.",
        lambda: (pl.col("themes").list.len() > 0) | pl.lit(not genome),
    )
    return frames.every_row(beside, [*INFLUENCE_RULES, named])


def directors_shared(influences: pl.LazyFrame, made_by: pl.LazyFrame) -> Verdict:
    """Ask that the person directed both movies."""
    directed = made_by.filter(_DIRECTORS).select("movie_id", "person_id")
    judged = influences
    for end in ("newer", "older"):
        did = directed.rename({"movie_id": f"{end}_id"}).with_columns(pl.lit(value=True).alias(f"directed_{end}"))
        judged = judged.join(did, on=[f"{end}_id", "person_id"], how="left")
    rule = Rule(
        "director_shared",
        "One person directed both movies.",
        lambda: pl.col("directed_newer").fill_null(value=False) & pl.col("directed_older").fill_null(value=False),
    )
    return frames.every_row(judged, [rule])[rule.name]


def influences_bounded(influences: pl.LazyFrame) -> Verdict:
    """Limit the influences of one movie."""
    rule = Rule(
        "bounded", f"A movie has at most {MOST_PER_MOVIE} influences.", lambda: pl.col("influences") <= MOST_PER_MOVIE
    )
    return frames.every_row(influences.group_by("newer_id").agg(influences=pl.len()), [rule])[rule.name]
