import dagster as dg
import polars as pl
import pytest

from tv5_assets.dagster_kit.checks import build_checks, rule_gate, table_gate
from tv5_assets.dagster_kit.io_managers import TableIOManager
from tv5_assets.quality.verdict import Verdict
from tv5_assets.tables.processed import GenomeTags

KEY = ["processed", "genome_tags"]


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("TV5_HOME", str(tmp_path))


def run(frame: pl.DataFrame, gates) -> tuple[dict[str, dg.AssetCheckEvaluation], bool]:
    @dg.asset(key=KEY, io_manager_key="tables")
    def guarded() -> pl.DataFrame:
        return frame

    @dg.asset(deps=[guarded])
    def downstream() -> None: ...

    result = dg.materialize(
        [guarded, downstream, *build_checks(gates)], resources={"tables": TableIOManager()}, raise_on_error=False
    )
    evaluations = {evaluation.check_name: evaluation for evaluation in result.get_asset_check_evaluations()}
    reached = any(event.is_step_success and event.step_key == "downstream" for event in result.all_events)
    return evaluations, reached


def tags(ids: list[int], names: list[str | None]) -> pl.DataFrame:
    return pl.DataFrame({"tag_id": ids, "tag": names}, schema={"tag_id": pl.Int16, "tag": pl.String})


def test_good_data_passes_and_what_follows_is_reached():
    evaluations, reached = run(tags([1, 2], ["007", "noir"]), [table_gate(GenomeTags)])
    assert {name: evaluation.passed for name, evaluation in evaluations.items()} == {
        "schema": True,
        "unique_key": True,
        "no_nulls": True,
        "values": True,
    }
    assert reached


@pytest.mark.parametrize(
    ("frame", "failing"),
    [
        (tags([1, 1], ["007", "noir"]), "unique_key"),
        (tags([1, -2], ["007", "noir"]), "values"),
        (tags([1, 2], ["007", None]), "no_nulls"),
    ],
)
def test_corrupted_data_fails_its_gate_and_stops_what_is_downstream(frame, failing):
    evaluations, reached = run(frame, [table_gate(GenomeTags)])
    assert [name for name, evaluation in evaluations.items() if not evaluation.passed] == [failing]
    assert evaluations[failing].severity == dg.AssetCheckSeverity.ERROR
    assert evaluations[failing].metadata, "a failed gate shows its figures"
    assert not reached


def test_a_warning_is_told_and_stops_nothing():
    gate = rule_gate(
        "processed/genome_tags",
        "never_pleased",
        "Nothing pleases this rule.",
        lambda frame: Verdict(False, {"rows": frame.select(pl.len()).collect().item()}),
        reads={"frame": "processed/genome_tags"},
        warning=True,
    )
    evaluations, reached = run(tags([1], ["007"]), [gate])
    assert not evaluations["never_pleased"].passed
    assert evaluations["never_pleased"].severity == dg.AssetCheckSeverity.WARN
    assert evaluations["never_pleased"].metadata["rows"].value == 1
    assert reached
