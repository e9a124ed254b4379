"""Asset decorators: one per kind of output, so that key, words, owner, group and policy follow from one declaration.

What does not belong here: any asset (defs/), and how an output is stored (io_managers.py).
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import dagster as dg

from tv5_assets.dagster_kit import pools
from tv5_assets.dagster_kit.failures import translating_failures
from tv5_assets.dagster_kit.metadata import column_schema
from tv5_assets.dagster_kit.order import priority
from tv5_assets.dagster_kit.remembered import remembering
from tv5_assets.tables.table import Table

Decorator = Callable[[Callable[..., Any]], dg.AssetsDefinition]

_UNDERSTOOD = "processed/rejects"
"""Its gates come before every store: nothing is published of a set of which too much was not understood or lost."""

_VECTOR_COLUMNS = dg.TableSchema(
    columns=[
        dg.TableColumn("id", "int32", description="Id of what the vector stands for, ascending"),
        dg.TableColumn("vector", "fixed_size_list<float32>", description="Its vector, of length 1"),
    ]
)


def table_asset(
    table: type[Table],
    *,
    kinds: Iterable[str] = ("polars",),
    ins: Mapping[str, str] | None = None,
    deps: Iterable[str] = (),
    freshness_policy: dg.FreshnessPolicy | None = None,
    pool: str | None = None,
) -> Decorator:
    """Declare an asset that is a table of the registry, stored as Parquet; the body returns its frame.

    Args:
        table: the schema; its key, owner and words become the asset's.
        kinds: what the UI shows it is made with.
        ins: parameter name to asset key of what it reads.
        deps: keys of assets that it follows without reading them as values.
        freshness_policy: how old it may grow.
        pool: what it takes a place of, such as :data:`pools.MODELS`.
    """
    return _asset(**_table(table, kinds), ins=_ins(ins), deps=_keys(deps), freshness_policy=freshness_policy, pool=pool)


def vectors_asset(key: str, *, about: str, owner: str, kinds: Iterable[str], ins: Mapping[str, str]) -> Decorator:
    """Declare an asset that is ids with a vector each, stored as one Arrow file; the body returns Vectors."""
    return _asset(
        **_named(key, about, owner, {*kinds, "arrow"}),
        ins=_ins(ins),
        io_manager_key="vectors",
        metadata={"dagster/column_schema": _VECTOR_COLUMNS},
        pool=pools.MODELS,
    )


def page_asset(
    key: str,
    *,
    about: str,
    owner: str,
    kinds: Iterable[str],
    ins: Mapping[str, str] | None = None,
    deps: Iterable[str] = (),
) -> Decorator:
    """Declare an asset that is a page for people, stored as one HTML file; the body returns it rendered.

    The page that stands is kept where nothing has changed that it depends on (remembered.py), for which the body takes
    ``context`` and ``settings``.
    """
    about_it = _named(key, about, owner, {*kinds, "html"})
    follows = [*(ins or {}).values(), *deps]
    remembered = remembering(
        key.replace("/", "__"), {"result": dg.AssetOut(key=key.split("/"), io_manager_key="pages")}, follows
    )

    def decorate(body: Callable[..., Any]) -> dg.AssetsDefinition:
        return _asset(**about_it, ins=_ins(ins), deps=_keys(deps), io_manager_key="pages")(remembered(body))

    return decorate


def store_asset(
    key: str,
    *,
    about: str,
    owner: str,
    kinds: Iterable[str],
    ins: Mapping[str, str],
    deps: Iterable[str] = (),
) -> Decorator:
    """Declare an asset that fills part of a store; the body publishes and returns a MaterializeResult.

    Its pool is the store's (the key's first part), so that one load at a time writes into a store.
    """
    return _asset(
        **_named(key, about, owner, set(kinds)),
        ins=_ins(ins),
        deps=_keys([*deps, _UNDERSTOOD]),
        pool=key.split("/")[0],
    )


def multi_asset(
    *,
    name: str,
    outs: Mapping[str, dg.AssetOut],
    ins: Mapping[str, str],
    pool: str | None = None,
    remembered: bool = False,
) -> Decorator:
    """Declare assets that one computation makes together; the body returns their values in the order of ``outs``.

    Args:
        name: of the computation.
        outs: parameter name to what :func:`table_out` or :func:`model_out` says of an output.
        ins: parameter name to asset key of what it reads.
        pool: what it takes a place of, such as :data:`pools.MODELS`.
        remembered: keep what stands where nothing has changed that it depends on (remembered.py).
    """

    def decorate(body: Callable[..., Any]) -> dg.AssetsDefinition:
        step = translating_failures(remembering(name, outs, ins.values())(body) if remembered else body)
        made = [dg.AssetKey.from_coercible(out.key).to_user_string() for out in outs.values() if out.key]
        return dg.multi_asset(name=name, outs=dict(outs), ins=_ins(ins), pool=pool, op_tags=priority(made))(step)

    return decorate


def table_out(table: type[Table], *, kinds: Iterable[str] = ("polars",)) -> dg.AssetOut:
    """Return the output of a :func:`multi_asset` that is a table of the registry."""
    return dg.AssetOut(**_table(table, kinds))


def model_out(key: str, *, about: str, owner: str, kinds: Iterable[str]) -> dg.AssetOut:
    """Return the output of a :func:`multi_asset` that is a model folder (safetensors and JSON)."""
    return dg.AssetOut(**_named(key, about, owner, set(kinds)), io_manager_key="models")


def _asset(**options: Any) -> Decorator:
    def decorate(body: Callable[..., Any]) -> dg.AssetsDefinition:
        given = {name: option for name, option in options.items() if option is not None}
        return dg.asset(**given, op_tags=priority(["/".join(options["key"])]))(translating_failures(body))

    return decorate


def _table(table: type[Table], kinds: Iterable[str]) -> dict[str, Any]:
    return {
        **_named(table.key, table.about, table.owner, {*kinds, "parquet"}),
        "io_manager_key": "tables",
        "metadata": {"dagster/column_schema": column_schema(table)},
    }


def _named(key: str, about: str, owner: str, kinds: set[str]) -> dict[str, Any]:
    path = key.split("/")
    return {"key": path, "description": about, "owners": [owner], "group_name": path[0], "kinds": kinds}


def _ins(ins: Mapping[str, str] | None) -> dict[str, dg.AssetIn]:
    return {name: dg.AssetIn(key=key.split("/")) for name, key in (ins or {}).items()}


def _keys(keys: Iterable[str]) -> list[list[str]]:
    return [key.split("/") for key in keys]
