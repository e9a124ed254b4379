"""The ``tv5`` command: what a person types. Each command gathers its arguments, calls one function and prints.

What does not belong here: anything worth calling from a notebook; that lives in the package that does it. Heavy
modules are imported by the command that needs them, so that ``--help`` is instant.
"""

import json
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console, Group
from rich.live import Live
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Column
from rich.table import Table as RichTable
from rich.text import Text

from tv5_assets.errors import InputError, TV5Error
from tv5_assets.settings import DATASETS, Settings, load_settings

if TYPE_CHECKING:
    from tv5_assets.bench import SpeedUp
    from tv5_assets.dagster_kit.following import Follow, Standing
    from tv5_assets.dagster_kit.summary import AssetOutcome, RunSummary
    from tv5_assets.exports.write import Exported
    from tv5_assets.retrieval.answers import Answer
    from tv5_assets.retrieval.provenance import Provenance
    from tv5_assets.retrieval.recommend import RecommendationAnswer
    from tv5_assets.retrieval.stores import Name, Stores

logger = logging.getLogger(__name__)

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)
services_app = typer.Typer(
    no_args_is_help=True, help="The embedded Milvus, Neo4j-protocol, PostgreSQL and Redis servers."
)
app.add_typer(services_app, name="services")

out = Console(soft_wrap=True)
err = Console(stderr=True, soft_wrap=True)

SHAPES = {
    "ml-25m": {"users": 162_541, "movies": 62_423, "ratings": 25_000_095, "tags": 1_093_360},
    "ml-latest-small": {"users": 610, "movies": 9_742, "ratings": 100_836, "tags": 3_683},
}
"""Shapes that `tv5 simulate` knows by name."""

_SECONDS_OF_SILENCE = 15.0  # after which a run says what it is at, where no step has ended
_AGAIN_SECONDS = 0.1  # until an interrupt comes again that Python could not raise

DatasetOption = Annotated[
    str | None, typer.Option("--dataset", "-d", help=f"One of {', '.join(DATASETS)}. Default: TV5_DATASET.")
]
CountOption = Annotated[int, typer.Option("--count", "-k", help="How many movies.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, for a program to read.")]


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"tv5 {version('tv5-assets')}")
        raise typer.Exit


