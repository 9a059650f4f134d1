# Every target does its own set-up; `make` alone says what there is.
.DEFAULT_GOAL := help
.PHONY: help demo test test-web test-training coverage run bench bench-large chaos lint format lock backup restore \
	check-pythons check-postgres check-client check-datasets check-openapi check-trl screenshots

# The first Python from 3.11 to 3.13 that is found.
IS_FIT := -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p $(IS_FIT) && echo $$p && break; done)

WEB := .venv/bin/python
DEV := .venv-dev/bin/python
TRAINING := .venv-training/bin/python
UV := .venv-uv/bin/uv

# one more than there are processors: many tests wait for a server or a browser of theirs
TEST_PROCESSES ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)

# uv asks another index than PyPI where UV_DEFAULT_INDEX names one; pip's own variable counts too.
ifdef PIP_INDEX_URL
export UV_DEFAULT_INDEX ?= $(PIP_INDEX_URL)
endif
export UV_HTTP_TIMEOUT ?= 180

help:
	@echo "make demo       the whole loop: ingest, build, train, evaluate, report (var/demo/report.md)"
	@echo "make run        the web server on HOST (127.0.0.1), PORT (8000) and its workers, until interrupted"
	@echo "make test       all tests, on a real PostgreSQL"
	@echo "make coverage   the tests of the web, and which lines and branches none of them takes (95 % is required)"
	@echo "make bench      the benchmarks, as a table and as JSON (var/bench/)"
	@echo "make bench-large  the same with a million traces (var/bench/large.json)"
	@echo "make chaos      kill processes at random under load, and check that nothing is lost"
	@echo "make lint       format, lint, types, migrations, OpenAPI"
	@echo "make check-pythons   the tests that depend on it, on each of Python 3.11 to 3.13 that is found"
	@echo "make check-postgres  the tests of the web, on a PostgreSQL of the system"
	@echo "make check-client    the client as a package, in environments with nothing else"
	@echo "make check-datasets  what is exported, read by Hugging Face's datasets of 3.6 and of 5"
	@echo "make check-trl       two steps of TRL's trainers on what is exported"
	@echo "make check-openapi   a client made from the OpenAPI document, at a real server"
	@echo "make screenshots  the pictures that the documents show, taken anew (docs/pictures/)"
	@echo "make backup FILE=...    dump the database"
	@echo "make restore FILE=...   restore a dump (asks; FORCE=1: does not)"

demo: .venv/.ready .venv-training/.ready
	$(WEB) manage.py demo

run: .venv/.ready
	$(WEB) manage.py serve

test: test-web test-training

# the documents' commands are run too, those of the server and of training among them
test-web: .venv/.ready .venv-dev/.ready .venv-training/.ready
	$(DEV) -m pytest $(TEST_OPTIONS) --numprocesses $(TEST_PROCESSES) --dist worksteal

# apart from `make test`: measuring takes three quarters more of the processor
coverage: TEST_OPTIONS := --cov
coverage: test-web

# what these write is read in the server's environment
test-training: .venv/.ready .venv-training/.ready
	$(TRAINING) -m pytest -c training/tests/jobs/pytest.ini training/tests/jobs

# the tests that other Pythons have failed before, on each that is found
check-pythons: .venv-uv/.ready
	.ci/check-pythons $(PYTHON)

# the web's tests that ask for the database, but those of the running server, on a PostgreSQL of the
# system. Two modules are left out by name: generated requests, since each process makes them up for
# half a minute to find out what they are, and training from a bundle, which no version matters to
check-postgres: .venv-dev/.ready
	@command -v initdb >/dev/null && command -v pg_ctl >/dev/null \
		|| { echo "There is no initdb and pg_ctl on the path." >&2; exit 2; }
	$(DEV) .ci/with-postgres $(DEV) -m pytest -m "database and not live" \
		--ignore tests/test_schemathesis.py --ignore tests/test_bundle_trains.py \
		--numprocesses $(TEST_PROCESSES) --dist worksteal

# the client as others install it: with the oldest packages that it says it needs, and the newest
check-client: .venv-uv/.ready
	.ci/check-client $(PYTHON)

# exports, as other people's loader reads them; its versions differ in what they can read. Then the
# page that tells of it, whose programs for that loader and for pandas are left out elsewhere
check-datasets: .venv/.ready .venv-dev/.ready .venv-datasets3/.ready .venv-datasets5/.ready
	$(WEB) .ci/check-datasets .venv-datasets3/bin/python .venv-datasets5/bin/python
	$(DEV) -m pytest tests/test_documentation.py -k docs/python.md

# what TRL's trainers make of the formats for them, as they come; then the page that ends in training,
# where GSM8K's files are there
check-trl: .venv/.ready .venv-dev/.ready .venv-trl/.ready
	$(WEB) .ci/check-trl .venv-trl/bin/python
	$(DEV) -m pytest tests/test_documentation.py -k docs/worked-example.md

