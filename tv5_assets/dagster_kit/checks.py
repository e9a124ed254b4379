"""Asset checks: what a gate is, and the factories that make gates (from a table's schema, from a
rule, from the rules that every row must keep).

All gates of one asset run in one step, because a step costs a process. What does not belong here: which gates there
are (defs/gates/) and how a rule judges (quality/).
"""

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from typing import Any

import dagster as dg
import polars as pl

from tv5_assets.coherence import Rule
from tv5_assets.dagster_kit.failures import translating_failures
from tv5_assets.dagster_kit.metadata import facts
from tv5_assets.dagster_kit.order import priority
from tv5_assets.quality import frames
from tv5_assets.quality.verdict import Verdict
from tv5_assets.tables.table import Table


@dataclass(frozen=True)
class Gate:
    """Checks of one asset that one rule judges together.

    Attributes:
        asset: key of the asset that is guarded.
        demands: what each check demands, in words, by the check's name in the UI.
        rule: judges; called with the values of ``reads`` and ``resources`` by keyword, returns a verdict by name.
        reads: parameter of the rule to key of the asset whose value it is given.
        resources: names of the resources that the rule is given.
        warning: a failure only warns; otherwise it is an error and blocks everything downstream.
    """

    asset: str
    demands: Mapping[str, str]
    rule: Callable[..., Mapping[str, Verdict]]
    reads: Mapping[str, str] = field(default_factory=dict)
    resources: tuple[str, ...] = ()
    warning: bool = False


def table_gate(table: type[Table]) -> Gate:
    """Return the checks that follow from a table's schema: its columns, its key, and every rule on its values."""
    return Gate(
        table.key,
        {
            "schema": "Columns and types are exactly those of the table registry.",
            "unique_key": f"({', '.join(table.primary_key())}) is unique.",
            "no_nulls": "There are no nulls where none may be.",
            "values": "Every value is within the bounds that the table registry sets.",
        },
        partial(frames.table_rules, table=table),
        reads={"frame": table.key},
    )


def rule_gate(
    asset: str,
    name: str,
    demand: str,
    rule: Callable[..., Verdict],
    *,
    reads: Mapping[str, str] | None = None,
    resources: Iterable[str] = (),
    warning: bool = False,
) -> Gate:
    """Return a gate of one check that one rule judges; see :class:`Gate` for the parameters."""
    return Gate(asset, {name: demand}, partial(_judge, name, rule), reads or {}, tuple(resources), warning)


def coherence_gate(asset: str, rules: Sequence[Rule]) -> Gate:
    """Return the gate of rules that every row of an asset must keep: a check for each, judged in one pass."""
    return Gate(
        asset,
        {rule.name: rule.demand for rule in rules},
        partial(frames.every_row, rules=rules),
        reads={"frame": asset},
    )


def _judge(name: str, rule: Callable[..., Verdict], **arguments: Any) -> Mapping[str, Verdict]:
    return {name: rule(**collected_for(rule, arguments))}


def collected_for(function: Callable[..., Any], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``arguments`` with each lazy frame collected whose parameter is annotated as a DataFrame."""
    parameters = inspect.signature(function).parameters
    return {
        name: value.collect()
        if isinstance(value, pl.LazyFrame) and name in parameters and parameters[name].annotation is pl.DataFrame
        else value
        for name, value in arguments.items()
    }


def build_checks(gates: Iterable[Gate]) -> list[dg.AssetChecksDefinition]:
    """Return the Dagster checks of ``gates``, one step per asset."""
    by_asset = groupby(sorted(gates, key=lambda gate: gate.asset), key=lambda gate: gate.asset)
    return [_checks_of(asset, list(group)) for asset, group in by_asset]


def _checks_of(asset: str, gates: list[Gate]) -> dg.AssetChecksDefinition:
    # A rule may read other assets than the one it guards; each is an input of the step, so that it is waited for.
    inputs = {_parameter(key): dg.AssetIn(key=key.split("/")) for gate in gates for key in gate.reads.values()}
    specs = [
        dg.AssetCheckSpec(
            name,
            asset=asset.split("/"),
            description=demand,
            blocking=not gate.warning,
            additional_deps=[key.split("/") for key in sorted(set(gate.reads.values()) - {asset})],
        )
        for gate in gates
        for name, demand in gate.demands.items()
    ]

    @dg.multi_asset_check(
        name=f"{_parameter(asset)}__gates",
        specs=specs,
        ins=inputs,
        required_resource_keys={name for gate in gates for name in gate.resources},
        can_subset=True,
        op_tags=priority([asset]),
    )
    def check(context: dg.AssetCheckExecutionContext, **values: Any) -> Iterator[dg.AssetCheckResult]:
        asked = {key.name for key in context.selected_asset_check_keys}
        for gate in gates:
            if asked.isdisjoint(gate.demands):
                continue
            arguments = {parameter: values[_parameter(key)] for parameter, key in gate.reads.items()}
            arguments |= {name: getattr(context.resources, name) for name in gate.resources}
            verdicts = translating_failures(gate.rule)(**arguments)
            for name in asked.intersection(gate.demands):
                yield _result(gate, name, verdicts.get(name, _UNJUDGED))

    return check


_UNJUDGED = Verdict(False, description="could not be judged, because another check of this asset failed")


def _parameter(key: str) -> str:
    return key.replace("/", "__")


def _result(gate: Gate, name: str, verdict: Verdict) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        passed=verdict.passed,
        asset_key=gate.asset.split("/"),
        check_name=name,
        severity=dg.AssetCheckSeverity.WARN if gate.warning else dg.AssetCheckSeverity.ERROR,
        description=verdict.description or None,
        metadata=facts(verdict.facts),
    )
