# Everything a newcomer needs; the only requirements are make and Python 3.11 or newer.
.PHONY: demo test serve lint lint-pages fuzz bench bench-growth lock clean chaos
.DEFAULT_GOAL := demo

BIN := .venv/bin
READY := .venv/.ready
DEV_READY := .venv/.ready-dev
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

demo: $(READY)
	@$(BIN)/medextract demo

test: $(DEV_READY)
	@$(BIN)/python -m tests.web.chromium
	$(BIN)/python -m pytest -n auto

serve: $(READY)
	@LOG_FORMAT=$${LOG_FORMAT:-console} $(BIN)/medextract serve

lint: $(DEV_READY) lint-pages
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# The pages' JavaScript, its calls and fields against the service's own OpenAPI document.
PAGES := tests/web
lint-pages: $(DEV_READY)
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory $(PAGES)/node_modules/.ready pages-types; \
	else echo "Skipped the check of the pages' types: it needs Node.js 20 or newer." >&2; fi

# The pictures of the README, from the running service.
.PHONY: screenshots
screenshots: $(DEV_READY)
	$(BIN)/python -m tests.web.screenshots

.PHONY: pages-types
pages-types:
	@mkdir -p $(PAGES)/types
	@$(BIN)/python -c 'import json; from app.main import create_app; print(json.dumps(create_app().openapi()))' > $(PAGES)/types/openapi.json
	@cd $(PAGES) && npx --no-install openapi-typescript types/openapi.json --output types/openapi.d.ts > types/log 2>&1 || (cat types/log; exit 1)
	cd $(PAGES) && npx --no-install tsc --project .

$(PAGES)/node_modules/.ready: $(PAGES)/package-lock.json
	cd $(PAGES) && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

# The heavier faults, done to real processes; about eight minutes. CHAOS="'disk full' soak" runs only those.
chaos: $(DEV_READY)
	@$(BIN)/python -m tests.chaos $(CHAOS)

fuzz: $(DEV_READY)
	FUZZ_TIMES=25 $(BIN)/python -m pytest -n 2 tests/test_review_states.py tests/test_idempotency_states.py --hypothesis-show-statistics --timeout=900
	$(BIN)/python -m tests.fuzzing

# For example: make bench BENCH="--quick --in-flight 16", or URL=http://127.0.0.1:8000 for a service of your own.
bench: $(DEV_READY)
	@$(BIN)/python -m benchmarks $(if $(URL),--url $(URL)) $(BENCH)

bench-growth: $(DEV_READY)
	@$(BIN)/python -m benchmarks.growth $(if $(MAX),--max $(MAX))

# The locks hold versions and hashes, no addresses: packages come from whatever index pip is set up for.
LOCK := $(BIN)/uv pip compile pyproject.toml --extra build --universal --python-version 3.11 --generate-hashes \
	--no-annotate --no-header --quiet

lock: $(DEV_READY)
	$(LOCK) --output-file requirements.lock
	$(LOCK) --extra dev --constraint requirements.lock --output-file requirements-dev.lock

clean:
	rm -rf tests/web/node_modules tests/web/types .venv .data .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(READY): requirements.lock pyproject.toml
	@python=; for candidate in $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11; do \
		if $$candidate -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python=$$candidate; break; fi; \
	done; \
	if [ -z "$$python" ]; then echo "Python 3.11 or newer is needed; name it with PYTHON=/path/to/python" >&2; exit 1; fi; \
	echo "Setting up .venv with $$($$python --version); this takes a minute, once." >&2; \
	$$python -m venv --clear .venv
	@$(PIP) --require-hashes -r requirements.lock
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

$(DEV_READY): $(READY) requirements-dev.lock
	@$(PIP) --require-hashes -r requirements-dev.lock
	@touch $@
