# Every target does its own set-up; `make` alone says what there is.
.DEFAULT_GOAL := help
.PHONY: help demo test test-web run bench bench-large lint format lock backup restore

# The first Python from 3.11 to 3.13 that is found.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null \
	&& echo $$p && break; done)

WEB := .venv/bin/python
TRAINING := .venv-training/bin/python
PIP_FLAGS := --disable-pip-version-check --no-input --require-hashes

help:
	@echo "make demo       the whole loop: ingest, build, train, evaluate, report (var/demo/report.md)"
	@echo "make run        the web server on PORT (8000) and its workers, until interrupted"
	@echo "make test       all tests, on a real PostgreSQL"
	@echo "make bench      the benchmarks, as a table and as JSON (var/bench/)"
	@echo "make bench-large  the same with a million traces (var/bench/large.json)"
	@echo "make lint       format, lint, types, migrations, OpenAPI"
	@echo "make backup FILE=...    dump the database"
	@echo "make restore FILE=...   restore a dump"

demo: .venv/.ready .venv-training/.ready
	$(WEB) manage.py demo

run: .venv/.ready
	$(WEB) manage.py serve

test: test-web
	$(TRAINING) -m pytest -c training/tests/jobs/pytest.ini training/tests/jobs

# the documents' training commands are run too
test-web: .venv/.ready .venv-training/.ready
	$(WEB) -m pytest --cov

bench: .venv/.ready .venv-training/.ready
	$(WEB) -m benchmarks

bench-large: .venv/.ready
	$(WEB) -m benchmarks --large

lint: .venv/.ready
	$(WEB) -m ruff format --check .
	$(WEB) -m ruff check .
	$(WEB) -m mypy .
	$(WEB) manage.py makemigrations --check --dry-run
	$(WEB) manage.py spectacular --validate --fail-on-warn --file /dev/null

format: .venv/.ready
	$(WEB) -m ruff format .
	$(WEB) -m ruff check --fix .

backup: .venv/.ready
	@test -n "$(FILE)" || { echo "Name the file: make backup FILE=tunix.dump" >&2; exit 2; }
	$(WEB) manage.py backup "$(FILE)"

restore: .venv/.ready
	@test -n "$(FILE)" || { echo "Name the file: make restore FILE=tunix.dump" >&2; exit 2; }
	$(WEB) manage.py restore "$(FILE)"

# The stamp is written last, so that an interrupted installation is taken up again.
.venv/.ready: requirements-dev.txt
.venv-training/.ready: requirements-training.txt
.venv/.ready .venv-training/.ready:
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed; name it: make PYTHON=..." >&2; exit 2; }
	@echo "Setting up $(@D) from $<"
	$(PYTHON) -m venv --clear $(@D)
	$(@D)/bin/python -m pip install $(PIP_FLAGS) -r $<
	@touch $@

# Resolves the requirements anew; needs uv on the path.
LOCK := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
	--no-header --no-emit-index-url --no-emit-find-links
lock:
	$(LOCK) requirements.in -o requirements.txt
	$(LOCK) requirements-dev.in -c requirements.txt -o requirements-dev.txt
	$(LOCK) requirements-training.in -o requirements-training.txt
