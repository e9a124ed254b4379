"""Every setting of the platform: environment variables that start with TV5_, typed and validated once.

What does not belong here: defaults of one function, and where the embedded servers happen to listen
(services/endpoints.py resolves that, because it is known only once they run).
"""

import os
from dataclasses import dataclass, fields
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict
from upath import UPath

from tv5_assets.errors import InputError

DatasetName = Literal["ml-25m", "ml-latest-small", "ml-1m", "ml-100k", "simulated"]
DATASETS: tuple[str, ...] = get_args(DatasetName)
ProtocolName = Literal["user-80-20", "temporal", "leave-last-out", "strong-generalization"]
PROTOCOLS: tuple[str, ...] = get_args(ProtocolName)
"""Ways to split ratings into train and test; features/splits.py says what each does."""

_CHECKOUT = Path(__file__).resolve().parent.parent
_IN_CHECKOUT = (_CHECKOUT / "pyproject.toml").is_file()
_DEFAULT_HOME = _CHECKOUT / ".tv5" if _IN_CHECKOUT else Path.home() / ".tv5"
_DEFAULT_SERVERS = _CHECKOUT / ".servers" if _IN_CHECKOUT else Path.home() / ".tv5-servers"


class Scale(StrEnum):
    """Size of the generated world; the names are what a person writes."""

    small = "small"
    full = "full"


@dataclass(frozen=True)
class Sizes:
    """How much is generated beside what MovieLens has.

    Attributes:
        contexts: viewing contexts.
        segments: subtitle segments of all movies together; None means SEGMENTS_PER_MOVIE of each.
        catalog_items: items of the media catalog.
        queries: search queries.
    """

    contexts: int
    segments: int | None
    catalog_items: int
    queries: int

    def segments_of(self, movies: int) -> int:
        """Return the number of subtitle segments of so many movies together."""
        return self.segments or SEGMENTS_PER_MOVIE * movies


SEGMENTS_PER_MOVIE = 4
SIZES = {
    Scale.small: Sizes(contexts=5_000, segments=None, catalog_items=10_000, queries=1_000),
    Scale.full: Sizes(contexts=100_000, segments=1_000_000, catalog_items=1_000_000, queries=10_000),
}
"""What each scale stands for; small goes with ml-latest-small, full is what the requirements name."""


