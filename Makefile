# The platform's commands, from a bare checkout. `make help` lists them.
PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed
MLFLOW_UI := .venv/.mlflow-ui
NEO4J := .servers/neo4j
MILVUS := .servers/milvus

# Where it is set, every process compiles anew what it imports, and uv leaves that to the first import: Dagster's alone
# takes 3.0 s then, 1.1 s with its bytecode kept. More than a hundred processes come of one run.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help run ui test lint format bench docs neo4j milvus clean

help:  ## List the commands
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

run: $(INSTALLED)  ## Materialize the whole graph on embedded servers and print a summary
	$(BIN)/tv5 run

ui: $(MLFLOW_UI)  ## Serve the web UI with schedules and sensors, and MLflow's, until Ctrl-C
	$(BIN)/tv5 ui

# A file stays on one worker, so that what its tests share is made once; `loadgroup` groups nothing under pytest 9.2,
# where xdist 3.8 cannot rename a test any more.
test: $(MLFLOW_UI) lint  ## Lint, check types and run the tests
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder --durations 15

lint: $(INSTALLED)  ## Check style, types and the walls between packages
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(INSTALLED)  ## Mend style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(INSTALLED)  ## Measure speed as ratios to the bare limit
	$(BIN)/tv5 bench

docs: $(INSTALLED)  ## Generate docs/datasets.md from the table registry
	$(BIN)/python -m tv5_assets.tables.document docs/datasets.md

neo4j: $(NEO4J)/.installed  ## Install the Neo4j server (Maven, Java 17); TV5_NEO4J_SERVER=neo4j has it started

milvus: $(MILVUS)/.installed  ## Install the Milvus server (Linux); TV5_MILVUS_SERVER=milvus has it started

clean:  ## Remove the environment and installed servers; the data in .tv5 stays
	rm -rf .venv .servers

# uv resolves and downloads in parallel (53 s against 161 s); where it cannot reach the index that pip is configured
# for, pip does it. An interrupted installation is begun again.
$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 13) and "Python 3.11 or 3.12 is needed; set PYTHON=")'
	rm -rf .venv
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python -c constraints.txt -e '.[dev,spark]' \
	  || $(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,spark]'
	$(BIN)/python -c 'import tv5_assets.preload, sentence_transformers'
	touch $@

# MLflow's pages, which only `tv5 ui` serves; why without dependencies is told in constraints.txt.
$(MLFLOW_UI): $(INSTALLED)
	$(BIN)/uv pip install --quiet --python $(BIN)/python -c constraints.txt -e '.[ui]' \
	  || $(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[ui]'
	$(BIN)/uv pip install --quiet --python $(BIN)/python -c constraints.txt --no-deps mlflow \
	  || $(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt --no-deps mlflow
	touch $@

$(NEO4J)/.installed: servers/neo4j/pom.xml
	rm -rf $(NEO4J)
	mvn --batch-mode --quiet --file $< dependency:copy-dependencies -DoutputDirectory=$(CURDIR)/$(NEO4J)/lib
	touch $@

$(MILVUS)/.installed: servers/milvus/requirements.txt $(INSTALLED)
	rm -rf $(MILVUS)
	$(PYTHON) -m venv $(MILVUS)
	$(BIN)/uv pip install --quiet --python $(MILVUS)/bin/python -r $< \
	  || $(MILVUS)/bin/pip install --quiet --disable-pip-version-check -r $<
	$(MILVUS)/bin/python -c 'import milvus; milvus._initialize_data_files("$(MILVUS)/server")'
	touch $@
