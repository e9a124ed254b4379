import os
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tv5_assets.errors import InputError
from tv5_assets.movielens import parse
from tv5_assets.movielens.archive import find, obtain
from tv5_assets.movielens.published import PUBLISHED
from tv5_assets.tables import processed
from tv5_assets_tests.movielens.sets import (
    MOVIES,
    RATINGS,
    TAGS,
    write_csv_set,
    write_genome_set,
    write_ml_1m,
    write_ml_100k,
)


def all_tables(raw: Path) -> dict[str, pl.DataFrame]:
    """Parse every table, in the order in which they need one another, and check each against its schema."""
    tables = {
        "ratings": parse.ratings(raw).collect(engine="streaming"),
        "tags": parse.tags(raw).collect(engine="streaming"),
        "genome_tags": parse.genome_tags(raw),
        "genome_scores": parse.genome_scores(raw).collect(engine="streaming"),
        "demographics": parse.demographics(raw),
    }
    tables["movies"] = parse.movies(
        raw,
        tags=tables["tags"].lazy(),
        genome_tags=tables["genome_tags"],
        genome_scores=tables["genome_scores"].lazy(),
    )
    tables["rejects"] = parse.rejects(raw, {name: frame.height for name, frame in tables.items()})
    schemas = {
        "movies": processed.Movies,
        "ratings": processed.Ratings,
        "tags": processed.Tags,
        "genome_tags": processed.GenomeTags,
        "genome_scores": processed.GenomeScores,
        "demographics": processed.Demographics,
        "rejects": processed.Rejects,
    }
    for name, schema in schemas.items():
        schema.validate(tables[name])
    return tables


def themes_of(tables: dict[str, pl.DataFrame], movie_id: int) -> list[tuple[str, float]]:
    themes = tables["movies"].row(by_predicate=pl.col("movie_id") == movie_id, named=True)["themes"]
    return [(theme["tag"], pytest.approx(theme["relevance"])) for theme in themes]


class TestCsv:
    def test_movies(self, tmp_path: Path) -> None:
        movies = all_tables(write_csv_set(tmp_path / "raw"))["movies"].drop("themes")
        assert movies.rows() == [
            (
                1,
                "Toy Story",
                "Toy Story (1995)",
                "Toy Story",
                1995,
                ["Adventure", "Animation", "Children", "Comedy", "Fantasy"],
                "tt0114709",
                862,
            ),
            (
                2,
                "Matrix, The",
                "Matrix, The (1999)",
                "The Matrix",
                1999,
                ["Action", "Sci-Fi", "Thriller"],
                "tt0133093",
                603,
            ),
            (
                3,
                "City of Lost Children, The (Cité des enfants perdus, La)",
                "City of Lost Children, The (Cité des enfants perdus, La) (1995)",
                "The City of Lost Children (La Cité des enfants perdus)",
                1995,
                ["Adventure", "Sci-Fi"],
                "tt0112682",
                None,
            ),
            (4, "Babylon 5", "Babylon 5", "Babylon 5", None, [], "tt10048342", 99),
        ]

    def test_ratings(self, tmp_path: Path) -> None:
        ratings = all_tables(write_csv_set(tmp_path / "raw"))["ratings"]
        assert ratings.rows() == [
            (1, 1, 4.0, datetime(2000, 7, 30, 18, 45, 3, tzinfo=UTC), "evening", "Sun", 0),
            (1, 3, 0.5, datetime(1970, 1, 1, tzinfo=UTC), "late_night", "Thu", 1),
            (2, 1, 5.0, datetime(2015, 10, 24, 19, 29, 54, tzinfo=UTC), "evening", "Sat", 2),
            (2, 2, 3.5, datetime(2015, 10, 24, 19, 29, 54, tzinfo=UTC), "evening", "Sat", 3),
        ]

    def test_tags_stay_text(self, tmp_path: Path) -> None:
        tags = all_tables(write_csv_set(tmp_path / "raw"))["tags"]
        assert tags["tag"].to_list() == ["Pixar", "pixar ", 'fun, "really"', "007", ""]
        assert tags["tag_normalized"].to_list() == ["pixar", "pixar", 'fun, "really"', "007", ""]
        assert tags["row"].to_list() == [0, 1, 2, 3, 4]

    def test_tags_with_control_characters_are_kept_and_normalized(self, tmp_path: Path) -> None:
        typed = "Sci\x00-\tFi\x1f  \u00a0NOIR\u200b"
        tags = "userId,movieId,tag,timestamp\n" + f"1,1,{typed},5\n1,1,True,6\n"
        tables = all_tables(write_csv_set(tmp_path / "raw", tags=tags))
        assert tables["tags"]["tag"].to_list() == [typed, "True"]
        assert tables["tags"]["tag_normalized"].to_list() == ["sci- fi noir", "true"]

    def test_without_genome_themes_come_from_tags(self, tmp_path: Path) -> None:
        raw = write_csv_set(tmp_path / "raw")
        tables = all_tables(raw)
        assert not parse.has_genome(raw)
        # Movie 1: both of its two taggers say pixar, one says the other: 0.5 + 0.5 * 2/3 and 0.5 + 0.5 * 1/3.
        assert themes_of(tables, 1) == [("pixar", 0.5 + 1 / 3), ('fun, "really"', 0.5 + 1 / 6)]
        assert themes_of(tables, 2) == [("007", 0.75)]
        assert themes_of(tables, 4) == []
        assert tables["genome_tags"].is_empty() and tables["genome_scores"].is_empty()

    def test_with_genome_themes_come_from_it(self, tmp_path: Path) -> None:
        raw = write_genome_set(tmp_path / "raw")
        tables = all_tables(raw)
        assert parse.has_genome(raw)
        assert themes_of(tables, 1) == [("robots", 0.75)]  # 0.5 is not over 0.5
        assert themes_of(tables, 2) == [("007", 0.9), ("robots", 0.9), ("dreamlike", 0.501)]
        assert tables["genome_tags"].rows() == [(1, "007"), (2, "dreamlike"), (3, "robots")]
        assert tables["genome_scores"].height == 6

    def test_nothing_is_rejected(self, tmp_path: Path) -> None:
        assert all_tables(write_genome_set(tmp_path / "raw"))["rejects"].is_empty()

    def test_unix_line_ends_and_no_last_one(self, tmp_path: Path) -> None:
        raw = write_csv_set(tmp_path / "raw", ratings=RATINGS.strip().encode(), movies=MOVIES.encode())
        tables = all_tables(raw)
        assert (tables["ratings"].height, tables["movies"].height, tables["rejects"].height) == (4, 4, 0)


