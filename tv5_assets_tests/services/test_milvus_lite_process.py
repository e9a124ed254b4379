from types import SimpleNamespace

import pyarrow as pa
import pytest
from milvus_lite.search.filter import eval as evaluation

from tv5_assets.services.milvus_lite_process import on_named_columns

TABLE = pa.table({"movie_id": [1, 2], "genres": [["Drama"], []], "vector": [[1.0], [2.0]], "$meta": ["", ""]})


@pytest.mark.parametrize("data", [TABLE, TABLE.to_batches()[0]], ids=["table", "batch"])
def test_a_filter_is_given_the_columns_that_it_names(data: pa.Table | pa.RecordBatch) -> None:
    narrow = on_named_columns(lambda compiled, given: given)
    given = narrow(SimpleNamespace(fields={"genres": None}), data)
    assert given.schema.names == ["genres", "$meta"]
    assert given.num_rows == 2


def test_milvus_lite_asks_for_the_evaluation_where_it_is_exchanged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluation, "evaluate_python", on_named_columns(lambda compiled, given: given.schema.names))
    compiled = SimpleNamespace(backend="python", fields={"movie_id": None})
    assert evaluation.evaluate(compiled, TABLE) == ["movie_id", "$meta"]
