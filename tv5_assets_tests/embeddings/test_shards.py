import json
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tv5_assets.embeddings.encoder import Encoder
from tv5_assets.embeddings.shards import Embedded, embed
from tv5_assets.embeddings.vectors import Vectors, read_vectors, write_vectors
from tv5_assets.errors import InputError
from tv5_assets_tests.embeddings.made import DIMENSION, Hasher, table

ROWS, DISTINCT, SHARD = 1_000, 330, 60  # six shards, the last a half one


@pytest.fixture
def texts(tmp_path: Path) -> pl.LazyFrame:
    return table(tmp_path / "texts.parquet", ROWS, DISTINCT)


@pytest.fixture
def work(tmp_path: Path) -> Path:
    return tmp_path / ".made.work"


def finished(embedded: Embedded, path: Path) -> bytes:
    write_vectors(embedded.vectors, path)
    embedded.vectors.discard()
    return path.read_bytes()


def test_every_row_has_the_vector_of_its_text(texts: pl.LazyFrame, work: Path, tmp_path: Path) -> None:
    embedded = embed(texts, Hasher(), work, shard_texts=ROWS)
    finished(embedded, tmp_path / "made.arrow")

    vectors = read_vectors(tmp_path / "made.arrow")
    ordered = texts.sort("id").collect()
    assert vectors.ids.tolist() == ordered["id"].to_list()
    assert vectors.model == "hasher"
    distinct = texts.select("text").unique(maintain_order=True).collect()["text"]
    row_of = dict(zip(distinct, Hasher().encode_as(distinct.to_list(), "float32"), strict=True))
    np.testing.assert_array_equal(vectors.matrix, [row_of[text] for text in ordered["text"]])


def test_equal_texts_are_encoded_once_over_all_shards(texts: pl.LazyFrame, work: Path) -> None:
    encoder = Hasher()
    embedded = embed(texts, encoder, work, SHARD)
    assert len(encoder.encoded) == len(set(encoder.encoded)) == DISTINCT
    assert encoder.calls == 6
    assert (embedded.rows, embedded.distinct, embedded.resumed) == (ROWS, DISTINCT, 0)


def test_work_files_go_when_the_vectors_stand(texts: pl.LazyFrame, work: Path, tmp_path: Path) -> None:
    embedded = embed(texts, Hasher(), work, SHARD)
    write_vectors(embedded.vectors, tmp_path / "made.arrow")
    assert work.is_dir()
    embedded.vectors.discard()
    assert not work.exists()


@pytest.mark.parametrize("moment", ["encoding", "noting", "half a line"])
def test_what_is_killed_in_its_third_shard_goes_on_there(
    texts: pl.LazyFrame, work: Path, tmp_path: Path, moment: str
) -> None:
    undisturbed = finished(embed(texts, Hasher(), work, SHARD), tmp_path / "undisturbed.arrow")
    script = [sys.executable, "-m", "tv5_assets_tests.embeddings.made"]
    killed = subprocess.run(
        [*script, tmp_path, tmp_path / "texts.parquet", str(SHARD), moment], timeout=60, check=False
    )
    assert killed.returncode == -signal.SIGKILL

    encoder = Hasher()
    embedded = embed(texts, encoder, work, SHARD)

    assert embedded.resumed == 2 * SHARD
    assert len(encoder.encoded) == DISTINCT - 2 * SHARD
    assert finished(embedded, tmp_path / "made.arrow") == undisturbed
    assert not work.exists()


def test_texts_whose_vectors_stand_are_not_embedded_again(texts: pl.LazyFrame, work: Path, tmp_path: Path) -> None:
    made = tmp_path / "made.arrow"
    before = finished(embed(texts, Hasher(), work, SHARD), made)

    encoder = Hasher()
    again = embed(texts, encoder, work, SHARD, earlier=made)
    assert (again.known, encoder.calls) == (DISTINCT, 0)
    assert finished(again, tmp_path / "again.arrow") == before


