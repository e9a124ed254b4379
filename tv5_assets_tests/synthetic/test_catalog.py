import hashlib
import io
import re
from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest
from scipy import stats

from tv5_assets.declaration.model import SLOT, Categorical, Choice, Integer
from tv5_assets.quality.catalog import DEMANDS, declared_rules, declared_shares
from tv5_assets.quality.frames import proportions_as_declared, unique_key
from tv5_assets.synthetic.catalog.items import items
from tv5_assets.synthetic.catalog.texts import distinct
from tv5_assets.tables.catalog import DECLARATION, Catalog
from tv5_assets.tables.catalog_schema import BUNDLED
from tv5_assets.tables.table import is_synthetic

MANY = 200_000
LEAST_P = 1e-4
"""The seed is fixed, so that a fair draw passes for ever once it has passed."""


@pytest.fixture(scope="module")
def many() -> pl.DataFrame:
    return items(DECLARATION, MANY, seed=42).collect()


def content(frame: pl.LazyFrame) -> str:
    file = io.BytesIO()
    frame.collect().write_parquet(file)
    return hashlib.sha256(file.getvalue()).hexdigest()


def test_the_frame_is_as_its_schema_says(many: pl.DataFrame) -> None:
    Catalog.validate(many)
    assert many["item_id"].to_list() == list(range(1, MANY + 1))
    assert all(is_synthetic(column) for column in Catalog.columns().values())
    assert all(column.description for column in Catalog.columns().values())


def test_what_is_declared_holds_of_every_row(many: pl.DataFrame) -> None:
    verdicts = declared_rules(many[:40_000].lazy(), DECLARATION)
    assert set(verdicts) == set(DEMANDS)
    assert {name: verdict.description for name, verdict in verdicts.items() if not verdict.passed} == {}
    assert all(verdict.facts["rules"] for verdict in verdicts.values())
    assert unique_key(many.lazy(), ["id"]).passed


def test_the_declared_shares_hold(many: pl.DataFrame) -> None:
    shares = declared_shares(DECLARATION)
    assert shares["type"] == {"video": 0.4, "image": 0.3, "audio": 0.2, "document": 0.1}
    assert sum(shares["subject"].values()) == pytest.approx(1)
    for field, expected in shares.items():
        assert proportions_as_declared(many.lazy(), field, expected, least_p=LEAST_P).passed, field


@pytest.fixture(scope="module")
def narrow(many: pl.DataFrame) -> pl.DataFrame:
    """What is not text, words of a closed set as text."""
    return many.drop("id", "title", "description", "tags", "creator", "content_text").with_columns(
        pl.col(pl.Enum).cast(pl.String)
    )


@pytest.mark.parametrize("name", [field.name for field in DECLARATION.stored])
def test_the_values_of_each_case_have_their_declared_distribution(narrow: pl.DataFrame, name: str) -> None:
    for case in DECLARATION.cases(DECLARATION.fields[name]):
        rows = narrow.filter(pl.lit(True), *(pl.col(field).is_in(list(values)) for field, values in case.rows.items()))
        match case.spec:
            case Categorical(values=shares) if len(shares) > 1:
                assert proportions_as_declared(rows.lazy(), name, shares, least_p=LEAST_P).passed, case.value
            case Choice(values=values) if len(values) > 1:
                equal = {str(value): 1 / len(values) for value in values}
                assert proportions_as_declared(rows.lazy(), name, equal, least_p=LEAST_P).passed, case.value
            case Integer(distribution="log-normal") as spec:
                # Of the bins between deciles of the truncated distribution, each has a tenth of the rows, but for the
                # rounding down, which the bins' exact probabilities take into account.
                law = stats.lognorm(s=spec.sigma, scale=spec.median)
                floor, ceiling = law.cdf(spec.min), law.cdf(spec.max + 1)
                deciles = law.ppf(floor + np.linspace(0, 1, 11) * (ceiling - floor))
                edges = np.unique(np.floor(deciles)[1:-1])
                bounds = np.concatenate([[spec.min], edges, [spec.max + 1]])
                wanted = np.diff(law.cdf(bounds) - floor) / (ceiling - floor)
                counts, _ = np.histogram(rows[name], bounds)
                assert stats.chisquare(counts, wanted * len(rows)).pvalue > LEAST_P, case.value


