# Everything a newcomer needs; the only requirements are make and Python 3.11 or newer.
.PHONY: demo test serve lint fuzz lock clean
.DEFAULT_GOAL := demo

BIN := .venv/bin
READY := .venv/.ready
DEV_READY := .venv/.ready-dev
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

demo: $(READY)
	@$(BIN)/medextract demo

test: $(DEV_READY)
	$(BIN)/python -m pytest -n auto

serve: $(READY)
	@LOG_FORMAT=$${LOG_FORMAT:-console} $(BIN)/medextract serve

lint: $(DEV_READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

fuzz: $(DEV_READY)
	$(BIN)/python -m tests.fuzzing

# The locks hold versions and hashes, no addresses: packages come from whatever index pip is set up for.
LOCK := $(BIN)/uv pip compile pyproject.toml --extra build --universal --python-version 3.11 --generate-hashes \
	--no-annotate --no-header --quiet

lock: $(DEV_READY)
	$(LOCK) --output-file requirements.lock
	$(LOCK) --extra dev --constraint requirements.lock --output-file requirements-dev.lock

clean:
	rm -rf .venv .data .mypy_cache .pytest_cache .ruff_cache .hypothesis

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
