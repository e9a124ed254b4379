import dagster as dg
import numpy as np
import polars as pl
import pytest

from tv5_assets.dagster_kit.io_managers import (
    ModelIOManager,
    PageIOManager,
    TableIOManager,
    VectorsIOManager,
    conforming,
)
from tv5_assets.embeddings.vectors import StreamedVectors, Vectors, read_vectors
from tv5_assets.errors import InputError
from tv5_assets.models.artifacts import ModelFolder
from tv5_assets.reports.page import Page, Plot, Rendered, Section
from tv5_assets.tables.processed import GenomeTags

KEY = dg.AssetKey(["processed", "genome_tags"])
TAGS = pl.DataFrame({"tag_id": [1, 2], "tag": ["007", "noir"]}, schema={"tag_id": pl.Int16, "tag": pl.String})


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("TV5_HOME", str(tmp_path))
    monkeypatch.setenv("TV5_DATASET", "simulated")
    return tmp_path


def materialize(value, annotation, manager, key=KEY, wanted=None):
    @dg.asset(key=key, io_manager_key="io")
    def written() -> annotation:
        return value

    @dg.asset(ins={"value": dg.AssetIn(key=key)})
    def read(value: wanted or annotation) -> None:
        seen.append(value)

    seen: list[object] = []
    result = dg.materialize([written, read], resources={"io": manager}, raise_on_error=False)
    return result, seen


@pytest.mark.parametrize("annotation", [pl.DataFrame, pl.LazyFrame])
def test_a_table_comes_back_as_what_its_reader_asks_for(home, annotation):
    value = TAGS if annotation is pl.DataFrame else TAGS.lazy()
    result, seen = materialize(value, annotation, TableIOManager())
    assert result.success
    assert isinstance(seen[0], annotation)
    assert seen[0].lazy().collect().equals(TAGS)
    assert (home / "data/simulated/processed/genome_tags.parquet").is_file()
    metadata = result.asset_materializations_for_node("processed__genome_tags")[0].metadata
    assert metadata["dagster/row_count"].value == 2
    assert [column.name for column in metadata["dagster/column_schema"].schema.columns] == ["tag_id", "tag"]
    assert "noir" in metadata["sample"].md_str


@pytest.mark.parametrize(
    ("frame", "fault"),
    [
        (TAGS.drop("tag"), "tag is missing"),
        (TAGS.with_columns(extra=1), "extra is not in the schema"),
        (TAGS.cast({"tag_id": pl.Int64}), "tag_id is Int64, not Int16"),
    ],
)
def test_a_table_of_other_columns_is_refused_and_leaves_nothing(home, frame, fault):
    with pytest.raises(InputError, match=fault):
        conforming(frame.lazy(), GenomeTags)
    result, seen = materialize(frame, pl.DataFrame, TableIOManager())
    assert not result.success
    assert not seen
    assert not [path for path in home.rglob("*genome_tags*") if path.is_file()]


def test_a_failed_write_leaves_the_old_table_whole(home):
    materialize(TAGS, pl.DataFrame, TableIOManager())
    broken = TAGS.lazy().map_batches(lambda _: (_ for _ in ()).throw(RuntimeError("torn")), schema=TAGS.schema)
    result, _ = materialize(broken, pl.LazyFrame, TableIOManager())
    assert not result.success
    folder = home / "data/simulated/processed"
    assert [path.name for path in folder.iterdir()] == ["genome_tags.parquet"]
    assert pl.read_parquet(folder / "genome_tags.parquet").equals(TAGS)


def test_an_input_that_was_never_materialized_is_named(home):
    @dg.asset(ins={"value": dg.AssetIn(key=KEY)})
    def read(value: pl.DataFrame) -> None: ...

    @dg.asset(key=KEY, io_manager_key="io_manager")
    def upstream() -> pl.DataFrame: ...

    result = dg.materialize(
        [read, upstream], selection=[read], resources={"io_manager": TableIOManager()}, raise_on_error=False
    )
    failure = result.failure_data_for_node("read")
    assert "processed/genome_tags is not there" in failure.user_failure_data.description


def test_vectors_are_mapped_back_unchanged(home):
    vectors = Vectors(np.array([3, 7], dtype=np.int32), np.eye(2, 4, dtype=np.float32), "made")
    result, seen = materialize(vectors, Vectors, VectorsIOManager(), dg.AssetKey(["embeddings", "movies"]))
    assert result.success
    np.testing.assert_array_equal(seen[0].matrix, vectors.matrix)
    np.testing.assert_array_equal(seen[0].ids, vectors.ids)
    assert not seen[0].matrix.flags.owndata


def test_a_model_folder_comes_back_unchanged(home):
    model = ModelFolder({"q": np.ones((2, 3), dtype=np.float32)}, {"gamma": 0.5}, {"loss": 0.25})
    result, seen = materialize(model, ModelFolder, ModelIOManager(), dg.AssetKey(["models", "prior"]))
    assert result.success
    np.testing.assert_array_equal(seen[0].tensors["q"], model.tensors["q"])
    assert seen[0].config == model.config
    assert {path.suffix for path in (home / "data/simulated/models/prior").iterdir()} == {".safetensors", ".json"}


def test_a_page_comes_back_as_html_and_is_shown_as_markdown(home):
    page = Page("Title", "About.", [Section("synthetic/users", "Who.", 3, [Plot("A", "B.", b"png")], TAGS)])
    result, seen = materialize(
        page.rendered(), Rendered, PageIOManager(), dg.AssetKey(["reports", "world"]), wanted=str
    )
    assert result.success
    assert seen == [page.as_html()]
    assert (home / "data/simulated/reports/world.html").read_text(encoding="utf-8") == page.as_html()
    metadata = result.asset_materializations_for_node("reports__world")[0].metadata
    assert metadata["plots"].value == 1
    assert metadata["synthetic/users"].md_str == page.sections[0].as_markdown()


def test_streamed_vectors_are_discarded_once_their_file_stands(home):
    ids, rows = np.array([3, 7], dtype=np.int32), np.eye(2, 4, dtype=np.float32)
    path, stood = home / "data/simulated/embeddings/catalog.arrow", []

    def materialized(*blocks: np.ndarray) -> bool:
        @dg.asset(key=["embeddings", "catalog"], io_manager_key="io")
        def streamed() -> StreamedVectors:
            return StreamedVectors(ids, 4, "made", lambda: iter(blocks), lambda: stood.append(path.exists()))

        return dg.materialize([streamed], resources={"io": VectorsIOManager()}, raise_on_error=False).success

    assert not materialized(rows[:1])
    assert not stood, "what was not written may be needed again"
    assert materialized(rows[:1], rows[1:])
    assert stood == [True]
    np.testing.assert_array_equal(read_vectors(path).matrix, rows)
