# The commands of the project. `make demo` and `make test` need only Python 3.11+ and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
WHEEL_VENV := build/wheel-venv
WHEEL_RUN := build/wheel-run
# Of the tests, those that an installation can break: what is imported late, read from a package's folder, started as a
# program or process, or promised by the guides. The others hang on the code alone, which `tools/compare_wheel.py` proves
# to be the same: they would take as long again, and tell nothing. `make wheel-test WHEEL_TESTS=tests` runs all.
WHEEL_TESTS ?= tests/contracts tests/core tests/docs tests/integration \
	tests/loaders/test_isolation.py tests/loaders/test_loading.py tests/loaders/test_pdf_pages.py tests/rag/providers \
	tests/rag/test_aio.py tests/rag/test_cli.py tests/rag/test_engine.py tests/rag/test_loader_workers.py \
	tests/rag/test_telemetry.py tests/rag/tuning/test_report.py
EXTRAS := local,ocr,azure,aws,vault,tuning,dev
FAULTS_STAMP := $(VENV)/.faults-installed
BENCH_STAMP := $(VENV)/.bench-installed
DOCS_STAMP := $(VENV)/.docs-installed
AZURITE := build/azurite
AZURITE_VERSION := 3.35.0

.PHONY: demo notebooks test faults lint types check wheel-test bench docs lock clean

demo: $(STAMP)
	$(BIN)/konverze demo

# The notebooks, run from beginning to end: a page of each in build/notebooks/. To work in one: marimo edit notebooks/FILE.
notebooks: $(STAMP)
	for notebook in notebooks/[0-9]*.py; do \
		$(BIN)/python tools/notebook_pages.py $$notebook build/notebooks || exit 1; \
	done

test: $(STAMP)
	$(BIN)/python -m pytest -q --ignore=tests/faults

# Every fault, against real servers, and scans in Hindi: moto, OpenBao, Azurite, strace and Tesseract's data of Hindi are
# installed here. Prints one table.
faults: $(FAULTS_STAMP)
	$(BIN)/python -m pytest -q --timeout=900 -o faulthandler_timeout=890 tests/faults tests/loaders/test_hindi_ocr.py

$(FAULTS_STAMP): $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c requirements.lock -e '.[$(EXTRAS),faults]'
	-npm install --silent --no-audit --no-fund --no-save --prefix $(AZURITE) azurite@$(AZURITE_VERSION)
	-dpkg -s strace tesseract-ocr-hin >/dev/null 2>&1 || \
		{ apt-get update -qq && apt-get install -y -qq --no-install-recommends strace tesseract-ocr-hin; }
	touch $(FAULTS_STAMP)

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: $(STAMP)
	$(BIN)/basedpyright

check: lint types test wheel-test

# Tests again on the wheel that users would install, from a folder that holds no source of the packages.
wheel-test: $(STAMP)
	rm -rf dist $(WHEEL_VENV) $(WHEEL_RUN)
	$(BIN)/python -m build --no-isolation --outdir dist .
	$(BIN)/python tools/compare_wheel.py dist/*.whl
	$(PYTHON) -m venv $(WHEEL_VENV)
	$(WHEEL_VENV)/bin/python -m pip install --quiet --disable-pip-version-check -c requirements.lock \
		"$$(ls $(CURDIR)/dist/*.whl)[$(EXTRAS)]"
	mkdir -p $(WHEEL_RUN)
	cp -r tests docs benchmarks notebooks tools *.md LICENSE pyproject.toml $(WHEEL_RUN)
	cd $(WHEEL_RUN) && $(CURDIR)/$(WHEEL_VENV)/bin/python -m pytest -q -o pythonpath=. --ignore=tests/faults $(WHEEL_TESTS)

# The whole suite beside its peers, which are installed here: about an hour. One question: `make bench ASK=dense`.
bench: $(BENCH_STAMP)
	$(BIN)/python -m benchmarks $(ASK)

$(BENCH_STAMP): $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c requirements.lock -e '.[$(EXTRAS),bench]'
	touch $(BENCH_STAMP)

# The documentation site with the notebooks' pages: build/docs/index.html. Fails where a link of it leads nowhere.
docs: $(DOCS_STAMP) notebooks
	$(BIN)/python -m tools.docs_site

$(DOCS_STAMP): $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c requirements.lock -e '.[$(EXTRAS),docs]'
	touch $(DOCS_STAMP)

lock: $(STAMP)
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --all-extras --no-header pyproject.toml \
		-o requirements.lock

clean:
	rm -rf $(VENV) dist build demo-data .pytest_cache .ruff_cache .hypothesis

$(STAMP): pyproject.toml requirements.lock
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "konverze_rag needs Python 3.11 or later")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c requirements.lock -e '.[$(EXTRAS)]'
	touch $(STAMP)
