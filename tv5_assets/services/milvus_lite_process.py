"""The process of the embedded Milvus: ``python -m tv5_assets.services.milvus_lite_process`` takes what ``milvus_lite``
takes, and filters lists faster.

Where a filter asks what a list contains, milvus-lite turns every column of every row into Python objects first, the
vectors too: half a second among 9,742 movies. The filter gets the columns that it names. What does not belong here: who
starts the process and when (milvus_lite.py, supervisor.py).
"""

from collections.abc import Callable
from typing import Any

from milvus_lite.cmdline import main
from milvus_lite.search.filter import eval as evaluation

Evaluate = Callable[[Any, Any], Any]

_UNDECLARED = "$meta"  # the column of fields that the schema does not have


def on_named_columns(evaluate: Evaluate) -> Evaluate:
    """Return an evaluation of a compiled filter that is given the columns that the filter names, and no other."""

    def narrow(compiled: Any, data: Any) -> Any:
        wanted = {*compiled.fields, _UNDECLARED}
        return evaluate(compiled, data.select([name for name in data.schema.names if name in wanted]))

    return narrow


if __name__ == "__main__":
    evaluation.evaluate_python = on_named_columns(evaluation.evaluate_python)
    raise SystemExit(main())