class Settings(BaseSettings):
    """The settings, one attribute each; attribute ``home`` is the variable ``TV5_HOME``, and so on."""

    model_config = SettingsConfigDict(env_prefix="TV5_", env_ignore_empty=True, extra="ignore", frozen=True)

    # Where things are
    home: Path = Field(_DEFAULT_HOME, description="Folder of the embedded servers' data, credentials and logs")
    data_dir: str = Field("", description="Folder or URL (s3://, gs://) of the datasets; empty means TV5_HOME/data")
    archive_dir: Path | None = Field(None, description="Folder that is searched for MovieLens archives and folders")
    download_url: str = Field(
        "https://files.grouplens.org/datasets/movielens", description="Where MovieLens archives are downloaded from"
    )

    # What is processed
    dataset: DatasetName = Field("ml-latest-small", description="The dataset that the graph runs on")
    seed: int = Field(42, ge=0, description="Seed of everything random")
    max_reject_share: float = Field(0.001, ge=0, le=1, description="Share of raw rows that may be rejected")
    simulated_users: int = Field(610, ge=1, description="Users of the simulated dataset")
    simulated_movies: int = Field(9_742, ge=1, description="Movies of the simulated dataset")
    simulated_ratings: int = Field(100_836, ge=1, description="Ratings of the simulated dataset")
    simulated_genome: bool = Field(False, description="The simulated dataset has a tag genome, as ml-25m has")
    trend_movies: int = Field(5_000, ge=1, description="Movies whose trend is tracked, the most rated first")
    trend_days: int = Field(365, ge=2, description="Days of trend history")
    scale: Scale = Field(
        Scale.small, description="Size of the generated world: to go with ml-latest-small, or full size"
    )
    contexts: int | None = Field(None, ge=1, description="Viewing contexts; 5,000, or 100,000 at full scale")
    segments: int | None = Field(None, ge=1, description="Subtitle segments; 4 per movie, or 1,000,000 at full scale")
    catalog_items: int | None = Field(None, ge=1, description="Catalog items; 10,000, or 1,000,000 at full scale")
    catalog_schema: Path | None = Field(None, description="Schema file of the catalog; empty means the bundled one")
    queries: int | None = Field(None, ge=1, description="Search queries; 1,000, or 10,000 at full scale")
    similar_threshold: float = Field(0.8, ge=-1, le=1, description="Least cosine of a SIMILAR_TO edge")
    similar_k: int = Field(20, ge=1, description="Most SIMILAR_TO edges of one movie")

    # What models learn from
    protocol: ProtocolName = Field("user-80-20", description="Split whose training rows the features are computed from")
    min_user_ratings: int = Field(20, ge=1, description="Fewest ratings of a user whose ratings are split")
    min_movie_ratings: int = Field(1, ge=1, description="Fewest ratings of a movie whose ratings are split")
    sequence_length: int = Field(50, ge=2, description="Most events of a user's sequence, the newest ones")
    training: Literal["auto", "small", "quick", "published"] = Field(
        "auto",
        description="Size of the models: small, to go with ml-latest-small; quick, for large sets on a CPU; published, "
        "for a GPU; auto decides by the number of ratings and the device",
    )
    epochs: int | None = Field(None, ge=1, description="Most epochs of each training; empty means as its size says")
    leaderboard: Literal["quick", "full"] = Field(
        "quick",
        description="What models are asked: the two-tower under TV5_PROTOCOL and sequences under leave-last-out, or "
        "every model under every protocol; baselines are always asked everything",
    )
    asked_users: int = Field(
        10_000,
        ge=1,
        description="Most users that models are asked about by a protocol; of more, so many are drawn",
    )
    leaderboard_splits: int = Field(1, ge=1, description="Splits by each protocol that draws, on the leaderboard")
    validation_slices: int = Field(2, ge=1, description="Slices of training rows that hyperparameters are chosen on")
    tuning_trials: int = Field(2, ge=1, description="Trials of the search for the two-tower's hyperparameters")

    # What it runs on
    engine: Literal["polars", "spark"] = Field("polars", description="Engine of the frames")
    spark_url: str = Field("local[2]", description="Spark master, when TV5_ENGINE=spark")
    text_model: str = Field(
        "all-MiniLM-L6-v2",
        description="Text model; the default is the one bundled with a pip package, any other name is a model of the "
        "sentence-transformers hub or a folder",
    )
    catalog_model: str = Field(
        "", description="Text model of the media catalog, named as TV5_TEXT_MODEL is; empty means the same one"
    )
    device: Literal["auto", "cpu", "cuda"] = Field("auto", description="Device of the models")
    model_steps: int | None = Field(
        None, ge=1, description="Embeddings and trainings at a time; empty means 1 on a GPU and 2 on a processor"
    )
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = Field("auto", description="Number type of the encoder")
    encode_batch_size: int | None = Field(
        None, ge=1, description="Most texts per batch of the encoder; empty means what suits the device"
    )

    # The stores; an empty URL means the embedded server
    milvus_uri: str = Field("", description="Milvus, such as http://milvus:19530")
    milvus_token: SecretStr = Field(SecretStr(""), description="Milvus token, user:password")
    neo4j_uri: str = Field("", description="Neo4j or any Bolt server, such as bolt://neo4j:7687")
    neo4j_user: str = Field("neo4j", description="Neo4j user")
    neo4j_password: SecretStr = Field(SecretStr(""), description="Neo4j password")
    neo4j_database: str = Field("neo4j", description="Neo4j database")
    postgres_url: SecretStr = Field(
        SecretStr(""), description="PostgreSQL, such as postgresql://user:password@host/tv5"
    )
    redis_url: SecretStr = Field(SecretStr(""), description="Redis, such as redis://:password@host:6379/0")
    dagster_pg_url: SecretStr = Field(SecretStr(""), description="PostgreSQL database of Dagster's own storage")
    mlflow_url: SecretStr = Field(
        SecretStr(""),
        description="MLflow's tracking store: a PostgreSQL database of its own, or a tracking server's http(s) address",
    )

    # Which servers are embedded where a URL is empty
    milvus_server: Literal["milvus-lite", "milvus"] = Field(
        "milvus-lite", description="Embedded Milvus: milvus-lite, or the real server, which `make milvus` installs"
    )
    neo4j_server: Literal["arcadedb", "neo4j"] = Field(
        "arcadedb", description="Embedded graph server: arcadedb, or Neo4j itself, which `make neo4j` installs"
    )
    servers_dir: Path = Field(_DEFAULT_SERVERS, description="Folder that `make neo4j` and `make milvus` install into")

    ui_port: int = Field(3000, ge=1, le=65535, description="Port of the web UI")
    mlflow_port: int = Field(5000, ge=1, le=65535, description="Port of MLflow's UI")

    @cached_property
    def data_root(self) -> UPath:
        """Folder of the datasets; each dataset has a folder of its own in it."""
        return UPath(self.data_dir) if self.data_dir else UPath(self.home / "data")

    @property
    def mlflow_artifacts(self) -> str:
        """URI of the folder that tracked models are copied to: in the home, or beside the datasets if those are remote.

        It is empty where a tracking server keeps them.
        """
        if self.mlflow_url.get_secret_value().startswith(("http://", "https://")):
            return ""
        local = self.data_root.protocol in ("", "file")
        return (
            (self.home.resolve() / "mlflow-artifacts").as_uri() if local else str(self.data_root / "mlflow-artifacts")
        )

    @property
    def dataset_root(self) -> UPath:
        """Folder that asset keys are relative to: ``<data>/<dataset>``."""
        return self.data_root / self.dataset

    @property
    def sizes(self) -> Sizes:
        """Sizes of the generated world: those that were set, and for the others what the scale says."""
        preset = SIZES[self.scale]
        return Sizes(**{size.name: getattr(self, size.name) or getattr(preset, size.name) for size in fields(Sizes)})

    def work_folder(self, key: str) -> Path:
        """Local folder beside the file of an asset in which it is worked at; in the home where the file is remote."""
        local = self.dataset_root.protocol in ("", "file")
        *folders, name = key.split("/")
        return (Path(str(self.dataset_root)) if local else self.home / "work" / self.dataset).joinpath(
            *folders, f".{name}.work"
        )

    @property
    def raw_folder(self) -> Path:
        """Local folder of the extracted MovieLens files, on this machine also when the data folder is remote."""
        if self.dataset_root.protocol in ("", "file"):
            return Path(str(self.dataset_root)) / "raw" / "movielens"
        return self.home / "raw" / self.dataset / "movielens"

    @property
    def simulation_folder(self) -> Path:
        """Folder of the simulated set, named after what it depends on, so that another size is another folder."""
        size = f"{self.simulated_users}-{self.simulated_movies}-{self.simulated_ratings}-{self.seed}"
        size += "-genome" if self.simulated_genome else ""
        return self.home / "simulated" / size

    @property
    def archive_folders(self) -> list[Path]:
        """Folders that are searched for the dataset, in order."""
        if self.dataset == "simulated":
            return [self.simulation_folder]
        local = [Path(str(self.data_root))] if self.data_root.protocol in ("", "file") else []
        return [*local, *([self.archive_dir] if self.archive_dir else [])]


def catalog_schema() -> Path | None:
    """Return the setting of that name alone: tables are declared by it as the code is loaded, which reads no secret."""
    path = os.environ.get("TV5_CATALOG_SCHEMA")
    return Path(path) if path else None


def load_settings(**overrides: Any) -> Settings:
    """Read the settings from the environment.

    Args:
        overrides: settings by attribute that stand above the environment.

    Raises:
        InputError: a variable has a value that it may not have; the message names each such variable.
    """
    try:
        return Settings(**overrides)
    except ValidationError as error:
        raise InputError(
            "; ".join(
                f"TV5_{'_'.join(str(part) for part in problem['loc']).upper()}: {problem['msg']}, "
                f"but it is {problem['input']!r}"
                for problem in error.errors()
            )
        ) from None