def test_new_texts_alone_are_embedded_and_all_have_their_vectors(
    texts: pl.LazyFrame, work: Path, tmp_path: Path
) -> None:
    made, encoder = tmp_path / "made.arrow", Hasher()
    finished(embed(texts, Hasher(), work, SHARD), made)
    earlier = dict(zip(texts.collect()["text"], read_vectors(made).matrix[::-1], strict=True))  # ids descend
    changed = pl.when(pl.col("id") % 10 == 3).then(pl.format("new {}", "id")).otherwise("text")
    others = texts.filter(pl.col("id") > ROWS // 3).with_columns(text=changed)

    embedded = embed(others, encoder, work, SHARD, earlier=made)
    finished(embedded, made.with_name("others.arrow"))

    wanted = others.sort("id").collect()["text"].to_list()
    assert sorted(encoder.encoded) == sorted({text for text in wanted if text.startswith("new")})
    assert embedded.known == embedded.distinct - len(encoder.encoded) > 0
    vectors = read_vectors(made.with_name("others.arrow"))
    for text, vector in zip(wanted, vectors.matrix, strict=True):
        if not text.startswith("new"):
            np.testing.assert_array_equal(vector, earlier[text])
    new = np.array([text.startswith("new") for text in wanted])
    np.testing.assert_allclose(
        vectors.matrix[new],
        Hasher().encode_as([text for text in wanted if text.startswith("new")], "float32"),
        atol=1e-3,
    )


def test_what_is_killed_while_some_texts_are_known_goes_on(texts: pl.LazyFrame, work: Path, tmp_path: Path) -> None:
    made = tmp_path / "made.arrow"
    finished(embed(texts.filter(pl.col("id") <= 100), Hasher(), work, SHARD), made)
    encoder = Hasher()
    interrupt(texts, work, encoder, earlier=made)
    embedded = embed(texts, encoder, work, SHARD, earlier=made)
    assert embedded.resumed == 2 * SHARD and embedded.known > 0
    assert sorted(encoder.encoded) == sorted(set(encoder.encoded))
    embedded.vectors.discard()


@pytest.mark.parametrize("other", ["model", "kind of file", "nothing"])
def test_vectors_of_another_origin_are_not_taken_over(
    texts: pl.LazyFrame, work: Path, tmp_path: Path, other: str
) -> None:
    made = tmp_path / "made.arrow"
    if other == "model":
        finished(embed(texts, Hasher("another"), work, SHARD), made)
    elif other == "kind of file":
        write_vectors(Vectors(np.array([1], np.int32), np.ones((1, DIMENSION), np.float32), "hasher"), made)
    assert embed(texts, Hasher(), work, SHARD, earlier=made).known == 0


def test_the_number_type_of_what_is_known_is_kept(texts: pl.LazyFrame, work: Path, tmp_path: Path) -> None:
    first, made = Hasher(), tmp_path / "made.arrow"
    first.choose_dtype = lambda texts: "bfloat16"  # type: ignore[method-assign]
    finished(embed(texts.filter(pl.col("id") <= 100), first, work, SHARD), made)
    assert embed(texts, Hasher(), work, SHARD, earlier=made).dtype == "bfloat16"


def interrupt(texts: pl.LazyFrame, work: Path, encoder: Hasher, earlier: Path | None = None) -> None:
    """Leave two finished shards."""
    encode = encoder.encode_as

    def two(shard: list[str], dtype: str) -> np.ndarray:
        if encoder.calls == 2:
            raise KeyboardInterrupt
        return encode(shard, dtype)

    encoder.encode_as = two  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        embed(texts, encoder, work, SHARD, earlier=earlier)
    encoder.encode_as = encode  # type: ignore[method-assign]


@pytest.mark.parametrize("change", ["a text", "an id", "the model", "the shards"])
def test_what_belongs_to_something_else_is_not_taken_up(
    texts: pl.LazyFrame, work: Path, tmp_path: Path, change: str
) -> None:
    interrupt(texts, work, Hasher())
    encoder, shard = Hasher(), SHARD
    if change == "a text":
        texts = texts.with_columns(text=pl.when(pl.col("id") == 5).then(pl.lit("other")).otherwise("text"))
    elif change == "an id":
        texts = texts.with_columns(id=pl.when(pl.col("id") == 5).then(5_000).otherwise("id"))
    elif change == "the model":
        encoder = Hasher("another")
    else:
        shard = SHARD + 1

    embedded = embed(texts, encoder, work, shard)

    assert embedded.resumed == 0
    assert len(encoder.encoded) == embedded.distinct
    assert len(finished(embedded, tmp_path / "made.arrow")) > 0


def test_vectors_that_were_damaged_meanwhile_are_made_again(texts: pl.LazyFrame, work: Path) -> None:
    interrupt(texts, work, Hasher())
    with (work / "rows.f32").open("r+b") as rows:
        rows.seek(SHARD * DIMENSION * 4 + 9)  # in the second shard
        rows.write(b"?")

    assert embed(texts, Hasher(), work, SHARD).resumed == SHARD


def test_the_number_type_is_chosen_once(texts: pl.LazyFrame, work: Path) -> None:
    first, second = Hasher(), Hasher()
    first.choose_dtype = lambda texts: "bfloat16"  # type: ignore[method-assign]
    interrupt(texts, work, first)
    assert embed(texts, second, work, SHARD).dtype == "bfloat16"


def test_two_at_once_are_refused(texts: pl.LazyFrame, work: Path) -> None:
    embedded = embed(texts, Hasher(), work, SHARD)
    with pytest.raises(InputError, match="another process embeds made"):
        embed(texts, Hasher(), work, SHARD)
    embedded.vectors.discard()
    embed(texts, Hasher(), work, SHARD).vectors.discard()


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ({"id": [1, 2], "text": ["a", None]}, "id 2 has no text"),
        ({"id": [3, 3], "text": ["a", "b"]}, "id 3 occurs twice"),
        ({"id": [1, 2**31], "text": ["a", "b"]}, "2147483648 is too large"),
    ],
)
def test_what_cannot_be_embedded_is_named(work: Path, rows: dict[str, list[object]], message: str) -> None:
    with pytest.raises(InputError, match=message):
        embed(pl.LazyFrame(rows), Hasher(), work)


