"""The code location as a whole: what every asset has, what loading it may not do, and the walls between packages."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from tv5_assets.definitions import defs, main_job, main_job_for_steps
from tv5_assets.tables.table import all_tables, is_synthetic, polars_schema

PACKAGE = Path(__file__).resolve().parent.parent / "tv5_assets"
KNOWS_DAGSTER = ("definitions.py", "preload.py", "defs/", "dagster_kit/")

ASSETS = {
    "raw/movielens",
    *("processed/" + name for name in ("movies", "ratings", "tags", "genome_tags", "genome_scores", "demographics")),
    "processed/rejects",
    "synthetic/catalog",
    "synthetic/contexts",
    "synthetic/interactions",
    *("synthetic/" + name for name in ("users", "platforms", "trends", "trends_now", "trending_topics")),
    *("synthetic/" + name for name in ("media_details", "people", "credits", "influences")),
    *("synthetic/" + name for name in ("subtitles", "subtitle_segments", "queries")),
    *("features/" + name for name in ("episodes", "state_action_rewards")),
    *("features/" + name for name in ("split", "interactions", "users", "movies", "statistics")),
    "features/sequences",
    *("embeddings/" + name for name in ("movies", "users", "similar_movies")),
    *("embeddings/" + name for name in ("contexts", "subtitle_segments", "catalog")),
    *("models/" + name for name in ("policies", "policy_prior", "policy_values", "tuning", "leaderboard")),
    *("models/" + name for name in ("baseline_results", "two_tower_results", "sequence_results")),
    *("models/" + name for name in ("ease", "two_tower", "joined", "sasrec", "bert4rec")),
    *("embeddings/" + name for name in ("tower_movies", "tower_users")),
    *("milvus/" + name for name in ("movies", "users", "tower_movies", "subtitle_segments", "catalog")),
    *("neo4j/" + name for name in ("movies", "users", "genres", "themes", "platforms", "ratings", "similar")),
    *("neo4j/" + name for name in ("people", "moods", "influences")),
    *("agentdb/" + name for name in ("episodes", "state_action_rewards", "policies")),
    *("agentdb/" + name for name in ("media_metadata", "media_embeddings")),
    *("redis/" + name for name in ("platforms", "trends", "policies")),
    "reports/reconciliation",
    *("reports/" + name for name in ("world", "eda", "embeddings")),
    *("benchmarks/" + name for name in ("latency", "queries", "catalog_search", "recommendation")),
}


@pytest.fixture(scope="module")
def specs() -> dict[str, dg.AssetSpec]:
    return {spec.key.to_user_string(): spec for spec in defs.resolve_all_asset_specs()}


def test_the_graph_has_exactly_these_assets(specs):
    assert set(specs) == ASSETS


def test_every_asset_has_words_an_owner_a_group_and_kinds(specs):
    for key, spec in specs.items():
        assert spec.description and len(spec.description) > 40, key
        assert spec.owners and all(owner.startswith("team:") for owner in spec.owners), key
        assert spec.group_name == key.split("/")[0]
        assert spec.kinds, key


def test_every_table_asset_shows_its_columns(specs):
    for key, table in all_tables().items():
        shown = specs[key].metadata["dagster/column_schema"]
        assert [column.name for column in shown.columns] == list(polars_schema(table)), key
        assert all(column.description for column in shown.columns), key


def test_every_asset_is_gated_and_only_warnings_do_not_block():
    graph = defs.resolve_asset_graph()
    gated = {check.asset_key.to_user_string() for check in graph.asset_check_keys}
    assert gated == ASSETS
    for key in graph.asset_check_keys:
        assert graph.get(key).blocking or key.name.startswith("p99_") or key.name == "best_beats_ease", key


def test_generated_columns_are_marked_as_synthetic():
    for key, table in all_tables().items():
        marked = [name for name, column in table.columns().items() if is_synthetic(column)]
        if key.startswith(("raw/", "processed/", "features/")):
            assert not marked, f"{key} holds observed data only"
        if key in ("synthetic/users", "synthetic/platforms"):
            assert set(polars_schema(table)) - set(marked) <= {"user_id", "movie_id"}


def test_loading_the_code_location_imports_no_model_and_no_database_client():
    heavy = ["torch", "transformers", "sentence_transformers", "pymilvus", "neo4j", "psycopg", "redis", "jpype"]
    script = (
        f"import json, sys; import tv5_assets.definitions; print(json.dumps([m for m in {heavy} if m in sys.modules]))"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert json.loads(ran.stdout.splitlines()[-1]) == []


def test_loading_the_code_location_reads_no_network_and_no_secret():
    script = (
        "import os, socket\n"
        "def refuse(*_): raise AssertionError('the network was used')\n"
        "socket.socket.connect = refuse\n"
        "read = os.environ.__class__.__getitem__\n"
        "def watch(self, name):\n"
        "    assert not any(word in str(name) for word in ('PASSWORD', 'TOKEN', '_URL')), name\n"
        "    return read(self, name)\n"
        "os.environ.__class__.__getitem__ = watch\n"
        "import tv5_assets.definitions\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_loading_the_code_location_starts_no_thread_of_polars():
    # Steps are forks of a process that has loaded it: they would wait for ever for threads that a fork does not have.
    script = (
        "import tv5_assets.definitions, tv5_assets.preload\n"
        "from pathlib import Path\n"
        "names = [file.read_text().strip() for file in Path('/proc/self/task').glob('*/comm')]\n"
        "assert not [name for name in names if name.startswith(('polars-0', 'tokio'))], names\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_only_the_outer_modules_import_dagster():
    for path in PACKAGE.rglob("*.py"):
        name = path.relative_to(PACKAGE).as_posix()
        if name.startswith(KNOWS_DAGSTER):
            continue
        imported = {
            module.split(".")[0]
            for node in ast.walk(ast.parse(path.read_text()))
            for module in (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else []
            )
        }
        assert "dagster" not in imported, name


def test_the_plain_library_loads_without_dagster():
    modules = sorted(
        "tv5_assets." + path.relative_to(PACKAGE).as_posix()[:-3].replace("/", ".")
        for path in PACKAGE.rglob("*.py")
        if not path.relative_to(PACKAGE).as_posix().startswith((*KNOWS_DAGSTER, "cli.py"))
        and path.name not in ("__init__.py", "__main__.py")
    )
    script = (
        f"import importlib, sys\nfor name in {modules}: importlib.import_module(name)\n"
        "assert 'dagster' not in sys.modules, 'something pulled in dagster'\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_packages_hold_only_a_docstring():
    for path in PACKAGE.rglob("__init__.py"):
        body = ast.parse(path.read_text()).body
        assert len(body) == 1, path
        assert isinstance(body[0], ast.Expr), path


def test_a_step_finds_the_job_that_is_put_together_already():
    found = main_job_for_steps()
    assert found.get_definition() is main_job()
    assert found.get_repository_definition() is defs.get_repository_def()
    # What dagster.reconstructable finds has a repository of its own, made and checked for this one job.
    assert dg.reconstructable(main_job).get_repository_definition() is not defs.get_repository_def()


def test_the_workspace_names_the_same_location():
    root = PACKAGE.parent
    assert "location_name: tv5_assets" in (root / "workspace.yaml").read_text()
    assert 'code_location_name = "tv5_assets"' in (root / "pyproject.toml").read_text()


def test_the_datasets_page_is_up_to_date():
    from tv5_assets.tables.document import datasets_page

    page = PACKAGE.parent / "docs" / "datasets.md"
    assert page.read_text(encoding="utf-8") == datasets_page(), "run `make docs`"
