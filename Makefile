# Every target makes the environment it needs from requirements.lock; Python and make are enough to start.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
READY := $(VENV)/.ready
SERVERS_VENV ?= .venv-servers
SERVERS := $(SERVERS_VENV)/.ready
PEERS_VENV ?= .venv-peers
PEERS := $(PEERS_VENV)/.ready
CLIENTS := .venv-clients-mcp1/.ready .venv-clients-mcp2/.ready
LOCKS := $(wildcard *.lock tests/*/*.lock)
TOKENIZER := tests/benchmarks/tokenizer/node_modules/.package-lock.json
NAME ?=
RASTERIO_PYTHONS ?= python3.11 python3.13

.PHONY: help demo test test-rasterio test-rasters check conformance clients bundle format bench chaos snapshots session view lock audit clean
help:  ## what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(READY): requirements.lock pyproject.toml
	@echo "making $(VENV) from requirements.lock …" >&2
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock >&2
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e . >&2
	@$(BIN)/python -c "import pathlib; pathlib.Path('$(READY)').touch()"

$(SERVERS): tests/servers/requirements.lock
	@echo "making $(SERVERS_VENV), what the tests talk to …" >&2
	@$(PYTHON) -m venv $(SERVERS_VENV)
	@$(SERVERS_VENV)/$(notdir $(BIN))/python -m pip install --quiet --disable-pip-version-check --require-hashes -r tests/servers/requirements.lock >&2
	@$(PYTHON) -c "import pathlib; pathlib.Path('$(SERVERS)').touch()"

$(PEERS): tests/benchmarks/requirements.lock
	@echo "making $(PEERS_VENV), what the measures compare with …" >&2
	@$(PYTHON) -m venv $(PEERS_VENV)
	@$(PEERS_VENV)/$(notdir $(BIN))/python -m pip install --quiet --disable-pip-version-check --require-hashes -r tests/benchmarks/requirements.lock >&2
	@$(PYTHON) -c "import pathlib; pathlib.Path('$(PEERS)').touch()"

.venv-clients-%/.ready: tests/clients/%.lock
	@echo "making $(@D), clients to try the server with …" >&2
	@$(PYTHON) -m venv $(@D)
	@$(@D)/$(notdir $(BIN))/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $< >&2
	@$(PYTHON) -c "import pathlib; pathlib.Path('$@').touch()"

# Counts what models read; without Node nothing counts it, and what needs it is left out.
$(TOKENIZER): tests/benchmarks/tokenizer/package-lock.json
	@! command -v npm >/dev/null || (cd tests/benchmarks/tokenizer && npm ci --silent >&2)

demo: $(READY)  ## find the water bodies of a real Landsat scene, as an assistant would
	$(BIN)/mcp-ogc demo

test: $(READY) $(SERVERS) $(TOKENIZER)  ## run every test
	$(BIN)/python -m pytest -n auto

# rasterio 1.5, with another GDAL, needs Python 3.12; requirements.lock has 1.4 for the one before it, 1.5 for later ones.
test-rasterio:  ## run the reader and safety tests on rasterio 1.4 and 1.5; needs Python 3.11, and 3.12 or later
	@for one in $(RASTERIO_PYTHONS); do $$one -c "" 2>/dev/null || { echo "$$one is not here:" \
	  'make test-rasterio RASTERIO_PYTHONS="python3.11 python3.12" names two that are' >&2; exit 1; }; done
	@for one in $(RASTERIO_PYTHONS); do \
	  $(MAKE) --no-print-directory PYTHON=$$one VENV=.venv-$$(basename $$one) test-rasters || exit 1; done

test-rasters: $(READY)
	@$(BIN)/python -c "import rasterio, sys; print('Python', sys.version.split()[0], 'rasterio', rasterio.__version__, 'GDAL', rasterio.__gdal_version__)"
	$(BIN)/python -m pytest -q tests/rasters tests/security

check: $(READY)  ## format, lint, types, layers, snapshots
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/test_layers.py tests/snapshots

conformance: $(READY)  ## run the official conformance suites against the server (needs npm)
	$(BIN)/python -m tests.conformance

clients: $(READY) $(CLIENTS)  ## run the guide of every client, over stdio and HTTP
	$(BIN)/python -m pytest -q tests/clients/guides.py

bundle: $(READY)  ## build dist/mcp-ogc.mcpb from what is committed (needs npm)
	rm -rf build/bundle && mkdir -p build/bundle dist
	git archive HEAD mcp_ogc prompts pyproject.toml README.md LICENSE | tar -x -C build/bundle
	$(BIN)/mcp-ogc config --document manifest.json > build/bundle/manifest.json
	$(BIN)/uv lock --quiet --project build/bundle
	npm ci --prefix packaging --silent
	packaging/node_modules/.bin/mcpb validate build/bundle/manifest.json
	packaging/node_modules/.bin/mcpb pack build/bundle dist/mcp-ogc.mcpb

format: $(READY)  ## rewrite the code as check wants it
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(READY) $(PEERS) $(SERVERS) $(TOKENIZER)  ## measure; one alone: make bench NAME=cold-start
	@PEERS_PYTHON=$(PEERS_VENV)/$(notdir $(BIN))/python $(BIN)/python -m tests.benchmarks $(NAME)

chaos: $(READY)  ## 500 jobs among faults and kills: a quarter of an hour
	@$(BIN)/python -m tests.benchmarks chaos

snapshots: $(READY)  ## write what the model sees again, for review as a diff
	WRITE_SNAPSHOTS=1 $(BIN)/python -m pytest -q tests/snapshots/test_schemas.py
	WRITE_SNAPSHOTS=1 $(BIN)/python -m pytest -q tests/snapshots

session: $(READY)  ## record the session of docs/session.md again
	$(BIN)/python -m tests.session

views/node_modules/.package-lock.json: views/package-lock.json
	npm ci --silent --prefix views

view: views/node_modules/.package-lock.json  ## build mcp_ogc/views/view.html from views/; needs node
	node views/build.mjs

lock: $(READY)  ## resolve the dependencies again
	$(BIN)/uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes \
	  --no-annotate --custom-compile-command "make lock" --output-file requirements.lock
	cd tests/servers && ../../$(BIN)/uv pip compile requirements.in --universal --python-version 3.11 --generate-hashes \
	  --no-annotate --custom-compile-command "make lock" --output-file requirements.lock
	cd tests/benchmarks && ../../$(BIN)/uv pip compile requirements.in --universal --python-version 3.11 --generate-hashes \
	  --no-annotate --custom-compile-command "make lock" --output-file requirements.lock
	cd tests/clients && for one in mcp1 mcp2; do ../../$(BIN)/uv pip compile $$one.in --universal --python-version 3.11 \
	  --generate-hashes --no-annotate --custom-compile-command "make lock" --output-file $$one.lock || exit 1; done
	$(BIN)/uv pip compile pyproject.toml --constraint requirements.lock --universal --python-version 3.11 \
	  --generate-hashes --no-annotate --custom-compile-command "make lock" --output-file runtime.lock
	for one in packaging tests/benchmarks/tokenizer tests/clients/typescript tests/conformance; do npm install --prefix $$one \
	  --package-lock-only --omit-lockfile-registry-resolved --silent || exit 1; done

audit: $(READY)  ## ask for known advisories of what is locked; needs the network
	$(BIN)/uv tool run --from pip-audit==2.9.0 pip-audit --strict --require-hashes --disable-pip \
	  $(foreach lock,$(LOCKS),--requirement $(lock))

clean:
	rm -rf $(VENV) $(SERVERS_VENV) $(PEERS_VENV) .venv-clients-* .venv-python* build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