@app.callback(epilog="Example: tv5 run --dataset ml-latest-small")
def tv5(
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """The TV5 asset platform."""


@contextmanager
def _errors_for_people() -> Iterator[None]:
    """Print the platform's own errors as one line and exit with 1; let anything unexpected show its trace."""
    try:
        yield
    except TV5Error as error:
        err.print(f"[red]tv5:[/red] {escape(str(error))}")
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        err.print("tv5: interrupted; what it had started is stopped")
        raise typer.Exit(130) from None


def _settings(dataset: str | None = None) -> Settings:
    if dataset is not None:
        if dataset not in DATASETS:
            raise InputError(f"there is no dataset {dataset!r}; choose one of {', '.join(DATASETS)}")
        os.environ["TV5_DATASET"] = dataset
    return load_settings()


def _show_log() -> None:
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    logging.getLogger("tv5_assets").setLevel(logging.INFO)


@app.command(epilog="""Example: tv5 run --select '+key:"milvus/movies"' --json summary.json""")
def run(
    dataset: DatasetOption = None,
    select: Annotated[
        str | None,
        typer.Option("--select", "-s", help='What to materialize, such as key:"processed/*" or +key:"milvus/movies".'),
    ] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the summary to this file.")] = None,
) -> None:
    """Materialize the asset graph, without the web UI, on embedded or configured servers."""
    with _errors_for_people():  # what the graph is made of can be wrong too: the catalog's schema file
        from tv5_assets.dagster_kit import headless
        from tv5_assets.definitions import defs, main_job_for_steps

    _show_log()
    with _errors_for_people(), _terminated_as_interrupted():
        if json_file and not (json_file.parent.is_dir() and os.access(json_file.parent, os.W_OK)):
            raise InputError(f"--json {json_file}: {json_file.parent} is not a folder that can be written")
        settings = _settings(dataset)
        if "dataset" not in settings.model_fields_set:
            settings = headless.with_obtainable_dataset(settings)
        with _followed(settings.dataset) as follow:
            summary = headless.run(defs, main_job_for_steps(), settings, select, follow)
        _print_summary(summary)
        if json_file:
            json_file.write_text(json.dumps(summary.as_json(), indent=2) + "\n")
    raise typer.Exit(0 if summary.succeeded else 1)


@contextmanager
def _followed(dataset: str) -> "Iterator[Follow]":
    """Show how far a run is and what runs: as a bar on a terminal, elsewhere as a line now and then."""
    with _drawn(dataset) if err.is_terminal else _said(dataset) as follow:
        yield follow


@contextmanager
def _drawn(dataset: str) -> "Iterator[Follow]":
    """Draw a bar, and below it a line for each step that runs."""
    bar = Progress(
        *(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()), console=err
    )
    task = bar.add_task(f"Materializing {dataset}", total=None)
    with Live(bar, console=err) as live:

        def draw(standing: "Standing") -> None:
            for failed in standing.failed:
                live.console.print(f"[red]{_readable(failed)} failed")
            bar.update(task, total=standing.total or None, completed=standing.done)
            lines = (f"  {_readable(step.name)}  {step.seconds:.0f} s  {step.said}" for step in standing.running)
            live.update(Group(bar, *(Text(line, no_wrap=True, overflow="ellipsis") for line in lines)), refresh=True)

        try:
            yield draw
        finally:  # what ran when the run was ended runs no more
            live.update(bar)


@contextmanager
def _said(dataset: str) -> "Iterator[Follow]":
    """Log a line where steps end, and where none does one now and then, also of what the running ones have logged."""
    from tv5_assets.progress import progress

    said: dict[str, str] = {}
    with progress(logger, f"materializing {dataset}", 0, "step", alike=False) as lines:

        def say(standing: "Standing") -> None:
            for failed in standing.failed:
                logger.error("%s failed", _readable(failed))
            lines.total = standing.total
            running = ", ".join(f"{_readable(step.name)} {step.seconds:.0f} s" for step in standing.running)
            lines.set_postfix_str(running, refresh=False)
            if ended := standing.done - lines.n:
                lines.update(ended)
            elif time.time() - lines.last_print_t >= _SECONDS_OF_SILENCE:
                lines.refresh()
                lines.last_print_t = time.time()
                for step in standing.running:
                    if step.said and step.said != said.get(step.name):
                        logger.info("%s: %s", _readable(step.name), step.said)
                        said[step.name] = step.said

        yield say


def _readable(step: str) -> str:
    return step.replace("__", "/")


@contextmanager
def _terminated_as_interrupted() -> Iterator[None]:
    """Let SIGTERM end a command as Ctrl-C does, so that what it started is stopped."""

    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    def interrupt_again(ignored: "sys.UnraisableHookArgs") -> None:
        if ignored.exc_type is not KeyboardInterrupt:
            unraisable(ignored)
            return
        again = threading.Timer(_AGAIN_SECONDS, signal.pthread_kill, [threading.main_thread().ident, signal.SIGINT])
        again.daemon = True
        again.start()

    # Dagster gives SIGTERM the handler of SIGINT, and a shell lets its background jobs ignore SIGINT: such a command
    # could not be ended at all.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, interrupt)
    # As Polars leaves it when it is imported, SIGINT would let a wait for another process go on for ever.
    signal.siginterrupt(signal.SIGINT, True)
    before = signal.signal(signal.SIGTERM, interrupt)
    # Nothing can be raised in a finalizer or a weak reference's callback: Python prints what was, and goes on.
    unraisable, sys.unraisablehook = sys.unraisablehook, interrupt_again
    try:
        yield
    finally:
        sys.unraisablehook = unraisable
        signal.signal(signal.SIGTERM, before)


def _print_summary(summary: "RunSummary") -> None:
    table = RichTable(title=f"{summary.dataset}: {len(summary.assets)} assets in {summary.seconds:.0f} s")
    table.add_column("asset")
    table.add_column("status")
    table.add_column("rows", justify="right")
    table.add_column("seconds", justify="right")
    table.add_column("gates", justify="right")
    for asset in summary.assets:
        checks = [check for check in summary.checks if check.asset == asset.key]
        passed = sum(bool(check.passed) for check in checks)
        table.add_row(
            asset.key,
            _status_of(asset),
            f"{asset.rows:,}" if asset.rows is not None else "",
            f"{asset.seconds:.1f}" if asset.seconds is not None else "",
            f"{passed}/{len(checks)}" if passed == len(checks) else f"[red]{passed}/{len(checks)}[/red]",
        )
    out.print(table)
    for asset in summary.assets:
        if asset.error:
            err.print(f"[red]failed[/red] {asset.key}: {escape(asset.error)}")
    for check in summary.checks:
        if check.passed is False:
            word = "[yellow]warning[/yellow]" if check.severity == "WARN" else "[red]gate failed[/red]"
            err.print(f"{word} {check.asset} {check.name}: {escape(check.description or 'see its metadata in the UI')}")
    for error in summary.errors:
        err.print(f"[red]error[/red] {escape(error)}")
    passed = sum(bool(check.passed) for check in summary.checks)
    out.print(f"{passed} of {len(summary.checks)} gates passed" + ("" if summary.succeeded else "; the run failed"))


def _status_of(asset: "AssetOutcome") -> str:
    if asset.status != "materialized":
        return f"[red]{asset.status}[/red]"
    return "unchanged" if asset.changed is False else asset.status


@app.command(epilog="Example: tv5 ui --port 3001")
def ui(port: Annotated[int | None, typer.Option(help="Port of the web UI. Default: TV5_UI_PORT.")] = None) -> None:
    """Start the servers, the web UI and the daemon (schedules, sensors) until Ctrl-C."""
    from tv5_assets.dagster_kit import web
    from tv5_assets.tables.catalog_schema import BUNDLED, catalog_declaration

    _show_log()
    with _errors_for_people(), _terminated_as_interrupted():
        settings = _settings()
        catalog_declaration(settings.catalog_schema or BUNDLED)  # what is wrong is told here, not in a server's log
        web.serve(settings, port or settings.ui_port, announce=lambda address: out.print(f"The web UI is at {address}"))


@app.command(epilog='Example: tv5 search "space opera with robots" --genre sci-fi --since 1970')
def search(
    text: Annotated[str, typer.Argument(help="What to look for, in your own words.")],
    count: CountOption = 10,
    genre: Annotated[str | None, typer.Option(help="Only movies of this genre.")] = None,
    since: Annotated[int | None, typer.Option(help="Only movies of this year or later.")] = None,
    until: Annotated[int | None, typer.Option(help="Only movies of this year or earlier.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Find movies by what they are about."""
    from tv5_assets.embeddings.encoder import Encoder
    from tv5_assets.retrieval.search import search

    with _errors_for_people(), _terminated_as_interrupted():
        settings = _settings()
        encoder = Encoder(settings.text_model, settings.device, settings.dtype, settings.encode_batch_size)
        with _stores(settings, "milvus", "graph", "cache") as stores:
            answer = search(stores, encoder, text, k=count, genre=genre, since=since, until=until)
    if as_json:
        typer.echo(answer.model_dump_json(indent=2))
        return
    table = RichTable(title=escape(text))
    table.add_column("movie")
    table.add_column("id", no_wrap=True)
    table.add_column("genres")
    table.add_column("cosine", justify="right")
    for hit in answer.hits:
        table.add_row(escape(hit.name), hit.media_id, ", ".join(hit.genres), f"{hit.score:.3f}")
    out.print(table)
    _print_notes(answer)


@app.command(epilog="Example: tv5 recommend user_00000001 -k 5")
def recommend(
    user: Annotated[str, typer.Argument(help="The user: a number, or such as user_00000001.")],
    count: CountOption = 10,
    fresh: Annotated[bool, typer.Option("--fresh", help="Do not take an answer that Redis kept.")] = False,
    dataset: DatasetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Recommend what a user has not seen, and show what each part of the score is worth."""
    from tv5_assets.ids import parse_user_key
    from tv5_assets.retrieval.recommend import recommend
    from tv5_assets.retrieval.taste import served_tower

    with _errors_for_people(), _terminated_as_interrupted():
        user_id, settings = parse_user_key(user), _settings(dataset)
        with _stores(settings, "milvus", "graph", "agentdb", "cache") as stores:
            answer = recommend(stores, user_id, k=count, fresh=fresh, tower=served_tower(settings.dataset_root))
    if as_json:
        typer.echo(answer.model_dump_json(indent=2))
    else:
        _print_recommendations(answer)


def _print_recommendations(answer: "RecommendationAnswer") -> None:
    title = f"User {answer.user_id}"
    if answer.seen:
        title += f", {answer.seen} seen movies left out"
    if answer.opinion:
        title += f", in {answer.opinion.state}"
    table = RichTable(title=title)
    table.add_column("movie")
    table.add_column("id", no_wrap=True)
    table.add_column("score", justify="right")
    table.add_column("made up of")
    for movie in answer.movies:
        parts = [f"{value:.3f} {name}" for name, value in movie.contributions.model_dump().items() if value]
        where = f" ({', '.join(movie.platforms)})" if movie.platforms else ""
        table.add_row(escape(movie.name), movie.media_id, f"{movie.score:.3f}", escape(" + ".join(parts) + where))
    out.print(table)
    _print_notes(answer)


@app.command(epilog="Example: tv5 explain user_00000001 ml_296 --provenance")
def explain(
    user: Annotated[str, typer.Argument(help="The user: a number, or such as user_00000001.")],
    movie: Annotated[str, typer.Argument(help="The movie: a number, or such as ml_296.")],
    provenance: Annotated[
        bool, typer.Option("--provenance", help="Also list the loads that it stands on, and the raw files' checksums.")
    ] = False,
    dataset: DatasetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Explain what connects a user with a movie: genres, themes, similar movies and the user's policy."""
    from tv5_assets.ids import parse_media_id, parse_user_key
    from tv5_assets.retrieval import provenance as origins
    from tv5_assets.retrieval.explain import explain, in_words

    with _errors_for_people(), _terminated_as_interrupted():
        user_id, movie_id = parse_user_key(user), parse_media_id(movie)
        settings = _settings(dataset)
        with _stores(settings, "milvus", "graph", "agentdb", "cache") as stores:
            answer = explain(stores, user_id, movie_id)
            origin = origins.provenance(stores, user_id, movie_id, settings.dataset_root) if provenance else None
    if as_json:
        document = answer.model_dump(mode="json")
        if origin:
            document["provenance"] = origin.model_dump(mode="json")
        typer.echo(json.dumps(document, indent=2, ensure_ascii=False))
        return
    out.print(f"[bold]{escape(answer.movie.name)}[/bold] {', '.join(answer.movie.genres)}")
    for line in in_words(answer):
        out.print(f"- {escape(line)}")
    _print_notes(answer)
    if origin:
        _print_provenance(origin)


def _print_provenance(origin: "Provenance") -> None:
    loads = RichTable("store", "dataset", "version", "row", "its version", title="Loads")
    for load in origin.loads:
        own = load.row_version or ("none" if load.row else "")
        differs = load.row is not None and load.row_version != load.version
        loads.add_row(
            load.store, load.dataset, load.version or "none", load.row, f"[yellow]{own}[/yellow]" if differs else own
        )
    out.print(loads)
    for asset, model in origin.models.items():
        out.print(f"{asset} was made by {escape(model)}")
    if origin.files:
        files = RichTable("file", "md5", "bytes", title=escape(f"{origin.files[0].dataset}, {origin.files[0].source}"))
        for file in origin.files:
            files.add_row(file.name, file.md5, f"{file.bytes:,}")
        out.print(files)
    _print_notes(origin)


@contextmanager
def _stores(settings: Settings, *names: "Name") -> Iterator["Stores"]:
    """Yield the stores that are set or running, and otherwise embedded ones for as long as this lasts."""
    from tv5_assets.retrieval.stores import connected
    from tv5_assets.services import embedded

    with embedded.running(settings) as endpoints, connected(endpoints, names) as stores:
        yield stores


def _print_notes(answer: "Answer | Provenance") -> None:
    for note in answer.notes:
        err.print(f"[yellow]note:[/yellow] {escape(note)}")


@app.command(epilog="Example: TV5_DATASET=ml-25m tv5 doctor")
def doctor() -> None:
    """Check this machine and the settings, and say what to do about what is wrong; exit with 1 on a problem."""
    from tv5_assets.doctor import examine

    colours = {"ok": "green", "warning": "yellow", "problem": "red"}
    states = set()
    with _errors_for_people():
        for finding in examine():
            states.add(finding.state)
            remedy = f" -> {finding.remedy}" if finding.remedy else ""
            state = f"[{colours[finding.state]}]{finding.state:8}[/{colours[finding.state]}]"
            out.print(f"{state} {finding.check:10} {escape(finding.text + remedy)}")
    raise typer.Exit(1 if "problem" in states else 0)


@app.command(epilog="Example: tv5 simulate /data/big --like ml-25m --seed 7")
def simulate(
    folder: Annotated[Path, typer.Argument(help="The folder to write; one that was simulated before is replaced.")],
    like: Annotated[
        str, typer.Option(help=f"Shape where no number is given: {' or '.join(SHAPES)}.")
    ] = "ml-latest-small",
    users: Annotated[int | None, typer.Option(min=1, help="Exact number of users, 20 ratings each at least.")] = None,
    movies: Annotated[int | None, typer.Option(min=1, help="Exact number of movies.")] = None,
    ratings: Annotated[int | None, typer.Option(min=1, help="Exact number of ratings.")] = None,
    tags: Annotated[int | None, typer.Option(min=0, help="Exact number of tags.")] = None,
    genome: Annotated[
        bool | None, typer.Option("--genome/--no-genome", help="Write the tag genome. Default: as the shape has it.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Equal seeds and numbers give equal bytes.")] = 42,
) -> None:
    """Write a MovieLens-shaped raw folder of any size; nothing in it is taken from MovieLens."""
    from tv5_assets.movielens.simulate import simulate

    _show_log()
    with _errors_for_people(), _terminated_as_interrupted():
        if like not in SHAPES:
            raise InputError(f"--like {like}: there is no such shape; choose one of {', '.join(SHAPES)}")
        given = {"users": users, "movies": movies, "ratings": ratings, "tags": tags}
        sized = any(number is not None for name, number in given.items() if name != "tags")
        shape = {**SHAPES[like], **{name: number for name, number in given.items() if number is not None}}
        if sized and tags is None:
            del shape["tags"]  # as many for each rating as ml-25m has
        written = simulate(folder, seed=seed, genome=like == "ml-25m" if genome is None else genome, **shape)
    counts = ", ".join(f"{shape[name]:,} {name}" for name in ("users", "movies", "ratings"))
    out.print(f"{escape(str(written))}: {counts}")


@app.command(epilog="Example: tv5 generate catalog.yaml --rows 1000 --out items.jsonl")
def generate(
    schema: Annotated[Path, typer.Argument(help="The schema file; docs/catalog-schema.md tells what it may hold.")],
    out_file: Annotated[
        Path, typer.Option("--out", "-o", help="File to write; it ends in .jsonl, .csv, .json or .parquet.")
    ],
    rows: Annotated[int, typer.Option(min=1, help="How many rows.")] = 1_000,
    seed: Annotated[int, typer.Option(min=0, help="Equal seeds and schemas give equal rows.")] = 42,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
) -> None:
    """Write rows as a schema file declares them, to try it; TV5_CATALOG_SCHEMA makes it the catalog's."""
    from tv5_assets.synthetic.catalog.files import generate

    _show_log()
    with _errors_for_people(), _terminated_as_interrupted():
        _print_written(generate(schema, rows, out_file, seed, force=force))


@app.command(epilog="Example: tv5 export synthetic/users --format jsonl --out users.jsonl --limit 1000")
def export(
    table: Annotated[str, typer.Argument(help="The table, such as synthetic/users; docs/datasets.md lists them.")],
    file_format: Annotated[
        str | None,
        typer.Option("--format", "-f", help="jsonl, csv, json or parquet. Default: as --out ends, or jsonl."),
    ] = None,
    out_file: Annotated[
        str | None, typer.Option("--out", "-o", help="File, folder or URL to write. Default: the current folder.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first so many rows.")] = None,
    flat: Annotated[
        bool, typer.Option("--flat", help="Columns and ids as they are stored, not nested as documents.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    dataset: DatasetOption = None,
) -> None:
    """Write a table as JSON Lines, CSV, JSON or Parquet: one document for each row, nested, with ids as text."""
    from tv5_assets.exports.write import export

    with _errors_for_people(), _terminated_as_interrupted():
        _print_written(export(table, _settings(dataset), file_format, out_file, limit=limit, flat=flat, force=force))


def _print_written(written: "Exported") -> None:
    rate = written.rows / max(written.seconds, 1e-9)
    out.print(
        f"{escape(str(written.path))}: {written.rows:,} rows, {written.bytes / 1e6:,.1f} MB "
        f"in {written.seconds:.1f} s ({rate:,.0f} rows/s)"
    )


@app.command("import-graph", epilog="Example: TV5_NEO4J_SERVER=neo4j tv5 import-graph --dataset ml-25m")
def import_graph(dataset: DatasetOption = None) -> None:
    """Fill an empty Neo4j of this machine with what is materialized, by its import tool: the fastest first load."""
    from tv5_assets.services import neo4j_import
    from tv5_assets.stores.graph_parts import materialized

    _show_log()
    with _errors_for_people(), _terminated_as_interrupted():
        settings = _settings(dataset)
        loads = neo4j_import.import_graph(settings, materialized(settings.dataset_root))
    table = RichTable("dataset", "version", title=f"Neo4j in {escape(str(settings.home))}")
    table.add_column("rows", justify="right")
    for load in loads:
        table.add_row(load.dataset, load.version, f"{load.rows:,}")
    out.print(table)


@app.command(epilog="Example: tv5 bench --quick")
def bench(
    only: Annotated[list[str] | None, typer.Argument(help="Which benchmarks. Default: all.")] = None,
    ratings: Annotated[int | None, typer.Option(min=10_000, help="Size of what is made. Default: ml-25m's.")] = None,
    raw: Annotated[Path | None, typer.Option(help="Folder of a set to parse. Default: one is simulated.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="A million ratings, where fixed costs still show.")] = False,
) -> None:
    """Measure speed beside bare library calls and plain loops; at ml-25m's size, exit with 1 if a bar is missed."""
    from tv5_assets import bench as benchmarks

    _show_log()
    with _errors_for_people(), _terminated_as_interrupted():
        size = ratings or (benchmarks.QUICK_RATINGS if quick else benchmarks.ML_25M_RATINGS)
        benched = benchmarks.bench(_settings().home, size, raw, only or ())
    parsed = f"; parsed: {escape(str(raw))}" if raw else ""
    table = RichTable(Column("benchmark", overflow="fold"), title=f"{size:,} ratings made{parsed}")
    for column in ("seconds", "bare seconds", "ratio", "bar", "peak MB"):
        table.add_column(column, justify="right")
    for line in benched.measured:
        if isinstance(line, benchmarks.SpeedUp):
            continue
        table.add_row(
            line.name,
            f"{line.seconds:.3f}",
            f"{line.bare_seconds:.3f}",
            f"[red]{line.ratio:.2f}[/red]" if line.missed else f"{line.ratio:.2f}",
            "" if line.target_ratio is None else f"{line.target_ratio:.2f}",
            f"{line.peak_mb:,.0f}",
        )
    out.print(table)
    if speed_ups := [line for line in benched.measured if isinstance(line, benchmarks.SpeedUp)]:
        _print_speed_ups(speed_ups)
    for failure in benched.failures:
        out.print(f"[red]{escape(failure)}[/red]")
    judged = size >= benchmarks.ML_25M_RATINGS
    if not judged:
        out.print("The bars are for ml-25m's size: on less, fixed costs count for too much to judge by them.")
    missed = judged and any(line.missed for line in benched.measured)
    raise typer.Exit(1 if missed or benched.failures else 0)


def _print_speed_ups(lines: "list[SpeedUp]") -> None:
    table = RichTable("generator", title="Generators beside a loop that makes row after row, measured on a sample")
    for column in ("rows", "rows/s", "loop rows/s", "times faster", "bar", "peak MB"):
        table.add_column(column, justify="right")
    for line in lines:
        table.add_row(
            line.name.removeprefix("generators/"),
            f"{line.rows:,}",
            f"{line.rows_per_second:,.0f}",
            f"{line.loop_rows_per_second:,.0f}",
            f"[red]{line.speed_up:,.0f}[/red]" if line.missed else f"{line.speed_up:,.0f}",
            "" if line.target_speed_up is None else f"{line.target_speed_up:,.0f}",
            f"{line.peak_mb:,.0f}",
        )
    out.print(table)


@app.command(epilog="Example: tv5 backup /backups/2024-05-31")
def backup(
    folder: Annotated[Path, typer.Argument(help="Where the backup is put; it is not there yet.")],
) -> None:
    """Write everything that was published, and Dagster's and MLflow's storage, into a folder."""
    from tv5_assets.backup.whole import backup
    from tv5_assets.services import embedded

    _show_log()
    with _errors_for_people(), _terminated_as_interrupted(), embedded.running(_settings()) as endpoints:
        manifest = backup(endpoints, folder.resolve())
    out.print(f"{escape(str(folder))}: {len(manifest.datasets)} datasets and {len(manifest.databases)} databases")


@app.command(epilog="Example: tv5 restore /backups/2024-05-31")
def restore(
    folder: Annotated[Path, typer.Argument(help="Folder of the backup.")],
    over: Annotated[bool, typer.Option("--over", help="Also over what is published already, which is lost.")] = False,
) -> None:
    """Put a backup into empty stores, and verify that they then hold what it has."""
    from tv5_assets.backup.whole import restore
    from tv5_assets.services import embedded

    _show_log()
    with _errors_for_people(), _terminated_as_interrupted(), embedded.running(_settings()) as endpoints:
        manifest = restore(endpoints, folder.resolve(), over=over)
    out.print(f"{len(manifest.datasets)} datasets and {len(manifest.databases)} databases are as they were")


@services_app.command("up", epilog="Example: TV5_HOME=/tmp/tv5 tv5 services up")
def services_up() -> None:
    """Start the embedded servers and keep them until Ctrl-C."""
    from tv5_assets.services import embedded

    _show_log()
    with _errors_for_people(), _terminated_as_interrupted():
        embedded.hold(_settings())


@services_app.command("status", epilog="Example: tv5 services status && tv5 search heist")
def services_status() -> None:
    """Show each server, where it listens and whether it answers; exit with 1 if one does not."""
    from tv5_assets.services import embedded

    with _errors_for_people():
        states = embedded.status(_settings())
    table = RichTable("server", "address", "state")
    for state in states:
        table.add_row(state.server, state.address, state.state)
    out.print(table)
    raise typer.Exit(0 if all(state.state == "answers" for state in states) else 1)


@services_app.command("down", epilog="Example: tv5 services down")
def services_down() -> None:
    """Stop the embedded servers, whichever command started them."""
    from tv5_assets.services import embedded

    with _errors_for_people():
        embedded.down(_settings())


def main() -> None:
    """Run the command."""
    app()


if __name__ == "__main__":
    main()
