"""Every kind of job is in docs/jobs.md and in what the OpenAPI document says of a job."""

import re

from jobs.kinds import KINDS
from tests.pages import ROOT
from tests.routes import DOCUMENT


def test_the_page_names_every_kind():
    page = (ROOT / "docs" / "jobs.md").read_text()
    table = page.partition("| kind | started by |")[2].partition("\n\n")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", table, flags=re.MULTILINE)) == set(KINDS)


def test_the_document_names_every_kind():
    said = DOCUMENT["components"]["schemas"]["Job"]["properties"]["kind"]["description"]
    assert set(re.findall(r"`(\w+)`", said)) == set(KINDS)