def test_no_texts_give_no_vectors(work: Path, tmp_path: Path) -> None:
    none = pl.LazyFrame({"id": [], "text": []}, schema={"id": pl.Int32, "text": pl.String})
    finished(embed(none, Hasher(), work), tmp_path / "made.arrow")
    assert read_vectors(tmp_path / "made.arrow").matrix.shape == (0, DIMENSION)


_MEASURE = """
import json, sys
from pathlib import Path
import numpy as np, polars as pl
from benchmarks.timing import peak_mb
from tv5_assets.embeddings.shards import embed
from tv5_assets.embeddings.vectors import write_vectors
from tv5_assets_tests.embeddings.made import Hasher

class Wide(Hasher):
    dimension = 384
    def encode_as(self, texts, dtype):
        self.calls += 1
        return np.full((len(texts), self.dimension), 1 / self.dimension, np.float32)

folder = Path(sys.argv[1])
pl.scan_parquet(folder / "texts.parquet").select(pl.col("text").hash()).head(9).collect(engine="streaming")
before = peak_mb()
embedded = embed(pl.scan_parquet(folder / "texts.parquet"), Wide(), folder / ".wide.work")
write_vectors(embedded.vectors, folder / "wide.arrow")
embedded.vectors.discard()
print(json.dumps({"before": before, "after": peak_mb(), "bytes": (folder / "wide.arrow").stat().st_size}))
"""


def test_memory_stays_below_the_matrix(tmp_path: Path) -> None:
    table(tmp_path / "texts.parquet", 200_000, 190_000)
    ran = subprocess.run([sys.executable, "-c", _MEASURE, tmp_path], capture_output=True, text=True, check=True)
    measured = json.loads(ran.stdout)
    assert measured["bytes"] > 300e6
    assert measured["after"] - measured["before"] < 200


def test_the_real_model_gives_what_it_gives_at_once(tmp_path: Path, work: Path) -> None:
    texts = table(tmp_path / "texts.parquet", 40, 20)
    encoder = Encoder(device="cpu", dtype="float32", batch_size=8)
    finished(embed(texts, encoder, work, shard_texts=9), tmp_path / "made.arrow")
    vectors = read_vectors(tmp_path / "made.arrow")
    assert vectors.dimension == encoder.dimension
    assert encoder.usage.encoded == 20
    at_once = encoder.encode(texts.sort("id").collect()["text"].to_list())
    np.testing.assert_allclose(vectors.matrix, at_once, atol=1e-5)
