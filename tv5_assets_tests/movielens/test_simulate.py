import hashlib
import re
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest

from tv5_assets.errors import InputError
from tv5_assets.movielens import formats, parse
from tv5_assets.movielens.simulate import simulate
from tv5_assets.movielens.simulation import titles
from tv5_assets.movielens.simulation.activity import activity, split
from tv5_assets.movielens.simulation.tastes import GENOME_TAGS
from tv5_assets.tables.processed import GENRES, Movies
from tv5_assets.tables.processed import Ratings as RatingsTable

USERS, MOVIES, RATINGS, TAGS = 600, 3_000, 60_000, 2_500
FILES = {
    "movies.csv": "movieId,title,genres",
    "ratings.csv": "userId,movieId,rating,timestamp",
    "tags.csv": "userId,movieId,tag,timestamp",
    "links.csv": "movieId,imdbId,tmdbId",
    "genome-tags.csv": "tagId,tag",
    "genome-scores.csv": "movieId,tagId,relevance",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("sets") / "simulated"
    return simulate(target, users=USERS, movies=MOVIES, ratings=RATINGS, tags=TAGS, seed=42)


@pytest.fixture(scope="module")
def ratings(folder: Path) -> pl.DataFrame:
    return pl.read_csv(folder / "ratings.csv")


@pytest.fixture(scope="module")
def movies(folder: Path) -> pl.DataFrame:
    return pl.read_csv(folder / "movies.csv")


def digests(folder: Path) -> dict[str, str]:
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in folder.iterdir()}


class TestFolder:
    def test_files_headers_and_line_ends_are_those_of_ml_25m(self, folder: Path) -> None:
        assert {file.name for file in folder.iterdir()} == {*FILES, "README.txt", "SIMULATED.txt"}
        for name, header in FILES.items():
            content = (folder / name).read_bytes()
            assert content.startswith(f"{header}\r\n".encode())
            assert content.count(b"\n") == content.count(b"\r\n")
            content.decode("utf-8")

    def test_counts_are_exactly_as_asked(self, folder: Path, ratings: pl.DataFrame, movies: pl.DataFrame) -> None:
        assert len(ratings) == RATINGS
        assert ratings["userId"].n_unique() == USERS
        assert len(movies) == movies["movieId"].n_unique() == MOVIES
        assert len(pl.read_csv(folder / "tags.csv", infer_schema=False)) == TAGS
        assert len(pl.read_csv(folder / "genome-tags.csv", infer_schema=False)) == GENOME_TAGS
        scores = pl.read_csv(folder / "genome-scores.csv")
        assert len(scores) == round(MOVIES * 13_816 / 62_423) * GENOME_TAGS

    def test_every_id_exists(self, folder: Path, ratings: pl.DataFrame, movies: pl.DataFrame) -> None:
        known = set(movies["movieId"])
        assert set(ratings["movieId"]) <= known
        tags = pl.read_csv(folder / "tags.csv", infer_schema_length=None)
        assert tags.join(ratings, on=["userId", "movieId"], how="anti").is_empty()
        scores = pl.read_csv(folder / "genome-scores.csv")
        assert set(scores["movieId"]) <= known
        assert set(scores["tagId"]) == set(range(1, GENOME_TAGS + 1))
        assert pl.read_csv(folder / "links.csv")["movieId"].equals(movies["movieId"])

    def test_the_readers_of_real_sets_reject_nothing(self, folder: Path) -> None:
        assert formats.is_set(folder)
        parsed = parse.ratings(folder).collect()
        RatingsTable.validate(parsed)
        assert len(parsed) == RATINGS
        assert len(parse.tags(folder).collect()) == TAGS
        catalogue = parse.movies(
            folder,
            tags=parse.tags(folder),
            genome_tags=parse.genome_tags(folder),
            genome_scores=parse.genome_scores(folder),
        )
        Movies.validate(catalogue)
        assert len(catalogue) == MOVIES
        assert catalogue["year"].is_not_null().mean() > 0.95

    def test_it_says_everywhere_that_it_is_simulated(self, folder: Path) -> None:
        for name in ("README.txt", "SIMULATED.txt"):
            text = (folder / name).read_text(encoding="utf-8")
            assert "simulated" in text
            assert f"{RATINGS} ratings" in text

    def test_without_a_genome_its_files_are_missing_and_the_rest_is_the_same(
        self, folder: Path, tmp_path: Path
    ) -> None:
        target = simulate(
            tmp_path / "set", users=USERS, movies=MOVIES, ratings=RATINGS, tags=TAGS, seed=42, genome=False
        )
        assert not list(target.glob("genome*"))
        for name in ("movies.csv", "ratings.csv", "tags.csv", "links.csv"):
            assert (target / name).read_bytes() == (folder / name).read_bytes()