def test_times_are_uniform_within_the_window_of_the_type(many: pl.DataFrame) -> None:
    start, end = datetime(2024, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)
    made = many.filter(pl.col("type") == "video")["created_at"]
    share = (made - start).dt.total_seconds() / (end - start).total_seconds()
    assert stats.kstest(share.to_numpy(), "uniform").pvalue > LEAST_P


def test_shares_and_products_are_uniform_within_their_bounds(many: pl.DataFrame) -> None:
    pages = many.filter(pl.col("type") == "document")
    words_of_page = (pages["word_count"] / pages["page_count"]).to_numpy()
    assert stats.kstest(words_of_page, stats.uniform(180, 240).cdf).pvalue > LEAST_P
    seen = many.filter(pl.col("views") > 10_000)
    assert stats.kstest((seen["likes"] / seen["views"]).to_numpy(), stats.uniform(0.005, 0.045).cdf).statistic < 0.01


def test_ids_are_random_uuids_of_version_4(many: pl.DataFrame) -> None:
    digits = many["id"].str.replace_all("-", "")
    # The 13th digit is the version and the 17th begins with the variant's bits; the others are any.
    for place in (0, 7, 11, 15, 16, 20, 31):
        found = dict(digits.str.slice(place, 1).value_counts().iter_rows())
        wanted = "89ab" if place == 16 else "0123456789abcdef"
        assert set(found) == set(wanted)
        assert stats.chisquare(list(found.values())).pvalue > LEAST_P


def test_title_description_and_tags_are_about_the_subject(many: pl.DataFrame) -> None:
    vocabulary = DECLARATION.schema.vocabularies["thing"]
    for subject in ("jazz", "sailing"):
        words = vocabulary.words[subject]
        rows = many.filter(pl.col("subject") == subject)
        assert set(rows["tags"].explode()) == set(words)
        about = [*words, *DECLARATION.schema.vocabularies["activity"].words[subject]]
        texts = rows.select(pl.concat_str("title", "description", separator=" ").str.to_lowercase()).to_series()
        assert texts.str.contains_any([word.lower() for word in about]).all()


def patterns_of(name: str) -> dict[str, list[str]]:
    """Return the patterns of a text by the type of the item."""
    return {case.value: case.spec.patterns for case in DECLARATION.cases(DECLARATION.fields[name])}


@pytest.mark.parametrize(
    "kind, strange",
    [
        ("video", "recorded|hear|listen|photographer|picture|pages|chapter|section|written|author"),
        ("image", "recorded|hear|listen|video|film(?:ed)?|begins|ends|part|explains|chapter|section|written|author"),
        ("audio", "film(?:ed)?|video|camera|photographer|picture|shows|see|pages|chapter|section|written|author"),
        ("document", "recorded|hear|listen|video|film(?:ed)?|camera|photographer|picture|shows|scenes?"),
    ],
)
def test_a_description_says_what_can_be_said_of_the_type(many: pl.DataFrame, kind: str, strange: str) -> None:
    # Words that are filled in may be such: there are camera cranes in the cinema.
    patterns = patterns_of("description")[kind]
    assert [pattern for pattern in patterns if re.search(rf"(?i)\b(?:{strange})\b", pattern)] == []
    texts = [".+".join(map(re.escape, SLOT.split(pattern)[::2])) for pattern in patterns]
    rows = many.filter(pl.col("type") == kind)
    assert rows["description"].str.contains(f"^(?:{'|'.join(texts)})$").all()


def test_an_audio_title_says_what_is_heard(many: pl.DataFrame) -> None:
    openings = DECLARATION.schema.vocabularies["opening"].words
    audio = many.filter(pl.col("type") == "audio")
    assert len({one for own in openings.values() for one in own}) == sum(map(len, openings.values()))
    for genre, own in openings.items():
        titles = audio.filter(pl.col("genre") == genre)["title"]
        assert titles.str.contains(f"^(?:{'|'.join(own)}) ").all(), genre


@pytest.mark.parametrize("name", ["title", "description"])
def test_patterns_make_sense_with_any_word(name: str) -> None:
    """Things are one or many, and "watering seedlings, and seedlings" names nothing new."""
    for pattern in (pattern for patterns in patterns_of(name).values() for pattern in patterns):
        agreeing = r"(?<!and \{quality\} )\{thing\} (?:is|are|was|were|has|have|looks?|seems?)\b"
        assert not re.search(agreeing, pattern), pattern
        assert not re.search(r"\{activity\}[^.]*\b(?:and|with)\b[^.]*\{thing\}", pattern), pattern
    assert not any(" and " in thing for thing in DECLARATION.words("thing"))


