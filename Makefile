# Each target makes .venv itself when it is missing or older than pyproject.toml.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PROVER := $(VENV)/.prover
READY  := $(VENV)/.ready
PIP    := $(BIN)/python -m pip --disable-pip-version-check --quiet
# The interpreter's own pip, where it has one that works from outside: to put one into the environment takes as long as the rest.
OUTER  := $(PYTHON) -m pip --python $(BIN)/python --disable-pip-version-check --quiet
CHECK  := import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]["check"])

.PHONY: verify test coverage lint spin bench docs wheel clean

# What is made for development verifies, too.
verify: $(or $(wildcard $(READY)),$(PROVER))
	$(BIN)/treadle verify

test: $(READY)
	$(BIN)/python -m pytest -n auto --dist worksteal

# Lines and branches of the channels; what their own tests leave out is listed, and fails. Tests that only repeat what
# others run, many times or in every order, are left out.
REPEATING := stress order select_interleavings
coverage: $(READY)
	rm -rf .coverage
	$(BIN)/python -m coverage run -m pytest tests/channels -q $(REPEATING:%=--ignore tests/channels/test_%.py)
	$(BIN)/python -m coverage combine -q
	$(BIN)/python -m coverage report

lint: $(READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

# A second opinion on the channel models, by Spin and a C compiler; installed where that is allowed.
spin: $(READY)
	@{ command -v spin && command -v cc; } >/dev/null || apt-get install --yes spin gcc \
	  || { echo "no second opinion: install spin and a C compiler (Debian and Ubuntu: apt-get install spin gcc)"; exit 2; }
	$(BIN)/python -m proofs.second_opinion

bench: $(READY)
	$(PIP) install --group bench
	$(BIN)/python benchmarks/run.py

docs: $(READY)
	$(PIP) install --group docs
	$(BIN)/sphinx-build --fail-on-warning --keep-going --fresh-env --quiet docs site

wheel: $(READY)
	rm -rf dist
	$(BIN)/python -m build --wheel --outdir dist

clean:
	rm -rf $(VENV) dist site

# Built in one go: a half-made environment has no .prover, and is made again. What is never imported need not be compiled.
$(PROVER): pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "treadle needs Python 3.11 or newer: make PYTHON=python3.11 …")'
	$(PYTHON) -m venv --clear --without-pip $(VENV)
	@if $(OUTER) --version >/dev/null 2>&1; then pip='$(OUTER)'; \
	  else $(BIN)/python -m ensurepip >/dev/null && pip='$(PIP)'; fi && check=$$($(PYTHON) -c '$(CHECK)') && { \
	  echo "$$pip install: the package, and beside it $$check"; \
	  $$pip install --no-compile --no-deps --editable . & package=$$!; \
	  $$pip install --no-compile $$check && wait $$package; }
	touch $@

# The tools of development come on top, and are most of the work: `make verify` does without.
$(READY): pyproject.toml
	@test $(PROVER) -nt $< || $(MAKE) --no-print-directory $(PROVER)
	$(BIN)/python -m ensurepip >/dev/null
	$(PIP) install --upgrade pip
	$(PIP) install --editable '.[check]' --group dev
	touch $@
