import numpy as np
import polars as pl
import pytest

from tv5_assets.draws.choices import choose_several, gather_several
from tv5_assets.quality import frames, media
from tv5_assets.synthetic.media_details import RATING_WEIGHTS, RULES, media_details
from tv5_assets.synthetic.origins import ORIGINS, PARTNERS, SPOKEN, origins
from tv5_assets.tables.media import CONTENT_RATINGS, FILM_COUNTRIES, MediaDetails
from tv5_assets.tables.processed import GENRES
from tv5_assets.tables.synthetic import FILM_LANGUAGES
from tv5_assets.tables.table import is_synthetic
from tv5_assets_tests.synthetic.catalogue import made_movies, made_ratings
from tv5_assets_tests.synthetic.statistics import fits

MOVIES = made_movies(12_000)


@pytest.fixture(scope="module")
def details() -> pl.DataFrame:
    return media_details(MOVIES, made_ratings(MOVIES), seed=42)


@pytest.fixture(scope="module")
def beside(details: pl.DataFrame) -> pl.DataFrame:
    return details.join(MOVIES, on="movie_id", how="left", maintain_order="left")


def of_genre(frame: pl.DataFrame, genre: str) -> pl.DataFrame:
    """Return the movies that have this genre and no other."""
    return frame.filter(pl.col("genres").cast(pl.List(pl.String)) == [genre])


def titled(*titles: str) -> pl.DataFrame:
    """Return a movie of each title, many times over."""
    made = made_movies(500 * len(titles)).with_columns(themes=pl.lit([], dtype=MOVIES.schema["themes"]))
    return made.with_columns(original_title=pl.Series(list(titles) * 500))


def test_the_frame_is_as_its_schema_says(details: pl.DataFrame) -> None:
    MediaDetails.validate(details)
    assert details["movie_id"].equals(MOVIES["movie_id"])


def test_every_rule_of_coherence_holds(details: pl.DataFrame) -> None:
    verdicts = frames.every_row(details.lazy(), RULES) | media.details_agree(details.lazy(), MOVIES.lazy())
    assert {name for name, verdict in verdicts.items() if not verdict.passed} == set()
    assert all(verdict.facts["rows"] == len(MOVIES) for verdict in verdicts.values())
    assert media.audience_is_mean(details.lazy(), made_ratings(MOVIES)).passed


def test_only_the_audience_score_is_real(details: pl.DataFrame) -> None:
    unrated = pl.int_range(len(MOVIES), eager=True) % 10 == 0
    assert details.filter(unrated)["audience_score"].null_count() == unrated.sum()
    assert (details.filter(~unrated)["audience_score"] == np.float32(11 / 3)).all()
    assert details["critical_score"].null_count() == 0
    assert details["critical_score"].std() > 8
    assert details.filter(~unrated)["critical_score"].mean() == pytest.approx(20 * ((11 + 35) / 13 - 0.4), abs=1)


def test_where_nothing_is_a_clue_origins_have_their_shares(details: pl.DataFrame) -> None:
    plain = MOVIES.filter(~pl.col("themes").list.eval(pl.element().struct.field("tag")).list.contains("japanese"))
    drawn = origins(plain, seed=42)
    named = drawn.select(pl.col("origin").cast(pl.String))["origin"]
    shares = np.array([origin.share for origin in ORIGINS])
    assert shares.sum() == pytest.approx(1)
    shares[[origin.language == "en" for origin in ORIGINS]] *= 50
    assert fits(named, {str(number): share for number, share in enumerate(shares / shares.sum())})
    assert (drawn["language"].cast(pl.String) == "en").mean() > 0.98


def test_every_origin_and_partner_is_declared() -> None:
    assert {origin.country for origin in ORIGINS} == set(FILM_COUNTRIES) == set(PARTNERS)
    assert {origin.language for origin in ORIGINS} == set(FILM_LANGUAGES)
    assert all(
        country not in partners and set(partners) <= set(FILM_COUNTRIES) for country, partners in PARTNERS.items()
    )
    assert SPOKEN["CA"] == ("en", "fr")
    assert len({(origin.country, origin.language) for origin in ORIGINS}) == len(ORIGINS)