def test_texts_are_written_as_texts_are(many: pl.DataFrame) -> None:
    sample = many[:20_000]
    assert sample["title"].str.contains(r"^[A-Z]").all()
    assert sample["description"].str.contains(r"^[A-Z][^.]*\.( [A-Z][^.]*\.){1,}$").all()
    assert not sample["content_text"].str.contains(r"[{}]|  |\bnull\b").any()
    repeated = sample.filter(pl.col("title").str.contains(r"^(.+) and (.+) compared$")).select(
        pl.col("title").str.extract_groups(r"^(?<first>.+) and (?<second>.+) compared$").struct.unnest()
    )
    assert len(repeated) > 100
    assert (repeated["first"].str.to_lowercase() != repeated["second"].str.to_lowercase()).all()


def test_texts_hardly_repeat(many: pl.DataFrame) -> None:
    assert many["content_text"].n_unique() == MANY
    assert many["description"].n_unique() > 0.99 * MANY


def test_the_content_says_what_the_requirements_ask_for(many: pl.DataFrame) -> None:
    for kind, said in {
        "video": "Type: video. Tags: {}. Creator: {}. Video about {}, {}. Duration: {} seconds.",
        "image": "Type: image. Tags: {}. Creator: {}. Image category: {}.",
        "audio": "Type: audio. Tags: {}. Creator: {}. Audio genre: {}.",
        "document": "Type: document. Tags: {}. Creator: {}. {} pages. {} words.",
    }.items():
        own = {
            "video": ["subject", "topic", "duration_seconds"],
            "image": ["category"],
            "audio": ["genre"],
            "document": ["page_count", "word_count"],
        }[kind]
        fields = [pl.col("tags").list.join(", "), "creator", *own]
        rows = many.filter(pl.col("type") == kind)
        ends = rows.select(pl.col("content_text").str.ends_with(pl.format(said, *fields)).all()).item()
        begins = rows.select(pl.col("content_text").str.starts_with(pl.col("title")).all()).item()
        assert ends and begins, kind


@pytest.mark.parametrize("rows, chunk_rows", [(6, 1), (700, 99), (700, 400)])
def test_any_chunk_size_gives_the_same_bytes(many: pl.DataFrame, rows: int, chunk_rows: int) -> None:
    chunked = items(DECLARATION, rows, seed=42, chunk_rows=chunk_rows)
    assert content(chunked) == content(items(DECLARATION, rows, seed=42))
    assert chunked.collect().equals(many[:rows])


def test_another_seed_gives_other_rows() -> None:
    one, other = (items(DECLARATION, 2_000, seed=seed).collect() for seed in (1, 2))
    for name in ("id", "title", "description", "tags", "creator", "created_at", "file_size", "content_text"):
        assert (one[name] != other[name]).sum() > 1_900, name


def test_fields_are_drawn_from_streams_of_their_own(many: pl.DataFrame) -> None:
    codes = many.select(pl.col("type", "subject", "creator").rank("dense"), pl.col("item_id"))
    assert np.abs(np.corrcoef(codes.to_numpy().T) - np.eye(4)).max() < 0.012


def test_a_chunk_that_has_no_item_of_a_type_is_made_too() -> None:
    for rows in range(4):
        Catalog.validate(items(DECLARATION, rows, seed=3).collect())


def test_different_numbers_are_drawn_with_equal_chances() -> None:
    rng = np.random.default_rng(5)
    sizes = np.repeat([4, 6], 30_000)
    drawn = np.stack(distinct(rng.random((3, 60_000)), sizes), axis=1)
    assert (np.sort(drawn, axis=1)[:, 1:] > np.sort(drawn, axis=1)[:, :-1]).all()
    for size in (4, 6):
        _, counts = np.unique(drawn[sizes == size], axis=0, return_counts=True)
        assert len(counts) == size * (size - 1) * (size - 2)
        assert stats.chisquare(counts).pvalue > LEAST_P


def test_the_bundled_schema_is_part_of_the_package() -> None:
    from importlib.resources import files

    assert files("tv5_assets.synthetic").joinpath(BUNDLED.name).is_file()