class TestDeterminism:
    @pytest.mark.parametrize("users_at_a_time", [1, 7, 250])
    def test_equal_seeds_make_equal_bytes_at_any_chunk_size(self, tmp_path: Path, users_at_a_time: int) -> None:
        size = {"users": 120, "movies": 400, "ratings": 9_000, "seed": 5}
        whole = simulate(tmp_path / "whole", **size)
        parts = simulate(tmp_path / "parts", **size, users_at_a_time=users_at_a_time)
        assert digests(whole) == digests(parts)

    def test_other_seeds_make_other_data(self, tmp_path: Path) -> None:
        one = simulate(tmp_path / "one", users=20, movies=100, ratings=800, seed=1)
        other = simulate(tmp_path / "other", users=20, movies=100, ratings=800, seed=2)
        for name in FILES:
            assert name == "genome-tags.csv" or digests(one)[name] != digests(other)[name]


class TestRatings:
    def test_sorted_by_user_then_movie_and_unique(self, ratings: pl.DataFrame) -> None:
        keys = ratings.select("userId", "movieId")
        assert keys.equals(keys.sort("userId", "movieId"))
        assert keys.is_unique().all()

    def test_every_user_has_at_least_twenty_and_few_have_most(self, ratings: pl.DataFrame) -> None:
        counts = ratings["userId"].value_counts()["count"]
        assert counts.min() >= 20
        assert counts.max() > 10 * counts.median()

    def test_few_movies_have_most_ratings_and_nearly_all_have_one(self, ratings: pl.DataFrame) -> None:
        counts = ratings["movieId"].value_counts()["count"].sort(descending=True)
        assert counts.head(MOVIES // 10).sum() > RATINGS / 2
        assert 0.9 * MOVIES < len(counts) < MOVIES

    def test_half_stars_came_in_2003(self, ratings: pl.DataFrame) -> None:
        assert set(ratings["rating"]) == {half / 2 for half in range(1, 11)}
        early = ratings.filter(pl.col("timestamp") < 1_045_526_400)["rating"]
        assert set(early) == {1.0, 2.0, 3.0, 4.0, 5.0}
        assert 3.3 < ratings["rating"].mean() < 3.8
        assert 0.8 < ratings["rating"].std() < 1.2

    def test_the_text_of_a_rating_always_has_its_half(self, folder: Path) -> None:
        texts = pl.read_csv(folder / "ratings.csv", infer_schema=False)["rating"]
        assert texts.str.contains(r"^[0-5]\.[05]$").all()

    def test_times_come_in_sessions_with_ties_from_1995_to_2019(self, ratings: pl.DataFrame) -> None:
        years = pl.select(pl.from_epoch(ratings["timestamp"]).dt.year()).to_series()
        assert set(years) == set(range(1995, 2020))
        gaps = ratings.sort("userId", "timestamp").select(pl.col("timestamp").diff().over("userId")).to_series()
        assert 0.1 < (gaps == 0).mean() < 0.25
        assert (gaps < 60).mean() > 0.5
        assert gaps.max() > 30 * 86_400

    def test_few_movies_are_rated_before_they_are_out(self, ratings: pl.DataFrame, movies: pl.DataFrame) -> None:
        released = movies.select("movieId", released=pl.col("title").str.extract(r"\((\d{4})\)").cast(pl.Int32))
        dated = ratings.join(released, on="movieId").with_columns(year=pl.from_epoch("timestamp").dt.year())
        assert (dated["released"] > dated["year"]).mean() < 0.03


class TestTitles:
    def test_the_quirks_of_real_titles_are_there(self, movies: pl.DataFrame) -> None:
        patterns = {
            "trailing white space": r"\(\d{4}\) $",
            "no year": r"^[^()]+$",
            "range of years": r"\(\d{4}–\d{4}\)$",  # noqa: RUF001  # the real one has an en dash
            "year in the middle": r"\(\d{4}\) \(",
            "no-break space": "\N{NO-BREAK SPACE}",
            "zero-width space": "\N{ZERO WIDTH SPACE}",
            "doubled year": r"\((\d{4})\) \(\d{4}\)$",
            "no space before the year": r"\S\(\d{4}\)$",
            "double quotes": '"',
            "vertical bar": r"\|",
        }
        assert patterns.keys() == titles.QUIRKS.keys()
        for quirk, pattern in patterns.items():
            assert movies["title"].str.contains(pattern).any(), quirk

    def test_their_shares_are_those_of_ml_25m(self, movies: pl.DataFrame) -> None:
        title = movies["title"]
        dateless = ~title.str.contains(r"\(\d{4}\)$")
        assert dateless.mean() == pytest.approx(566 / 62_423, abs=0.004)
        assert title.str.contains(",").mean() == pytest.approx(6_895 / 62_423, abs=0.02)
        assert title.str.contains(r"[^\x00-\x7f]").mean() == pytest.approx(2_390 / 62_423, abs=0.015)
        assert title.str.contains(r", (The|La|Le|Les|L') \(").any()
        assert (movies["genres"] == "(no genres listed)").mean() == pytest.approx(5_062 / 62_423, abs=0.015)

    def test_some_titles_are_equal(self, movies: pl.DataFrame) -> None:
        repeated = movies.filter(pl.col("title").str.contains(r"\(\d{4}\)$"))["title"].value_counts()
        assert (repeated["count"] > 1).sum() >= round(98 * MOVIES / 62_423)

    def test_titles_with_commas_and_quotes_are_quoted(self, folder: Path) -> None:
        lines = (folder / "movies.csv").read_text(encoding="utf-8").splitlines()[1:]
        for line in lines:
            title = re.fullmatch(r"\d+,(.*),[^,]+", line)
            assert title is not None
            plain = title[1]
            assert ("," in plain or '"' in plain) == plain.startswith('"')

    def test_genres_are_known_and_ids_have_gaps(self, movies: pl.DataFrame) -> None:
        genres = set(movies["genres"].str.split("|").explode())
        assert genres - {"(no genres listed)"} <= set(GENRES)
        assert movies["movieId"].is_sorted()
        assert movies["movieId"].max() > 2 * MOVIES


class TestLinksAndTags:
    def test_imdb_ids_lead_with_zeros_and_some_tmdb_ids_are_missing(self, tmp_path: Path) -> None:
        target = simulate(tmp_path / "set", users=10, movies=20_000, ratings=300, seed=3, genome=False)
        links = pl.read_csv(target / "links.csv", infer_schema=False)
        assert links["imdbId"].str.contains(r"^\d{7,8}$").all()
        assert links["imdbId"].str.starts_with("0").any()
        assert links["imdbId"].is_unique().all()
        assert links["tmdbId"].null_count() == pytest.approx(107 / 62_423 * 20_000, abs=20)
        assert links["tmdbId"].drop_nulls().is_duplicated().any()

    def test_tags_are_sorted_and_follow_the_rating(self, folder: Path, ratings: pl.DataFrame) -> None:
        tags = pl.read_csv(folder / "tags.csv", schema_overrides={"tag": pl.String})
        assert tags.select("userId", "movieId").equals(tags.select("userId", "movieId").sort("userId", "movieId"))
        delays = tags.join(ratings, on=["userId", "movieId"]).select(pl.col("timestamp") - pl.col("timestamp_right"))
        assert delays.to_series().is_between(0, 60).all()
        assert tags["userId"].n_unique() < USERS / 5
        assert "007" in set(tags["tag"])

    def test_a_genre_is_a_relevant_tag_of_the_movies_that_have_it(self, folder: Path, movies: pl.DataFrame) -> None:
        tag_ids = dict(
            pl.read_csv(folder / "genome-tags.csv", schema_overrides={"tag": pl.String})
            .select("tag", "tagId")
            .iter_rows()
        )
        scores = pl.read_csv(folder / "genome-scores.csv").filter(pl.col("tagId") == tag_ids["comedy"])
        rated = scores.join(movies, on="movieId").with_columns(has=pl.col("genres").str.contains("Comedy"))
        relevance = dict(rated.group_by("has").agg(pl.col("relevance").mean()).iter_rows())
        assert relevance[True] > 2 * relevance[False]

    def test_relevance_is_a_share_and_few_tags_are_relevant(self, folder: Path) -> None:
        relevance = pl.read_csv(folder / "genome-scores.csv")["relevance"]
        assert relevance.is_between(0, 1, closed="none").all()
        assert 0.02 < (relevance > 0.5).mean() < 0.12


class TestSomethingToLearn:
    """A model that knows tastes beats popularity; see facts.md for the same comparison on the real sets."""

    def test_ease_and_item_knn_beat_popularity(self, ratings: pl.DataFrame) -> None:
        user, movie = (ratings[name].rank("dense").to_numpy() - 1 for name in ("userId", "movieId"))
        held_out = np.random.default_rng(0).random(len(user)) < 0.2
        seen = np.zeros((USERS, movie.max() + 1), dtype=np.float32)
        seen[user[~held_out], movie[~held_out]] = 1
        wanted = np.zeros(seen.shape, dtype=bool)
        wanted[user[held_out], movie[held_out]] = True

        popularity = ndcg_at_10(np.tile(seen.sum(axis=0), (USERS, 1)), seen, wanted)
        assert ndcg_at_10(seen @ ease(seen, 100.0), seen, wanted) > 1.3 * popularity
        assert ndcg_at_10(seen @ nearest(seen, 50), seen, wanted) > 1.1 * popularity

    def test_raters_of_a_taste_like_it_better(self, ratings: pl.DataFrame, movies: pl.DataFrame) -> None:
        # How far a user's mean of a genre lies from their own mean tells of how far it does for their other ratings.
        genre = movies.select("movieId", comedy=pl.col("genres").str.contains("Comedy"))
        judged = ratings.join(genre, on="movieId").with_columns(
            above=pl.col("rating") - pl.col("rating").mean().over("movieId"), half=pl.col("movieId") % 2
        )
        means = (
            judged.group_by("userId", "half")
            .agg(
                pl.len(),
                liking=pl.col("above").filter("comedy").mean() - pl.col("above").filter(~pl.col("comedy")).mean(),
            )
            .filter(pl.col("len") > 40)
            .drop("len")
            .pivot("half", index="userId", values="liking")
            .drop_nulls()
        )
        assert np.corrcoef(means["0"], means["1"])[0, 1] > 0.1

    def test_what_is_popular_changes_over_the_years(self, ratings: pl.DataFrame) -> None:
        quarters = ratings.sort("timestamp").with_row_index().with_columns(pl.col("index") // (RATINGS // 4))
        top = [
            set(part["movieId"].value_counts().sort("count", "movieId", descending=True)["movieId"].head(50))
            for part in quarters.partition_by("index", maintain_order=True)[:4]
        ]
        assert len(top[2] & top[3]) > len(top[0] & top[3])


class TestRefusals:
    def test_counts_that_do_not_fit_each_other(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="100 ratings do not fit 10 users"):
            simulate(tmp_path / "set", users=10, movies=100, ratings=100, seed=1)
        with pytest.raises(InputError, match="1,001 ratings do not fit 10 users"):
            simulate(tmp_path / "set", users=10, movies=100, ratings=1_001, seed=1)
        with pytest.raises(InputError, match="19 movies are too few"):
            simulate(tmp_path / "set", users=1, movies=19, ratings=20, seed=1)
        assert list(tmp_path.iterdir()) == []

    def test_everyone_rates_everything_where_so_many_ratings_are_asked(self, tmp_path: Path) -> None:
        target = simulate(tmp_path / "set", users=10, movies=30, ratings=300, seed=1, genome=False)
        assert pl.read_csv(target / "ratings.csv").select("userId", "movieId").is_unique().all()

    def test_a_folder_that_is_not_simulated_is_left_alone(self, tmp_path: Path) -> None:
        (tmp_path / "set").mkdir()
        (tmp_path / "set" / "ratings.csv").write_text("mine")
        with pytest.raises(InputError, match="is not a simulated set"):
            simulate(tmp_path / "set", users=5, movies=50, ratings=200, seed=1)
        assert (tmp_path / "set" / "ratings.csv").read_text() == "mine"

    def test_a_simulated_folder_is_replaced_and_a_broken_attempt_cleared(self, tmp_path: Path) -> None:
        (tmp_path / ".set.partial").mkdir()
        (tmp_path / ".set.partial" / "half").write_text("left by a killed process")
        for seed in (1, 2):
            target = simulate(tmp_path / "set", users=5, movies=50, ratings=200, seed=seed)
        assert "seed 2" in (target / "README.txt").read_text()
        assert [path.name for path in tmp_path.iterdir()] == ["set"]

    def test_a_failure_leaves_nothing_behind(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def full_disk(*_: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("tv5_assets.movielens.simulate._append", full_disk)
        with pytest.raises(OSError, match="No space left"):
            simulate(tmp_path / "set", users=5, movies=50, ratings=200, seed=1)
        assert list(tmp_path.iterdir()) == []


class TestActivity:
    def test_split_is_exact_proportional_and_bounded(self) -> None:
        assert split(10, np.array([1.0, 1.0, 3.0]), most=100).tolist() == [2, 2, 6]
        assert split(10, np.array([1.0, 1.0, 1e9]), most=4).tolist() == [3, 3, 4]
        assert split(0, np.array([1.0, 2.0]), most=5).tolist() == [0, 0]

    def test_activity_has_the_median_and_mean_of_ml_25m(self) -> None:
        counts = activity(users=162_541, movies=62_423, ratings=25_000_095, seed=42)
        assert counts.sum() == 25_000_095
        assert counts.min() >= 20
        assert 60 < np.median(counts) < 85


def ease(seen: npt.NDArray[np.float32], weight: float) -> npt.NDArray[np.float32]:
    """Return the item-to-item weights of EASE (Steck, 2019)."""
    inverse = np.linalg.inv(seen.T @ seen + weight * np.eye(seen.shape[1], dtype=np.float32))
    weights = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0)
    return weights


def nearest(seen: npt.NDArray[np.float32], neighbours: int) -> npt.NDArray[np.float32]:
    """Return the cosines of each movie's nearest neighbours, shrunk where few users support them."""
    together = seen.T @ seen
    norms = np.sqrt(np.diag(together) + 1)
    cosines = together / np.outer(norms, norms) * together / (together + 10)
    np.fill_diagonal(cosines, 0)
    cosines[cosines < np.partition(cosines, -neighbours, axis=0)[-neighbours]] = 0
    return cosines


def ndcg_at_10(scores: npt.NDArray[np.float32], seen: npt.NDArray[np.float32], wanted: npt.NDArray[np.bool_]) -> float:
    """Return the mean NDCG@10 over users with anything held out; what they have seen is not recommended."""
    top = np.argsort(np.where(seen > 0, np.inf, -scores), axis=1, kind="stable")[:, :10]
    gains = 1 / np.log2(np.arange(2, 12))
    ideal = np.cumsum(gains)[np.minimum(wanted.sum(axis=1), 10) - 1]
    reached = (np.take_along_axis(wanted, top, axis=1) * gains).sum(axis=1)
    return float((reached / ideal)[wanted.any(axis=1)].mean())