# a client that openapi-python-client makes, without a warning and as it comes
check-openapi: .venv/.ready .venv-dev/.ready .venv-openapi/.ready
	$(DEV) -m pytest tests/test_generated_client.py

# the pictures that the documents show, by the browser of the tests; look at them before they are kept
screenshots: .venv/.ready .venv-dev/.ready
	$(DEV) -m pytest pages/tests/browser/screenshots.py

bench: .venv/.ready .venv-training/.ready .venv-bench/.ready
	$(WEB) -m benchmarks

# processes are killed at random under load; CHAOS_SEED=... throws the same dice again
CHAOS_SECONDS ?= 150
chaos: .venv/.ready
	$(WEB) -m chaos --seconds $(CHAOS_SECONDS) $(if $(CHAOS_SEED),--seed $(CHAOS_SEED))

bench-large: .venv/.ready
	$(WEB) -m benchmarks --large

lint: .venv-dev/.ready
	$(DEV) -m ruff format --check .
	$(DEV) -m ruff check .
	$(DEV) -m mypy .
	$(DEV) manage.py makemigrations --check --dry-run
	$(DEV) manage.py spectacular --validate --fail-on-warn --file /dev/null

format: .venv-dev/.ready
	$(DEV) -m ruff format .
	$(DEV) -m ruff check --fix .

backup: .venv/.ready
	@test -n "$(FILE)" || { echo "Name the file: make backup FILE=tunix.dump" >&2; exit 2; }
	$(WEB) manage.py backup "$(FILE)"

restore: .venv/.ready
	@test -n "$(FILE)" || { echo "Name the file: make restore FILE=tunix.dump" >&2; exit 2; }
	$(WEB) manage.py restore "$(FILE)" $(if $(FORCE),--force)

FOUND_PYTHON = $(or $(PYTHON),false) $(IS_FIT) \
	|| { echo "Python 3.11, 3.12 or 3.13 is needed; name it: make PYTHON=..." >&2; exit 2; }

# Nothing is resolved here: each file names all that is installed, down to the last hash. The stamp is
# written last, so that an interrupted installation is taken up again.
.venv/.ready: requirements.txt
.venv-dev/.ready: requirements-dev.txt
.venv-training/.ready: requirements-training.txt
.venv-datasets3/.ready: requirements-datasets3.txt
.venv-datasets5/.ready: requirements-datasets5.txt
.venv-openapi/.ready: requirements-openapi.txt
.venv-bench/.ready: requirements-bench.txt
.venv/.ready .venv-dev/.ready .venv-training/.ready \
.venv-datasets3/.ready .venv-datasets5/.ready .venv-openapi/.ready .venv-bench/.ready: | .venv-uv/.ready
	@$(FOUND_PYTHON)
	@echo "Setting up $(@D) from $<"
	$(PYTHON) -m venv --clear --without-pip $(@D)
	$(UV) pip install --python $(@D) --compile-bytecode --no-deps --require-hashes -r $<
	$(UV) pip check --quiet --python $(@D)
	@touch $@

# torch comes by pip and without a hash: each index names its build for the CPU otherwise, of which the
# configured one may offer one (PIP_FIND_LINKS, PIP_EXTRA_INDEX_URL), and that is enough
.venv-trl/.ready: requirements-trl.txt | .venv-uv/.ready
	@$(FOUND_PYTHON)
	@echo "Setting up $(@D) from $<"
	$(PYTHON) -m venv --clear $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --no-input torch==2.13.0
	$(UV) pip install --python $(@D) --compile-bytecode --no-deps --require-hashes -r $<
	$(UV) pip check --quiet --python $(@D)
	@touch $@

.venv-uv/.ready: requirements-uv.txt
	@$(FOUND_PYTHON)
	$(PYTHON) -m venv --clear $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --no-input --no-deps \
		--require-hashes -r $<
	@touch $@

# Resolves the requirements anew, to one version of each package for all Pythons.
LOCK := $(UV) pip compile --quiet --universal --fork-strategy fewest --python-version 3.11 \
	--generate-hashes --no-annotate --no-header --no-emit-index-url --no-emit-find-links
lock: .venv-uv/.ready
	$(LOCK) requirements.in -o requirements.txt
	$(LOCK) requirements-dev.in -c requirements.txt -o requirements-dev.txt
	$(LOCK) requirements-training.in -o requirements-training.txt
	$(LOCK) requirements-datasets3.in -o requirements-datasets3.txt
	$(LOCK) requirements-datasets5.in -o requirements-datasets5.txt
	$(LOCK) requirements-openapi.in -o requirements-openapi.txt
	$(LOCK) requirements-bench.in -o requirements-bench.txt
	echo 'torch; python_version < "3"' | $(LOCK) requirements-trl.in --override - -o requirements-trl.txt
	$(LOCK) requirements-uv.in -o requirements-uv.txt
