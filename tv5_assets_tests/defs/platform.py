"""The whole graph, materialized once on small simulated data: its files, its servers, and its gates one by one."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl

from tv5_assets.definitions import defs, main_job
from tv5_assets.embeddings.vectors import Vectors, read_vectors, write_vectors
from tv5_assets.files import remove, replacing
from tv5_assets.models.artifacts import ModelFolder, read_model, write_model
from tv5_assets.retrieval.stores import Stores
from tv5_assets.settings import load_settings
from tv5_assets.stores import neo4j

SETTINGS = {
    "TV5_DATASET": "simulated",
    "TV5_SIMULATED_USERS": "60",
    "TV5_SIMULATED_MOVIES": "300",
    "TV5_SIMULATED_RATINGS": "4000",
    "TV5_SIMULATED_GENOME": "true",
    "TV5_TREND_DAYS": "20",
    "TV5_TREND_MOVIES": "50",
    "TV5_CONTEXTS": "400",
    "TV5_SEGMENTS": "900",
    "TV5_CATALOG_ITEMS": "600",
    "TV5_QUERIES": "120",
    "TV5_EPOCHS": "2",
    "TV5_TUNING_TRIALS": "1",
    "TV5_VALIDATION_SLICES": "1",
    "TV5_DTYPE": "float32",
}
QUIET: dict[str, Any] = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
GRAPH = defs.resolve_asset_graph()


def key_of(asset: str) -> dg.AssetKey:
    return dg.AssetKey(asset.split("/"))


def downstream_of(asset: str) -> str | None:
    """Return an asset that reads ``asset`` and is computed alone; None for the leaves of the graph."""
    children = sorted(GRAPH.get(key_of(asset)).child_keys)
    alone = [child for child in children if len(GRAPH.get(child).assets_def.keys) == 1]
    return alone[-1].to_user_string() if alone else None


@dataclass(frozen=True)
class Judged:
    """What came of an asset's gates.

    Attributes:
        evaluations: by the check's name.
        stopped: the run failed.
        reached: the asset downstream was computed.
    """

    evaluations: dict[str, dg.AssetCheckEvaluation]
    stopped: bool
    reached: bool

    @property
    def failing(self) -> set[str]:
        return {name for name, evaluation in self.evaluations.items() if not evaluation.passed}


@dataclass
class Platform:
    """The materialized graph; what a test changes through it, and says how to undo, is undone by :meth:`mending`."""

    stores: Stores
    instance: dg.DagsterInstance
    undo: ExitStack = field(default_factory=ExitStack)

    @contextmanager
    def mending(self) -> Iterator["Platform"]:
        """Undo in the end what was changed meanwhile."""
        with self.undo:
            yield self

    def materialize(self, *assets: str) -> dg.ExecuteInProcessResult:
        """Compute assets without their gates, all where none is named with every gate."""
        job = main_job()
        if assets:
            job = job.get_subset(asset_selection={key_of(asset) for asset in assets}, asset_check_selection=set())
        return job.execute_in_process(QUIET, self.instance, raise_on_error=bool(assets))

    def judge(self, asset: str) -> Judged:
        """Run the gates of an asset, and an asset downstream of it if they let it through."""
        key, downstream = key_of(asset), downstream_of(asset)
        job = main_job().get_subset(
            asset_selection={key_of(downstream)} if downstream else set(),
            asset_check_selection={check for check in GRAPH.asset_check_keys if check.asset_key == key},
        )
        result = job.execute_in_process(QUIET, self.instance, raise_on_error=False)
        return Judged(
            {evaluation.check_name: evaluation for evaluation in result.get_asset_check_evaluations()},
            stopped=not result.success,
            reached=any(event.is_step_start and "__gates" not in str(event.step_key) for event in result.all_events),
        )

    def path(self, asset: str, suffix: str = ".parquet") -> Path:
        return Path(str(load_settings().dataset_root / f"{asset}{suffix}"))

    def table(self, asset: str) -> pl.DataFrame:
        return pl.read_parquet(self.path(asset))

    def put_table(self, asset: str, frame: pl.DataFrame) -> None:
        self._put(self.path(asset), frame.write_parquet)

    def vectors(self, asset: str) -> Vectors:
        mapped = read_vectors(self.path(asset, ".arrow"))
        return Vectors(mapped.ids.copy(), mapped.matrix.copy(), mapped.model)

    def put_vectors(self, asset: str, vectors: Vectors) -> None:
        self._put(self.path(asset, ".arrow"), lambda path: write_vectors(vectors, path))

    def model(self, asset: str) -> ModelFolder:
        return read_model(self.path(asset, ""))

    def put_model(self, asset: str, model: ModelFolder) -> None:
        self._put(self.path(asset, ""), lambda path: write_model(model, path))

    def page(self, asset: str) -> str:
        return self.path(asset, ".html").read_text(encoding="utf-8")

    def put_page(self, asset: str, text: str) -> None:
        self._put(self.path(asset, ".html"), lambda path: path.write_text(text, encoding="utf-8"))

    def _put(self, path: Path, write: Callable[[Path], Any]) -> None:
        """Put something in the place of a file or folder, which comes back in the end."""
        kept = path.with_name(f"{path.name}.kept")
        path.rename(kept)
        self.undo.callback(kept.rename, path)
        self.undo.callback(remove, path)
        with replacing(path) as part:
            write(part)

    def cypher(self, statement: str, **parameters: Any) -> None:
        """Write into the graph."""
        graph = self.stores.need_graph()
        graph.driver.execute_query(statement, parameters, database_=graph.database)

    def publish_again(self, asset: str) -> None:
        """Publish a store asset anew in the end, whatever of it has been damaged."""
        self.undo.callback(self.materialize, asset)
        self.undo.callback(self._forget, *asset.split("/"))

    def _forget(self, store: str, dataset: str) -> None:
        """Remove the pointer to the live version, so that publishing takes nothing for being there already."""
        match store:
            case "milvus":
                self.stores.need_milvus().drop_alias(dataset)
            case "neo4j":
                self.cypher("MATCH (l:Load) WHERE l.dataset IN $datasets DELETE l", datasets=loads_of(dataset))
            case "agentdb":
                self.stores.need_agentdb().execute("DELETE FROM loads WHERE dataset = %s", (dataset,))
            case "redis":
                self.stores.need_cache().delete(f"load:{dataset}")


def loads_of(asset: str) -> list[str]:
    """Return the datasets that a graph asset publishes: its nodes and its relationships."""
    both = {
        "genres": [neo4j.GENRES, neo4j.MOVIE_GENRES],
        "themes": [neo4j.THEMES, neo4j.MOVIE_THEMES],
        "platforms": [neo4j.PLATFORMS, neo4j.AVAILABILITY],
        "people": [neo4j.PEOPLE, *neo4j.CREDITS.values()],
        "moods": [neo4j.MOODS, neo4j.MOVIE_MOODS],
    }
    return [spec.dataset for spec in both[asset]] if asset in both else [asset]