class TestOlderSets:
    def test_ml_1m(self, tmp_path: Path) -> None:
        tables = all_tables(write_ml_1m(tmp_path / "ml-1m"))
        assert tables["movies"].select("movie_id", "title", "title_sort", "year", "genres").rows() == [
            (1, "Toy Story", "Toy Story", 1995, ["Animation", "Children", "Comedy"]),
            (73, "Misérables, Les", "Les Misérables", 1995, ["Drama", "Musical"]),
            (89, 'Star Wars: "IV"', 'Star Wars: "IV"', 1977, ["Sci-Fi"]),
        ]
        assert tables["movies"]["imdb_id"].null_count() == 3
        assert tables["ratings"].select("user_id", "movie_id", "rating").rows() == [(1, 73, 5), (1, 1, 3), (2, 1, 4)]
        assert tables["demographics"].rows() == [
            (1, 1, "F", "K-12 student", "48067"),
            (2, 56, "M", "self-employed", "70072-1234"),
        ]
        assert tables["rejects"].is_empty() and tables["tags"].is_empty()

    def test_ml_100k(self, tmp_path: Path) -> None:
        tables = all_tables(write_ml_100k(tmp_path / "ml-100k"))
        assert tables["movies"].select("movie_id", "title", "title_sort", "year", "genres").rows() == [
            (1, "Toy Story", "Toy Story", 1995, ["Animation", "Children", "Comedy"]),
            (2, "Cité, La", "La Cité", 1995, ["Drama"]),
            (267, "unknown", "unknown", None, []),
        ]
        assert tables["ratings"].select("user_id", "movie_id", "rating", "row").rows() == [
            (196, 1, 3, 0),
            (186, 267, 3, 1),
        ]
        assert tables["demographics"].rows() == [
            (1, 24, "M", "technician", "85711"),
            (2, 53, "F", "other", "T8H1N"),
        ]
        assert tables["rejects"].is_empty()

    def test_faulty_rows_of_latin_1_files_keep_their_text(self, tmp_path: Path) -> None:
        raw = write_ml_1m(tmp_path / "ml-1m")
        with (raw / "movies.dat").open("ab") as file:
            file.write("99::Éléphants (1999)::Cuisine\n".encode("latin-1"))
        with (raw / "users.dat").open("ab") as file:
            file.write(b"3::X::25::1::1\n4::F::25::21::1\n")
        rejects = all_tables(raw)["rejects"]
        assert rejects.rows() == [
            ("movies.dat", 4, "genres are missing or hold one that is not known", "99::Éléphants (1999)::Cuisine"),
            ("users.dat", 3, "gender is neither F nor M", "3::X::25::1::1"),
            ("users.dat", 4, "occupation is not a known number", "4::F::25::21::1"),
        ]


