# The course in a few words: `make lab` to learn, `make test` to check everything.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# What learners need, and on top of it what the course is tested and built with.
READY := $(VENV)/.ready
DEV := $(VENV)/.ready-dev
SITE := $(VENV)/.ready-site
# What lessons 14 to 17 need is large: it has an environment of its own.
EXTRAS := .venv-extras
XBIN := $(EXTRAS)/bin
XREADY := $(EXTRAS)/.ready
XDEV := $(EXTRAS)/.ready-dev
XNAMES := frameworks,scale
JOBS ?= 2

# Set before any kernel starts; stored outputs do not depend on them, a room of laptops does.
# For tests conftest.py sets them: pytest's workers share the cores.
lab lab-extras app notebooks data bench: export OMP_NUM_THREADS ?= 2
lab lab-extras app notebooks data bench: export OPENBLAS_NUM_THREADS ?= 2
lab lab-extras app notebooks data bench: export NUMBA_NUM_THREADS ?= 2
# Notes of TensorFlow about this processor are no output of a lesson.
lab-extras test-extras notebooks-extras bench-extras: export TF_CPP_MIN_LOG_LEVEL ?= 3
lab-extras test-extras notebooks-extras bench-extras: export TF_ENABLE_ONEDNN_OPTS ?= 0
# One copy of what was downloaded, for lessons and tests alike; conftest.py says the same.
lab lab-extras notebooks notebooks-extras movielens: export MMREC_DATA ?= $(CURDIR)/.cache/datasets
export PIP_DISABLE_PIP_VERSION_CHECK ?= 1
# Containers set it; then each of the many processes of a test run compiles its libraries anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help lab lab-extras app test test-extras notebooks notebooks-extras data movielens
.PHONY: bench bench-extras lock wheels class stick release slides site test-site clean

# uv takes seconds where pip takes a minute; pip does the work where uv is not to be had or fails.
install = { [ -x $(BIN)/uv ] && $(BIN)/uv pip install --quiet --python $(BIN)/python $(1) \
  || $(BIN)/python -m pip install --quiet $(1); }

xinstall = $(subst $(BIN),$(XBIN),$(call install,$(1)))
LIGHTFM = $(shell sed -n 's/^lightfm-next==\([0-9.]*\).*/\1/p' requirements-frameworks.lock)

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo "  The first command builds .venv with $(PYTHON); another one: make lab PYTHON=python3.12"

# The root folder is the repository, or the lessons could not reach the covers in ../data.
# The folder jupyter holds JupyterLab's settings for the course; your own are read as well.
lab lab-extras: export JUPYTER_CONFIG_PATH := $(CURDIR)/jupyter$(if $(JUPYTER_CONFIG_PATH),:$(JUPYTER_CONFIG_PATH))
lab: $(READY)  ## open JupyterLab on the first lesson (LAB="--no-browser --port 8899" adds flags)
	$(BIN)/jupyter-lab --ServerApp.root_dir=. $(LAB) notebooks/00_start_here.ipynb

lab-extras: $(XREADY)  ## open it with LightFM, PyTorch, TensorFlow, Dask and faiss on lesson 14
	$(XBIN)/jupyter-lab --ServerApp.root_dir=. $(LAB) notebooks/14_lightfm.ipynb

app: $(READY)  ## open the page to play with, without code (VOILA="--no-browser" adds flags)
	$(BIN)/voila apps/playground/playground.ipynb $(VOILA)

test: $(DEV)  ## lint, types, tests and every core notebook, outputs compared strictly
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest --nbval -n $(JOBS) --dist loadscope

XTESTS := $(wildcard $(foreach n,lightfm_model torch_models torch_networks torch_training keras_models vectors scale retrieval,tests/test_extras_$(n).py)) \
  tests/test_notebooks.py::test_every_check_fails_on_the_blank \
  $(wildcard $(foreach n,14 15 16 17,$(foreach d,. deeper solutions,notebooks/$(d)/$(n)_*.ipynb)))
test-extras: $(XDEV)  ## the same for lessons 14 to 17, which need more packages
	$(XBIN)/pytest --nbval -n $(JOBS) --dist loadscope $(XTESTS)
	MMREC_ROUTES='1[4-7]' $(XBIN)/pytest -n $(JOBS) -k runs tests/test_teaching.py

notebooks: $(DEV)  ## run the text sources in notebooks/src into notebooks (ONLY=03 for one)
	$(BIN)/python tools/build_notebooks.py $(ONLY)

notebooks-extras: $(XDEV)  ## the same for lessons 14 to 17 (ONLY=15 for one)
	$(XBIN)/python tools/build_notebooks.py $(or $(ONLY),14 15 16 17)

data: $(READY)  ## rebuild data/mosaic, with STAMPS=folder data/stamps too (maintainers; see CONTRIBUTING.md)
	@$(call install,-c requirements-extras.lock --no-build-isolation -e ".[data]")
	$(BIN)/python tools/build_mosaic.py
	@test -n "$(STAMPS)" || echo "data/stamps stays as it is; STAMPS=folder names its unpacked package"
	@test -z "$(STAMPS)" || $(BIN)/python tools/build_stamps.py "$(STAMPS)"

