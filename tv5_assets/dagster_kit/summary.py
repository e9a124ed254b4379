"""The summary of a run, read from its event log: what ``tv5 run`` prints and ``--json`` writes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass

import dagster as dg


@dataclass(frozen=True)
class AssetOutcome:
    """What became of one asset.

    Attributes:
        key: the asset's key.
        status: ``materialized``, ``failed``, or ``skipped`` because something upstream failed.
        rows: rows that it has now.
        seconds: wall time of its step.
        error: why it failed.
        changed: for what is published, whether the store did not serve exactly this already; null for all else.
    """

    key: str
    status: str
    rows: int | None
    seconds: float | None
    error: str | None = None
    changed: bool | None = None


@dataclass(frozen=True)
class CheckOutcome:
    """What became of one check; ``passed`` is null where it did not run."""

    asset: str
    name: str
    passed: bool | None
    severity: str
    description: str | None = None


@dataclass(frozen=True)
class RunSummary:
    """What became of a run.

    Attributes:
        dataset: the dataset it ran on.
        assets: every selected asset, in order of completion, the others after.
        checks: every check of the selected assets.
        seconds: wall time of the run.
        errors: failures that belong to no asset, such as a check that raised.
    """

    dataset: str
    assets: list[AssetOutcome]
    checks: list[CheckOutcome]
    seconds: float
    errors: list[str]

    @property
    def succeeded(self) -> bool:
        """Every asset was materialized, every check ran, and only warnings did not pass."""
        return (
            not self.errors
            and all(asset.status == "materialized" for asset in self.assets)
            and all(check.passed or (check.passed is False and check.severity == "WARN") for check in self.checks)
        )

    def as_json(self) -> dict[str, object]:
        """Return the summary as plain values, for ``--json``."""
        return {**asdict(self), "succeeded": self.succeeded}


@dataclass(frozen=True)
class Selection:
    """What a run was asked to do.

    Attributes:
        steps: name of the step that makes each asset.
        checks: the checks of those assets.
        resources: names of the resources that those assets need.
        everything: it is the whole graph.
    """

    steps: Mapping[dg.AssetKey, str]
    checks: Sequence[dg.AssetCheckKey]
    resources: frozenset[str] = frozenset()
    everything: bool = False

    @property
    def needs_text_models(self) -> bool:
        """Some of it is embedded."""
        return "encoder" in self.resources


def summarize(
    instance: dg.DagsterInstance, run_id: str | None, dataset: str, selected: Selection, seconds: float
) -> RunSummary:
    """Return what became of each selected asset and its checks in the run, whether they were reached or not."""
    entries = instance.all_logs(run_id) if run_id else []
    events = [entry.get_dagster_event() for entry in entries if entry.is_dagster_event]
    failures = {str(event.step_key): event for event in events if event.is_step_failure}
    assets = _materialized(events)
    for key, step in sorted(selected.steps.items()):
        name = key.to_user_string()
        if step in failures:
            assets[name] = AssetOutcome(name, "failed", None, None, _error(failures[step]))
        else:
            assets.setdefault(name, AssetOutcome(name, "skipped", None, None))
    checks = _evaluated(events)
    for check in selected.checks:
        name = check.asset_key.to_user_string()
        checks.setdefault((name, check.name), CheckOutcome(name, check.name, None, "ERROR"))
    steps = set(selected.steps.values())
    errors = [
        f"{step}: {_error(event)}"
        for step, event in failures.items()
        if step not in steps and not _is_failed_gate(event)  # the check itself says what failed
    ]
    return RunSummary(dataset, list(assets.values()), list(checks.values()), round(seconds, 1), errors)


def _materialized(events: Iterable[dg.DagsterEvent]) -> dict[str, AssetOutcome]:
    events = list(events)
    seconds = {
        event.step_key: round(event.step_success_data.duration_ms / 1000, 2)
        for event in events
        if event.is_step_success
    }
    outcomes = {}
    for event in events:
        if event.is_step_materialization and event.asset_key:
            name = event.asset_key.to_user_string()
            metadata = event.step_materialization_data.materialization.metadata
            rows, changed = metadata.get("dagster/row_count"), metadata.get("changed")
            outcomes[name] = AssetOutcome(
                name,
                "materialized",
                int(str(rows.value)) if rows else None,
                seconds.get(event.step_key),
                changed=bool(changed.value) if changed else None,
            )
    return outcomes


def _evaluated(events: Iterable[dg.DagsterEvent]) -> dict[tuple[str, str], CheckOutcome]:
    results = [
        event.asset_check_evaluation_data
        for event in events
        if event.event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION
    ]
    return {
        (result.asset_key.to_user_string(), result.check_name): CheckOutcome(
            result.asset_key.to_user_string(),
            result.check_name,
            result.passed,
            result.severity.value,
            result.description,
        )
        for result in results
    }


def _is_failed_gate(event: dg.DagsterEvent) -> bool:
    error = event.step_failure_data.error
    return error is not None and error.cls_name == "DagsterAssetCheckFailedError"


def _error(event: dg.DagsterEvent) -> str:
    """Return what went wrong, in the platform's own words where it has some, else as the first line of the cause."""
    data = event.step_failure_data
    if data.user_failure_data and data.user_failure_data.description:
        return str(data.user_failure_data.description)
    error = data.error
    if error is None:
        return "it failed for a reason that Dagster did not record"
    while error.cause is not None:
        error = error.cause
    first_line = error.message.strip().partition("\n")[0]
    return f"{first_line}; its trace is with the run in the web UI (`tv5 ui`)"
