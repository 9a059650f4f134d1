"""Killed at any moment, it is taken up by the next start, and nothing is lost."""

import subprocess
import sys

import pytest
from django.conf import settings

from tunix_site.postgres.cluster import embedded_postgres
from tunix_site.postgres.programs import VERSION
from tunix_site.tests.postgres.upgrade.clusters import (
    ROWS,
    connect,
    earlier,
    one,
    places,
    processes_of,
)

KILLED = """
import os, pathlib, signal, subprocess, sys
from tunix_site.postgres.cluster import Cluster, embedded_postgres
from tunix_site.postgres.programs import Programs
from tunix_site.postgres.upgrade import carry_over, transfer

def die(*given, **named):
    os.kill(os.getpid(), signal.SIGKILL)

def die_when(told):
    def end_of(transfer, pg_upgrade):
        while told not in transfer.log.read_text():
            assert pg_upgrade.poll() is None
        die()
    transfer.Transfer._end_of = end_of

def begin(programs, program, command, **options):
    if program == "initdb":
        options["stdout"] = subprocess.DEVNULL
        subprocess.Popen(command, **programs.identity, **options)
        die()
    return call(programs, program, command, **options)

def rename_before(name):
    def rename_or_die(path, target):
        return die() if target.name == name else rename(path, target)
    rename = pathlib.Path.rename
    pathlib.Path.rename = rename_or_die

call = Programs.call
{deed}
with embedded_postgres(pathlib.Path(sys.argv[1])):
    print("answered")
"""
DEEDS = {
    "before anything": "carry_over.CarryOver.take_stock = die",
    "while the old server counts": "carry_over.inventory = die",
    "while initdb runs": "Programs.call = begin",
    "when the new cluster is made": "carry_over.CarryOver.fill = die",
    "when pg_upgrade begins": "transfer.size_of = die",
    "while pg_upgrade looks": "die_when('Checking database user')",
    "while pg_upgrade loads": "die_when('Restoring database schemas')",
    "while pg_upgrade copies": "die_when('Copying user relation files')",
    "when pg_upgrade has ended": "die_when('Upgrade Complete')",
    "while the new server counts": "carry_over.CarryOver._analyze = die",
    "when it is compared": "carry_over.CarryOver.put_in_place = die",
    "before it is called compared": "rename_before('data.carried')",
    "before the old one is put away": "rename_before('data-16')",
    "before the new one takes its place": "rename_before('data')",
    "before it is told": "carry_over._sync = die",
    "before it answers": "Cluster._ensure_database = die",
}
BY_DUMP = "Programs.has = lambda programs, program: False\n"
DEEDS_BY_DUMP = {
    "while it is dumped": BY_DUMP + "transfer._pour = die",
    "while it is loaded": BY_DUMP + "transfer.Transfer._end_of = die",
}
EVERY_DEED = DEEDS | DEEDS_BY_DUMP


def kill(var_dir, moment: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", KILLED.format(deed=EVERY_DEED[moment]), str(var_dir)],
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (-9, ""), done.stderr


@pytest.mark.parametrize("moment", EVERY_DEED)
def test_the_next_start_has_everything(var_dir, moment):
    kill(var_dir, moment)
    with embedded_postgres(var_dir):
        assert one(var_dir, "SHOW server_version").startswith(f"{VERSION}.")
        assert one(var_dir, "SELECT sum(n)::int FROM kept") == ROWS * (ROWS + 1) // 2
        assert one(var_dir, "SELECT nextval('numbers')") == 8
    assert places(var_dir) == {"data", "data-16"}
    assert processes_of(var_dir) == []


@pytest.mark.parametrize("moment", ["while pg_upgrade loads", "before the old one is put away"])
def test_the_version_before_goes_on_and_what_it_wrote_is_carried_over_later(var_dir, moment):
    kill(var_dir, moment)
    with embedded_postgres(var_dir, binaries=earlier()), connect(var_dir) as connection:
        connection.execute("INSERT INTO kept VALUES (0, 'meanwhile')")
    with embedded_postgres(var_dir):
        assert one(var_dir, "SELECT text FROM kept WHERE n = 0") == "meanwhile"
    assert places(var_dir) == {"data", "data-16"}
