# `make run` and `make test` need Python 3.11 or 3.12 and a network to the package registries;
# Node is taken from PyPI where there is none.
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
UV_VERSION := 0.13.8
READY := $(VENV)/.ready

.PHONY: run serve test check bench lock clean

run: $(READY)
	$(PY) cli.py run $(DOCS)

serve: $(READY)
	$(PY) cli.py serve

test: check
	$(PY) -m pytest -n 3 --dist loadfile

check: $(READY)
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(PY) samples/build.py --check

bench: $(READY)
	$(PY) -m bench

lock: $(READY)
	$(PY) -m uv pip compile --quiet --universal --python-version 3.11 --no-emit-index-url \
	    --no-header requirements.in -o requirements.txt
	$(PY) -m uv pip compile --quiet --universal --python-version 3.11 --no-emit-index-url \
	    --no-header --override requirements-overrides.in requirements-dev.in -o requirements-dev.txt

clean:
	rm -rf $(VENV) .local .mypy_cache .ruff_cache .pytest_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(READY): requirements-dev.txt local/node/package-lock.json
	test -x $(PY) || $(PYTHON) -m venv $(VENV)
	$(PY) -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	$(PY) -m uv pip sync --quiet --python $(PY) requirements-dev.txt
	$(PY) -m local.azurite
	touch $(READY)