class TestRejects:
    @pytest.mark.parametrize(
        ("line", "reason"),
        [
            ("3,1,7.0,5", "rating is not a half star from 0.5 to 5.0"),
            ("3,1,4.3,5", "rating is not a half star from 0.5 to 5.0"),
            ("3,1,0.0,5", "rating is not a half star from 0.5 to 5.0"),
            ("3,1,nan,5", "rating is not a half star from 0.5 to 5.0"),
            ("3,1,,5", "rating is not a half star from 0.5 to 5.0"),
            ("x,1,4.0,5", "user id is missing or not a positive number that fits"),
            ("0,1,4.0,5", "user id is missing or not a positive number that fits"),
            ("3000000000,1,4.0,5", "user id is missing or not a positive number that fits"),
            ("3,-1,4.0,5", "movie id is missing or not a positive number that fits"),
            ("3,1,4.0,yesterday", "timestamp is missing or not a number of seconds since 1970"),
            ("3,1,4.0,99999999999999", "timestamp is missing or not a number of seconds since 1970"),
            ("3,1,4.0", "timestamp is missing or not a number of seconds since 1970"),
            ("3,1,4.0,5,6", "there are too many fields"),
            ('3,1,"4.0,5', "rating is not a half star from 0.5 to 5.0"),
            ("", "line is empty"),
        ],
    )
    def test_faulty_rating(self, tmp_path: Path, line: str, reason: str) -> None:
        raw = write_csv_set(tmp_path / "raw", ratings=RATINGS + f"{line}\n4,1,1.0,5\n")
        tables = all_tables(raw)
        assert tables["rejects"].rows() == [("ratings.csv", 6, reason, line)]
        assert tables["ratings"]["row"].to_list() == [0, 1, 2, 3, 5]

    @pytest.mark.parametrize(
        ("line", "reason"),
        [
            ("5,Film (1999),Cuisine", "genres are missing or hold one that is not known"),
            ("5,Film (1999),Drama|", "genres are missing or hold one that is not known"),
            ("5,Film (1999)", "genres are missing or hold one that is not known"),
            ("5,\u200b ,Drama", "title is empty"),
            ("five,Film (1999),Drama", "movie id is missing or not a positive number that fits"),
            ("5,Film, The (1999),Drama", "genres are missing or hold one that is not known"),
            ('5,"Film (1999),Drama', "quotes are not closed or not doubled"),
            ('5,"The "Film" (1999)",Drama', "quotes are not closed or not doubled"),
        ],
    )
    def test_faulty_movie(self, tmp_path: Path, line: str, reason: str) -> None:
        raw = write_csv_set(tmp_path / "raw", movies=MOVIES + f'{line}\n6,"Sequel, The (2001)",Drama\n')
        tables = all_tables(raw)
        assert tables["rejects"].rows() == [("movies.csv", 6, reason, line)]
        assert tables["movies"]["movie_id"].to_list() == [1, 2, 3, 4, 6]

    def test_faulty_link_leaves_the_movie(self, tmp_path: Path) -> None:
        links = "movieId,imdbId,tmdbId\n1,tt0114709,862\n2,0133093,x\n3,0112682,5\n"
        tables = all_tables(write_csv_set(tmp_path / "raw", links=links))
        assert tables["rejects"].select("file", "line", "reason").rows() == [
            ("links.csv", 2, "IMDb id is not a number"),
            ("links.csv", 3, "TMDB id is not a positive number"),
        ]
        assert tables["movies"]["tmdb_id"].to_list() == [None, None, 5, None]

    def test_faulty_tags_and_scores(self, tmp_path: Path) -> None:
        tables = all_tables(
            write_genome_set(
                tmp_path / "raw",
                tags=TAGS + "1,1,late\n",
                genome_tags="tagId,tag\n1,007\n2,\n40000,x\n",
                genome_scores="movieId,tagId,relevance\n1,1,1.5\n1,2,0.5\n1,3,nan\n",
            )
        )
        assert tables["rejects"].select("file", "line", "reason").rows() == [
            ("tags.csv", 7, "timestamp is missing or not a number of seconds since 1970"),
            ("genome-tags.csv", 3, "tag is empty"),
            ("genome-tags.csv", 4, "tag id is missing or not a positive number that fits"),
            ("genome-scores.csv", 2, "relevance is not a number from 0 to 1"),
            ("genome-scores.csv", 4, "relevance is not a number from 0 to 1"),
        ]

    def test_a_file_is_read_again_only_where_rows_are_missing(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        raw = write_csv_set(tmp_path / "raw")
        again: list[str] = []
        of_file = parse.records.rejected
        monkeypatch.setattr(
            parse.records, "rejected", lambda raw, file: (again.append(file.name), of_file(raw, file))[1]
        )
        parse.rejects(raw, {"movies": 4, "ratings": 3, "tags": 5})
        assert again == ["links.csv", "ratings.csv"]

    # Every line of the file ends up as a row or as a reject, whatever it holds.
    @settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @example(lines=[",,,,,"])
    @given(
        lines=st.lists(
            st.one_of(
                st.text(alphabet="01234.,\"' xé\u2028\x0b", max_size=20),
                st.builds(
                    "{},{},{},{}".format,
                    st.integers(-1, 2**33),
                    st.integers(0, 9),
                    st.one_of(
                        st.sampled_from(["a tag", '"quo""ted, tag"', '"open', 'in"side', "\x07"]), st.floats(0, 6)
                    ),
                    st.integers(-5, 10**12),
                ),
            ),
            max_size=8,
        )
    )
    def test_every_line_is_a_row_or_a_reject(self, tmp_path: Path, lines: list[str]) -> None:
        for name, parsed in (("tags", parse.tags), ("ratings", parse.ratings)):
            header = {"tags": TAGS, "ratings": RATINGS}[name].splitlines()[0]
            raw = write_csv_set(tmp_path / "raw", **{name: "\n".join([header, *lines, ""])})
            rows = parsed(raw).collect(engine="streaming")["row"].to_list()
            rejects = parse.rejects(raw, {"movies": 4, "ratings": 4, "tags": 5} | {name: len(rows)})
            assert sorted([*rows, *(rejects["line"] - 2)]) == list(range(len(lines)))
            assert [lines[line - 2] for line in rejects["line"]] == rejects["text"].to_list()


class TestFaultsOfAFile:
    @pytest.mark.parametrize("name", ["movies", "ratings", "tags", "links"])
    def test_renamed_column(self, tmp_path: Path, name: str) -> None:
        content = {"movies": MOVIES, "ratings": RATINGS, "tags": TAGS, "links": "movieId,imdbId,tmdbId\n"}[name]
        raw = write_csv_set(tmp_path / "raw", **{name: content.replace("movieId", "movie_id")})
        with pytest.raises(InputError, match=rf"{name}\.csv has the header '.*movie_id.*', expected '.*movieId"):
            all_tables(raw)

    @pytest.mark.parametrize("name", ["movies", "ratings", "tags", "links"])
    def test_empty_file(self, tmp_path: Path, name: str) -> None:
        raw = write_csv_set(tmp_path / "raw", **{name: b""})
        with pytest.raises(InputError, match=rf"{name}\.csv is empty"):
            all_tables(raw)

    @pytest.mark.parametrize("name", ["movies", "ratings", "tags", "links"])
    def test_missing_file(self, tmp_path: Path, name: str) -> None:
        raw = write_csv_set(tmp_path / "raw")
        (raw / f"{name}.csv").unlink()
        with pytest.raises(InputError, match=rf"{name}\.csv is missing"):
            all_tables(raw)

    @pytest.mark.parametrize("name", ["movies", "ratings", "tags"])
    def test_not_utf_8(self, tmp_path: Path, name: str) -> None:
        content = {"movies": MOVIES, "ratings": RATINGS, "tags": TAGS}[name].encode() + b"9,9,\xff\xfe,5\n"
        raw = write_csv_set(tmp_path / "raw", **{name: content})
        line = content.count(b"\n")
        with pytest.raises(InputError, match=rf"{name}\.csv, line {line}: byte 0xff is not UTF-8"):
            all_tables(raw)

    def test_no_set_at_all(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="holds no MovieLens set"):
            parse.ratings(tmp_path)


@pytest.mark.skipif(
    "TV5_ARCHIVE_DIR" not in os.environ or find("ml-latest-small", [Path(os.environ["TV5_ARCHIVE_DIR"])]) is None,
    reason="TV5_ARCHIVE_DIR names no folder with ml-latest-small",
)
def test_the_real_ml_latest_small(tmp_path: Path) -> None:
    search = [Path(os.environ["TV5_ARCHIVE_DIR"])]
    obtain("ml-latest-small", tmp_path / "raw", search=search, download_url="http://unused.invalid")
    tables = all_tables(tmp_path / "raw")
    published = PUBLISHED["ml-latest-small"]
    assert {name: tables[name].height for name in published.rows} == published.rows
    assert tables["rejects"].is_empty()
    assert tables["ratings"]["user_id"].n_unique() == published.users
    assert tables["movies"]["year"].count() == 9_729
    assert tables["movies"]["imdb_id"].null_count() == 0
    assert tables["movies"]["tmdb_id"].null_count() == 8
