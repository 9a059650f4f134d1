"""The score tokens:NAME, wherever scores are asked for."""

import pytest
from django.core.management import CommandError, call_command

from events.tests.acting import acting
from jobs.models import Job
from jobs.tests.working import work_off
from traces.models import Score
from traces.scorers.named import scorer_named
from traces.services.scores import score_trace
from traces.tests.factories import ScoreFactory, TraceFactory
from traces.tests.tokenizer_files import write_words
from tunix_site.errors import Unavailable
from tunix_site.models import Role
from tunix_site.tests.admin_pages import logged_in

pytestmark = pytest.mark.django_db

WORDS = "tokens:words"
HOSTILE = ["tokens:../words", "tokens:/etc/passwd", "tokens:words.json", "tokens:", "tokens:a b"]


@pytest.fixture
def folder(settings, tmp_path):
    """Give the server a tokenizer of words, and its folder."""
    settings.TOKENIZERS_DIR = tmp_path
    write_words(tmp_path / "words.json")
    return tmp_path


def of_words(*counts: int) -> list:
    """Make a trace of so many words in its step, for each; its answer and prompt have one each."""
    return [
        TraceFactory(
            prompt="Many",
            steps=[{"i": 0, "type": "reasoning", "content": " ".join(["word"] * count)}],
            final_answer="4",
        )
        for count in counts
    ]


def score(client, trace, criteria=WORDS):
    url = f"/api/traces/{trace.pk}/score"
    return client.post(url, {"criteria": criteria}, format="json")


def score_all(client, criteria=WORDS):
    body = {"where": {}, "criteria": criteria}
    return client.post("/api/traces/score-all", body, format="json")


def test_a_trace_is_scored_by_a_tokenizer_that_is_there(curator, folder):
    [trace] = of_words(7)
    response = score(curator, trace)
    assert response.status_code == 201
    assert response.json()["score"] == 9
    details = response.json()["details"]
    assert {"prompt": 1, "steps": 7, "final_answer": 1, "unit": "tokens"}.items() <= details.items()
    stored = Score.objects.get()
    assert (stored.criteria, stored.scorer_version) == (WORDS, scorer_named(WORDS).version)


def test_all_that_match_are_scored_and_found_by_it(curator, folder):
    short, long = of_words(3, 30)
    response = score_all(curator)
    assert response.status_code == 202
    work_off("scoring")
    result = curator.get(response.headers["Location"]).json()["result"]
    version = scorer_named(WORDS).version
    assert result == {"scorer_version": version, "scored_count": 2, "undecided_count": 0}
    for bounds, found in (("min_score=10", long), ("max_score=10", short)):
        page = curator.get(f"/api/traces?criteria={WORDS}&{bounds}").json()
        assert [row["id"] for row in page["results"]] == [str(found.pk)]


def test_the_command_scores_by_it_and_names_it(folder, capsys):
    of_words(3, 30)
    call_command("score_traces", WORDS)
    assert capsys.readouterr().out == "Scored 2 traces, 0 of them undecided.\n"
    with pytest.raises(CommandError, match="tokens:words"):
        call_command("score_traces", "tokens:other")


def test_a_reward_takes_it(reader, folder):
    of_words(3, 30)
    body = {"reward": {WORDS: -1}, "where": {}}
    shown = reader.post("/api/rewards/preview", body, format="json").json()
    assert [row["reward"] for row in shown["best"]] == [-5, -32]


def test_the_admin_offers_it(folder):
    page = logged_in(Role.CURATOR).get("/admin/traces/trace/score-all/").content.decode()
    assert f'value="{WORDS}"' in page


@pytest.mark.parametrize("criteria", ["tokens:other", *HOSTILE])
def test_a_tokenizer_that_is_not_there_is_refused_with_those_that_are(curator, folder, criteria):
    (folder / "small.model").write_bytes(b"x")
    for response in (score(curator, TraceFactory(), criteria), score_all(curator, criteria)):
        assert response.status_code == 400
        [said] = response.json()["criteria"]
        assert said.startswith("There is no tokenizer ")
        assert said.endswith(" Known ones: small, words.")
    assert not Score.objects.exists()
    assert not Job.objects.exists()


def test_without_a_folder_the_setting_is_named(curator, settings):
    settings.TOKENIZERS_DIR = None
    [said] = score(curator, TraceFactory()).json()["criteria"]
    assert "TUNIX_TOKENIZERS" in said


def test_a_file_that_is_no_tokenizer_is_the_server_s_fault(curator, folder):
    (folder / "bad.json").write_text("{}")
    response = score(curator, TraceFactory(), "tokens:bad")
    assert response.status_code == 503
    assert response.json() == {"detail": "The file of the tokenizer `bad` cannot be read as one."}
    assert score_all(curator, "tokens:bad").status_code == 202
    work_off("scoring")
    job = Job.objects.get()
    assert (job.state, job.error) == ("failed", response.json()["detail"])
    assert not Score.objects.exists()


def test_a_tokenizer_that_went_after_the_request_ends_the_work(curator, folder):
    [trace] = of_words(1)
    score_all(curator)
    (folder / "words.json").unlink()
    work_off("scoring")
    job = Job.objects.get()
    assert job.state == "failed"
    assert "There is no tokenizer" in job.error
    with pytest.raises(Unavailable, match="any more"):
        score_trace(trace=trace, criteria=WORDS, by=acting())


def test_what_a_tokenizer_fails_on_is_stored_as_undecided(curator, folder):
    write_words(folder / "strict.json", unk_token="[NONE]")
    trace = TraceFactory()
    response = score(curator, trace, "tokens:strict")
    assert (response.status_code, response.json()["score"]) == (201, None)
    page = curator.get("/api/traces?criteria=tokens:strict&outcome=undecided").json()
    assert [row["id"] for row in page["results"]] == [str(trace.pk)]


def test_another_file_of_the_same_name_counts_anew(curator, folder):
    [trace] = of_words(7)
    score(curator, trace)
    write_words(folder / "words.json", unk_token="[CLS]")
    score(curator, trace)
    assert trace.scores.filter(criteria=WORDS).count() == 2


def send(client, trace, version: str):
    one = {"trace": str(trace.pk), "criteria": WORDS, "scorer_version": version, "value": 7}
    return client.post("/api/scores/batch", [one], format="json")


def test_others_may_count_but_not_as_we_do(curator, folder):
    trace = TraceFactory()
    assert send(curator, trace, "theirs-1").status_code == 201
    for version in ("tunix-1", scorer_named(WORDS).version):
        response = send(curator, trace, version)
        assert response.status_code == 400
        assert "scorer_version" in response.json()["errors"][0]["errors"]
    assert Score.objects.get().scorer_version == "theirs-1"


def test_counts_of_others_are_kept_apart(curator, folder):
    [trace] = of_words(7)
    ScoreFactory(trace=trace, criteria=WORDS, scorer_version="theirs-1", value=1)
    score(curator, trace)
    found = trace.scores.order_by("value").values_list("scorer_version", "value")
    assert list(found) == [("theirs-1", 1), (scorer_named(WORDS).version, 9)]
