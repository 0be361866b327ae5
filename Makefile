# The course in a few words: `make lab` to learn, `make test` to check everything.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# What learners need, and on top of it what the course is tested and built with.
READY := $(VENV)/.ready
DEV := $(VENV)/.ready-dev
JOBS ?= 2

# Set before any kernel starts; stored outputs do not depend on them, a room of laptops does.
# For tests conftest.py sets them: pytest's workers share the cores.
lab app notebooks data bench: export OMP_NUM_THREADS ?= 2
lab app notebooks data bench: export OPENBLAS_NUM_THREADS ?= 2
lab app notebooks data bench: export NUMBA_NUM_THREADS ?= 2
# One copy of what was downloaded, for lessons and tests alike; conftest.py says the same.
lab notebooks movielens: export MMREC_DATA ?= $(CURDIR)/.cache/datasets
export PIP_DISABLE_PIP_VERSION_CHECK ?= 1

.DEFAULT_GOAL := help
.PHONY: help lab app test notebooks data movielens bench lock wheels clean

# uv takes seconds where pip takes a minute; pip does the work where uv is not to be had or fails.
install = { [ -x $(BIN)/uv ] && $(BIN)/uv pip install --quiet --python $(BIN)/python $(1) \
  || $(BIN)/python -m pip install --quiet $(1); }

help:  ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo "  The first command builds .venv with $(PYTHON); another one: make lab PYTHON=python3.12"

# The root folder is the repository, or the lessons could not reach the covers in ../data.
# The folder jupyter holds JupyterLab's settings for the course; your own are read as well.
lab: export JUPYTER_CONFIG_PATH := $(CURDIR)/jupyter$(if $(JUPYTER_CONFIG_PATH),:$(JUPYTER_CONFIG_PATH))
lab: $(READY)  ## open JupyterLab on the first lesson (LAB="--no-browser --port 8899" adds flags)
	$(BIN)/jupyter-lab --ServerApp.root_dir=. $(LAB) notebooks/00_start_here.ipynb

app: $(READY)  ## open the page to play with, without code (VOILA="--no-browser" adds flags)
	$(BIN)/voila apps/playground/playground.ipynb $(VOILA)

test: $(DEV)  ## lint, types, tests and every core notebook, outputs compared strictly
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest --nbval -n $(JOBS) --dist loadscope

notebooks: $(DEV)  ## run the text sources in notebooks/src into notebooks (ONLY=03 for one)
	$(BIN)/python tools/build_notebooks.py $(ONLY)

data: $(READY)  ## rebuild data/mosaic, with STAMPS=folder data/stamps too (maintainers; see CONTRIBUTING.md)
	@$(call install,-c requirements-extras.lock --no-build-isolation -e ".[data]")
	$(BIN)/python tools/build_mosaic.py
	@test -n "$(STAMPS)" || echo "data/stamps stays as it is; STAMPS=folder names its unpacked package"
	@test -z "$(STAMPS)" || $(BIN)/python tools/build_stamps.py "$(STAMPS)"

movielens: $(READY)  ## download the ratings that lesson 13 needs, once (2 to 5 MB)
	$(BIN)/python -c "from mmrec_course.datasets import load_movielens; load_movielens('100k')"

bench: $(DEV)  ## speed and accuracy beside known libraries, as ratios
	$(BIN)/python benchmarks

# All at once first: a package has the same version in every lock.
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-header \
  --no-annotate --no-emit-index-url --no-emit-find-links pyproject.toml
lock: $(READY)  ## resolve the three locks anew from pyproject.toml
	@mkdir -p build
	$(COMPILE) --upgrade --all-extras --output-file build/all.lock
	$(COMPILE) -c build/all.lock --output-file requirements.lock
	$(COMPILE) -c build/all.lock --extra dev --output-file requirements-dev.lock
	$(COMPILE) -c build/all.lock --extra encoders --extra data --output-file requirements-extras.lock
	$(BIN)/python tools/check_wheels.py

wheels: $(READY)  ## ask the index whether every locked package has a wheel everywhere
	$(BIN)/python tools/check_wheels.py

clean:  ## remove the environment and every cache
	rm -rf $(VENV) .cache .mypy_cache .pytest_cache .ruff_cache .hypothesis build *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is not there; name a Python 3.11, 3.12 or 3.13: make lab PYTHON=python3.12"; exit 1; }
	@$(PYTHON) tools/check_python.py
	$(PYTHON) -m venv --clear $(VENV)

# The interpreter is order-only: its own date, years old, says nothing about the environment.
$(READY): requirements.lock pyproject.toml | $(BIN)/python
	@echo "installing the versions of requirements.lock: about a minute, once"
	@$(BIN)/python -m pip install --quiet -c requirements-dev.lock uv || echo "no uv: pip takes longer"
	@$(call install,-r requirements.lock)
	@$(call install,--no-deps --no-build-isolation -e .)
	@$(BIN)/python tools/warm_up.py
	@touch $@

$(DEV): requirements-dev.lock $(READY)
	@echo "installing the versions of requirements-dev.lock: half a minute, once"
	@$(call install,-r requirements-dev.lock)
	@touch $@