@pytest.mark.parametrize(
    ("title", "language"),
    [
        ("Amelie (Fabuleux destin d'Amélie Poulain, Le) (2001)", "fr"),
        ("Lover, The (Amant, L') (1992)", "fr"),
        ("Downfall (Untergang, Der) (2004)", "de"),
        ("Talk to Her (Hable con Ella) (2002)", "es"),
        ("Postman, The (Postino, Il) (1994)", "it"),
        ("My Neighbor Totoro (Tonari no Totoro) (1988)", "ja"),
        ("Fanny and Alexander (Fanny och Alexander) (1982)", "sv"),
        ("Wild Strawberries (Smultronstället) (1957)", "sv"),
        ("Life Is Beautiful (La Vita è bella) (1997)", "it"),
        ("Cinema Paradiso (Nuovo cinema Paradiso) (1989)", "it"),
        ("Strada, La (1954)", "it"),
        ("Best of Youth, The (La meglio gioventù) (2003)", "it"),
        ("Hate (Haine, La) (1995)", "fr"),
        ("Breathless (À bout de souffle) (1960)", "fr"),
        ("Blue Is the Warmest Color (La vie d'Adèle) (2013)", "fr"),
        ("Au revoir les enfants (1987)", "fr"),
        ("Samouraï, Le (Godson, The) (1967)", "fr"),
        ("Run Lola Run (Lola rennt) (1998)", "de"),
        ("Boot, Das (Boat, The) (1981)", "de"),
        ("Pan's Labyrinth (Laberinto del fauno, El) (2006)", "es"),
        ("City of God (Cidade de Deus) (2002)", "pt"),
        ("Crouching Tiger, Hidden Dragon (Wo hu cang long) (2000)", "zh"),
        ("In the Mood For Love (Fa yeung nin wa) (2000)", "zh"),
        ("Happy Together (a.k.a. Buenos Aires Affair) (Chun gwong cha sit) (1997)", "zh"),
        ("Seven Samurai (Shichinin no samurai) (1954)", "ja"),
        ("Battle Royale (Batoru rowaiaru) (2000)", "ja"),
    ],
)
def test_a_title_gives_its_language_away(title: str, language: str) -> None:
    drawn = origins(titled(title), seed=1)
    assert (drawn["language"].cast(pl.String) == language).mean() > 0.75


@pytest.mark.parametrize(
    "title", ["Hunt, The (Jagten) (2012)", "8 1/2 (8½) (1963)", "Irreversible (Irréversible) (2002)"]
)
def test_a_second_title_tells_that_a_movie_is_not_in_english(title: str) -> None:
    assert (origins(titled(title), seed=1)["language"].cast(pl.String) == "en").mean() < 0.05


@pytest.mark.parametrize(
    "title",
    [
        "See No Evil, Hear No Evil (1989)", "Die Hard (1988)", "Y2K (1999)", "Con Air (1997)",
        "Leaving Las Vegas (1995)", "Den, The (2013)", "Malèna in Black (2000)",
        "Raiders of the Lost Ark (Indiana Jones and the Raiders of the Lost Ark) (1981)",
        "Dracula (Bram Stoker's Dracula) (1992)", "Seven (a.k.a. Se7en) (1995)",
        "Mary Shelley's Frankenstein (Frankenstein) (1994)",
    ],
)  # fmt: skip
def test_a_title_in_english_alone_is_of_a_movie_in_english(title: str) -> None:
    assert (origins(titled(title), seed=1)["language"].cast(pl.String) == "en").mean() > 0.97


def test_a_theme_is_a_clue_too(beside: pl.DataFrame) -> None:
    japanese = pl.col("themes").list.eval(pl.element().struct.field("tag")).list.contains("japanese")
    shares = beside.group_by(japanese.alias("japanese")).agg((pl.col("language").cast(pl.String) == "ja").mean())
    by_theme = dict(shares.iter_rows())
    assert by_theme[True] > 0.4 > 0.06 > by_theme[False]


def test_french_movies_are_made_where_french_is_spoken(details: pl.DataFrame) -> None:
    french = details.filter(pl.col("language").cast(pl.String) == "fr")["countries"].list.first().cast(pl.String)
    assert set(french) == {"FR", "BE", "CA", "CH", "DZ"}
    assert (french == "FR").mean() > 0.6


def test_horror_is_never_for_all_and_children_nearly_always_for_all(beside: pl.DataFrame) -> None:
    for genre in ("Horror", "Children", "Comedy", "Documentary"):
        shares = dict(zip(CONTENT_RATINGS, RATING_WEIGHTS[genre], strict=True))
        assert sum(shares.values()) == pytest.approx(1)
        assert fits(of_genre(beside, genre)["content_rating"], {name: share for name, share in shares.items() if share})
    ratings = of_genre(beside, "Children")["content_rating"].cast(pl.String)
    assert ratings.is_in(["G", "PG"]).mean() > 0.85


def test_every_combination_of_genres_has_a_rating() -> None:
    weights = np.array([RATING_WEIGHTS[genre] for genre in GENRES])
    assert (weights[:, CONTENT_RATINGS.index("PG")] > 0).all()