movielens: $(READY)  ## download the ratings that lesson 13 needs, once (2 to 5 MB)
	$(BIN)/python -c "from mmrec_course.datasets import load_movielens; load_movielens('100k')"

bench: $(DEV)  ## speed and accuracy beside known libraries, as ratios
	$(BIN)/python benchmarks

bench-extras: $(XDEV)  ## lessons 14 to 17: every model, tuned alike (an hour); costs at scale
	$(XBIN)/python benchmarks/scaling.py
	$(XBIN)/python benchmarks/frameworks.py

class: $(DEV)  ## hand-outs in class/: lessons without the outputs to predict, exercises, no solutions
	$(BIN)/python tools/build_class.py

stick: $(DEV)  ## a room without network: the course and wheels for each system (SYSTEM=Windows for one)
	$(BIN)/python tools/build_stick.py $(if $(SYSTEM),"$(SYSTEM)")

release: $(DEV)  ## wheel, sdist, data and their fingerprints in dist/
	$(BIN)/python tools/build_release.py

slides: $(SITE)  ## build the slides of each lesson into build/slides
	$(BIN)/python tools/build_slides.py

site: $(SITE)  ## build the web site of the course into build/site/html, with slides
	$(BIN)/python tools/build_slides.py
	$(BIN)/python tools/build_site.py

# Chromium reads the site and the playground; kernels run the short routes of the teacher's pages;
# nbgrader its round.
test-site: site  ## site, slides, routes of 45 and 90 minutes, nbgrader: what publishes and teaches
	MMREC_SITE=build/site/html $(BIN)/pytest tests/site
	MMREC_ROUTES=. $(BIN)/pytest -n $(JOBS) -k 'runs or round' tests/test_teaching.py tests/test_nbgrader_round.py

# All at once first: a package has the same version in every lock.
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-header \
  --no-annotate --no-emit-index-url --no-emit-find-links pyproject.toml
lock: $(READY)  ## resolve the six locks anew from pyproject.toml
	@mkdir -p build
	$(COMPILE) --upgrade --all-extras --output-file build/all.lock
	$(COMPILE) -c build/all.lock --output-file requirements.lock
	$(COMPILE) -c build/all.lock --extra dev --output-file requirements-dev.lock
	$(COMPILE) -c build/all.lock --extra encoders --extra data --output-file requirements-extras.lock
	$(COMPILE) -c build/all.lock --extra dev --extra frameworks --output-file build/frameworks.lock
	grep -Ev '^(cuda|nvidia|triton)' build/frameworks.lock > requirements-frameworks.lock
	$(COMPILE) -c build/all.lock --extra dev --extra scale --output-file requirements-scale.lock
	$(COMPILE) -c build/all.lock --extra dev --extra site --no-emit-package playwright \
	  --no-emit-package pyee --no-emit-package greenlet --output-file requirements-site.lock
	$(BIN)/python tools/check_wheels.py

wheels: $(READY)  ## ask the index whether every locked package has a wheel everywhere
	$(BIN)/python tools/check_wheels.py

clean:  ## remove the environment and every cache
	rm -rf $(VENV) $(EXTRAS) .cache .*_cache .hypothesis build class colab dist *.egg-info
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

# Without dependencies: the lock has all but playwright, of which nothing is used.
$(SITE): requirements-site.lock $(DEV)
	@echo "installing the versions of requirements-site.lock: half a minute, once"
	@$(call install,--no-deps -r requirements-site.lock)
	@touch $@

# pip, not uv, fetches PyTorch: it takes a CPU build where you have set one up (see README). Where
# LightFM has no wheel, it is compiled if a compiler is there; lesson 14 is skipped otherwise.
$(XREADY): requirements.lock requirements-frameworks.lock requirements-scale.lock pyproject.toml | $(BIN)/python
	@echo "installing the frameworks, Dask and faiss: 4 GB, a few minutes, once"
	@$(BIN)/python -m venv $(EXTRAS)
	@$(XBIN)/python -m pip install --quiet -c requirements-frameworks.lock torch
	@$(XBIN)/python -m pip install --quiet -c requirements-frameworks.lock uv || echo "no uv: pip takes longer"
	@$(call xinstall,-r requirements.lock)
	@$(call xinstall,-c requirements-frameworks.lock -c requirements-scale.lock --no-build-isolation -e ".[$(XNAMES)]")
	@$(XBIN)/python -c "import lightfm" 2>/dev/null || { echo "no wheel of lightfm-next for this Python: compiling it" \
	  && $(XBIN)/python -m pip install --quiet --no-deps lightfm-next==$(LIGHTFM); } \
	  || echo "lightfm-next could not be compiled: lesson 14 will be skipped"
	@$(XBIN)/python tools/warm_up.py
	@touch $@

$(XDEV): $(XREADY)
	@$(call xinstall,-r requirements-frameworks.lock -r requirements-scale.lock)
	@touch $@