def test_genres_have_their_lengths_sounds_and_looks(beside: pl.DataFrame) -> None:
    modern = beside.filter(pl.col("year") >= 1970)
    war, comedy, documentary, action = (of_genre(modern, name) for name in ("War", "Comedy", "Documentary", "Action"))
    assert war["duration_minutes"].median() > comedy["duration_minutes"].median() + 10
    assert documentary["dialogue_density"].mean() > action["dialogue_density"].mean() + 0.25
    noir = of_genre(beside, "Film-Noir")["color_palette"].list.contains("black and white")
    assert noir.mean() > 0.8
    assert of_genre(beside, "Musical")["music_prominence"].min() >= 0.6
    assert of_genre(beside, "Western")["soundtrack_style"].list.contains("folk").mean() > 0.5
    early = beside.filter(pl.col("year") < 1936)["color_palette"].list.contains("black and white").mean()
    late = beside.filter(pl.col("year") > 1980)["color_palette"].list.contains("black and white").mean()
    assert early > 0.6 > 0.1 > late


def test_early_movies_are_shorter_and_some_are_shorts(beside: pl.DataFrame) -> None:
    minutes = beside.group_by(pl.col("year") < 1925).agg(pl.col("duration_minutes").mean())
    by_time = {early: mean for early, mean in minutes.iter_rows() if early is not None}
    assert by_time[True] < by_time[False] - 15
    shorts = of_genre(beside.filter(pl.col("year") > 1960), "Animation")["duration_minutes"] <= 40
    assert 0.05 < shorts.mean() < 0.25


def test_moods_and_cultures_come_once_and_follow_from_what_is_known(beside: pl.DataFrame) -> None:
    for column in (
        "moods",
        "cultural_context",
        "cinematography_style",
        "color_palette",
        "soundtrack_style",
        "countries",
    ):
        assert (beside[column].list.n_unique() == beside[column].list.len()).all()
    assert of_genre(beside, "Comedy")["moods"].list.contains("funny").mean() > 0.7
    melancholic = pl.col("themes").list.eval(pl.element().struct.field("tag")).list.contains("melancholic")
    assert beside.filter(melancholic)["moods"].list.contains("melancholic").mean() > 0.6
    foreign = beside.filter(pl.col("language").cast(pl.String) != "en")["cultural_context"]
    assert foreign.list.contains("world_cinema").all()
    assert (
        not beside.filter(pl.col("cultural_context").list.contains("mainstream"))["cultural_context"]
        .list.len()
        .gt(1)
        .any()
    )


def test_equal_seeds_make_equal_details_and_other_seeds_others() -> None:
    few = MOVIES.head(300)
    one, again, other = (media_details(few, made_ratings(few), seed) for seed in (1, 1, 2))
    assert one.equals(again)
    for column in ("language", "countries", "moods", "duration_minutes", "content_rating", "critical_score"):
        assert not one[column].equals(other[column]), column


def test_a_movie_is_the_same_whichever_movies_are_beside_it(details: pl.DataFrame) -> None:
    some = MOVIES.sample(200, seed=3)
    alone = media_details(some, made_ratings(MOVIES), seed=42)
    among = some.select("movie_id").join(details, on="movie_id", how="left", maintain_order="left")
    assert alone.equals(among)


def test_no_movies_and_no_ratings_make_what_the_schema_says() -> None:
    nothing = MOVIES.clear()
    MediaDetails.validate(media_details(nothing, made_ratings(nothing), seed=1))
    unrated = media_details(MOVIES.head(3), made_ratings(nothing), seed=1)
    MediaDetails.validate(unrated)
    assert unrated["audience_score"].null_count() == 3


def test_what_weighs_more_is_drawn_first_more_often() -> None:
    draws = np.random.default_rng(0).random((60_000, 3))
    order = choose_several(draws, np.tile([0.5, 0.3, 0.2], (60_000, 1)))
    assert (np.sort(order, axis=1) == np.arange(3)).all()
    assert fits(pl.Series(order[:, 0]), {"0": 0.5, "1": 0.3, "2": 0.2})
    assert (choose_several(draws, np.tile([0.5, 0.0, 0.5], (60_000, 1)))[:, 2] == 1).all()
    several = gather_several(["a", "b", "c"], np.array([[2, 0, 1], [1, 2, 0]]), np.array([2, 0]))
    assert several.to_list() == [["c", "a"], []]


def test_ids_and_the_audience_score_are_real_and_nothing_else() -> None:
    real = {name for name, column in MediaDetails.columns().items() if not is_synthetic(column)}
    assert real == {"movie_id", "audience_score"}
