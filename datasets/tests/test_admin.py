"""Datasets and their items in the admin."""

import html
import re

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from datasets.models import Dataset, DatasetItem
from datasets.tests.exporting import EVERY_EXPORT, EXPORTS
from datasets.tests.factories import DatasetFactory, SplitDatasetFactory
from datasets.tests.recipe.test_decontaminate import asked
from traces.models import Trace
from traces.services.curation import INSTEAD
from traces.tests.concurrency import elsewhere, just_before
from traces.tests.factories import TraceFactory
from tunix_site.models import Role
from tunix_site.tests.admin_pages import logged_in

pytestmark = pytest.mark.django_db

LIST = "/admin/datasets/dataset/"
ITEMS = "/admin/datasets/datasetitem/"
HOSTILE = "<script>alert(1)</script>"


def url(view, row):
    return reverse(f"admin:datasets_{row._meta.model_name}_{view}", args=[row.pk])


@pytest.fixture
def page():
    """The browser of a curator who is on the staff."""
    return logged_in(Role.CURATOR)


def listed(page, path):
    return list(page.get(path).context["cl"].result_list)


def act(page, action, path, rows, **more):
    form = {"action": action, "_selected_action": [str(row.pk) for row in rows]}
    return page.post(path, {**form, "index": "0", **more}, follow=True)


def told(response):
    return [str(message) for message in response.context["messages"]]


def links_of(response):
    """Give the addresses of the links in what the page says, beside those around it."""
    link = r'<a (?:class="text-link" href="([^"]+)"|href="([^"]+)" class="text-link")>'
    found = re.findall(link, response.content.decode())
    return [html.unescape(one or other) for one, other in found]


def test_the_list_shows_the_newest_first(page):
    TraceFactory.create_batch(10)
    one, other = DatasetFactory(name="one"), SplitDatasetFactory(name="other")
    response = page.get(LIST)
    assert list(response.context["cl"].result_list) == [other, one]
    assert "train, validation" in response.content.decode()
    assert listed(page, f"{LIST}?q=OTHER") == [other]


def test_the_list_costs_no_query_each(page, django_assert_num_queries):
    TraceFactory()
    DatasetFactory()
    with django_assert_num_queries(5) as queries:  # session, user, roles, count, rows
        page.get(LIST)
    assert '"provenance"' not in queries.captured_queries[-1]["sql"]
    for _ in range(4):
        DatasetFactory()
    with django_assert_num_queries(5):
        page.get(LIST)


def test_deleted_datasets_are_listed_apart(page):
    trace = TraceFactory()
    kept, gone = DatasetFactory(name="kept"), DatasetFactory(name="gone")
    page.post(url("delete", gone), {"post": "yes"})
    assert listed(page, LIST) == [kept]
    assert listed(page, f"{LIST}?state=deleted") == [gone]
    response = page.get(url("change", gone))
    assert "deleted" in response.content.decode()
    assert links_of(response) == []
    assert page.post(url("delete", gone), {"post": "yes"}).status_code == 403
    act(page, "delete_selected", f"{LIST}?state=deleted", [gone], post="yes")
    assert trace.dataset_items.get().dataset == kept


def test_what_each_step_took_away_is_shown_with_its_reasons(page):
    content = {"prompt": "Same?", "final_answer": "yes"}
    steps = [{"i": 0, "type": "reasoning", "content": "same"}]
    kept, *copies = TraceFactory.create_batch(12, steps=steps, **content)
    dataset = DatasetFactory(recipe__exact=True)
    response = page.get(url("change", dataset))
    text = " ".join(response.content.decode().split())
    assert "same_content 11 (more than half)" in text
    assert f"trace: {kept.id}" in text
    pages = {reverse("admin:traces_trace_change", args=[copy.pk]) for copy in copies}
    shown = pages & set(links_of(response))
    assert len(shown) == 10


def test_everything_of_a_dataset_is_shown_and_escaped(page):
    TraceFactory.create_batch(3)
    parent = DatasetFactory(name="parent")
    dataset = DatasetFactory(
        name="child",
        parent_key=parent.key,
        session_id=f"session {HOSTILE}",
        training_run_id=f"run {HOSTILE}",
        provenance={f"by {HOSTILE}": "</pre>"},
        recipe__where={"source": "made_up"},
        recipe__limit=2,
    )
    for path in (LIST, f"{LIST}?q={HOSTILE}", url("change", dataset), url("delete", dataset)):
        assert "<script>alert" not in page.get(path).content.decode()
    response = page.get(url("change", dataset))
    text = html.unescape(response.content.decode())
    for part in (
        dataset.content_digest,
        str(dataset.build_id),
        f"session {HOSTILE}",
        f"run {HOSTILE}",
        f'"by {HOSTILE}": "</pre>"',
        '"source": "made_up"',
        "avg_step_count",
        dataset.created_by.username,
    ):
        assert part in text
    assert url("change", parent) in links_of(response)


def downloaded(page, address):
    """Read a stream to its end: one that is left holds the connection that the next one needs."""
    response = page.get(address)
    assert response.getvalue() or response.headers["X-Row-Count"] == "0"
    return response


def test_the_links_of_a_dataset_lead_to_its_items_manifest_and_exports(page):
    TraceFactory.create_batch(20)
    dataset = SplitDatasetFactory(name="a set", version="0.1 b/c")
    links = links_of(page.get(url("change", dataset)))
    counts = dataset.stats["split_counts"]
    sizes = [20, counts["train"], counts["validation"]]
    items = [address for address in links if address.startswith(ITEMS)]
    assert [len(listed(page, address)) for address in items] == sizes
    manifest, bundle, *others = (address for address in links if address.startswith("/api/"))
    exports = [address for address in others if "/export." in address]
    assert downloaded(page, manifest).status_code == 200
    assert downloaded(page, bundle)["Content-Type"] == "application/zip"
    responses = [downloaded(page, address) for address in exports]
    counts = [response.headers["X-Row-Count"] for response in responses]
    assert counts == [
        str(size) if export in EXPORTS else "0"  # no trace has labels or a reference
        for export in EVERY_EXPORT
        if export != ("jsonl", "parquet")  # the table has two names
        for size in sizes
    ]


def test_a_dataset_links_to_its_lineage_and_to_what_it_is_compared_with(page):
    TraceFactory.create_batch(3)
    parent, before = DatasetFactory(name="theirs"), DatasetFactory(name="ours", version="1")
    evalset = asked("What is the longest river?")
    dataset = DatasetFactory(
        name="ours",
        version="2",
        parent_key=parent.key,
        recipe__limit=2,
        recipe__decontaminate={"against": [{"eval_set": evalset}]},
    )
    response = page.get(url("change", dataset))
    told = [
        link for link in links_of(response) if link.startswith("/api/") and "export" not in link
    ]
    assert told == [
        f"/api/datasets/{dataset.key}/manifest",
        f"/api/datasets/{dataset.key}/bundle.zip",
        f"/api/datasets/{dataset.key}/lineage",
        f"/api/datasets/compare?base={parent.key}&other={dataset.key}",
        f"/api/datasets/compare?base={before.key}&other={dataset.key}",
        f"/api/datasets/{dataset.key}/contamination?eval_set={evalset}",
    ]
    assert [page.get(link).status_code for link in told[2:]] == [200] * 4
    text = response.content.decode()
    assert "below 100: 2" in text
    assert "number: 2" in text


def test_no_request_changes_a_dataset_or_an_item(admin_client):
    TraceFactory()
    dataset = DatasetFactory()
    item = DatasetItem.objects.get()
    before = list(Dataset.objects.values()), list(DatasetItem.objects.values())
    for row in (dataset, item):
        add = reverse(f"admin:datasets_{row._meta.model_name}_add")
        for path in (url("change", row), add):
            form = {"name": "forged", "position": "9", "split": "forged", "trace_count": "9"}
            assert admin_client.post(path, form).status_code == 403
        assert admin_client.get(add).status_code == 403
    assert admin_client.post(url("delete", item), {"post": "yes"}).status_code == 403
    act(admin_client, "delete_selected", ITEMS, [item], post="yes")
    assert (list(Dataset.objects.values()), list(DatasetItem.objects.values())) == before


def test_a_dataset_is_deleted_after_asking(page):
    TraceFactory.create_batch(3)
    dataset = DatasetFactory(name="one")
    assert "one-1 with its 3 items" in page.get(url("delete", dataset)).content.decode()
    assert Dataset.objects.existing().exists()
    response = page.post(url("delete", dataset), {"post": "yes"}, follow=True)
    assert "was deleted successfully" in told(response)[0]
    assert not Dataset.objects.existing().exists()
    assert not DatasetItem.objects.exists()
    assert Trace.objects.count() == 3


def test_asking_looks_at_no_item(page, django_assert_num_queries):
    TraceFactory.create_batch(3)
    dataset = DatasetFactory()
    with django_assert_num_queries(4) as queries:  # session, user, roles, dataset
        page.get(url("delete", dataset))
    assert "datasets_datasetitem" not in str(queries.captured_queries)


def test_a_parent_is_kept_and_its_children_named(page):
    TraceFactory()
    parent = DatasetFactory(name="parent")
    child = DatasetFactory(name="child", parent_key="parent-1")
    response = page.post(url("delete", parent), {"post": "yes"}, follow=True)
    assert told(response) == ["parent-1 is the parent of: child-1."]
    assert response.redirect_chain[-1][0] == url("change", parent)
    response = act(page, "delete_selected", LIST, [parent], post="yes")
    assert told(response) == ["parent-1: parent-1 is the parent of: child-1."]
    assert Dataset.objects.existing().count() == 2
    response = act(page, "delete_selected", LIST, [parent, child], post="yes")
    assert told(response) == ["Deleted 2."]
    assert not Dataset.objects.existing().exists()


def test_a_trace_in_a_dataset_is_kept_and_the_dataset_named(page, admin_client):
    held, free = TraceFactory(meta={"source": "held"}), TraceFactory()
    DatasetFactory(name="one", recipe__filters={"source": "held"})
    path = reverse("admin:traces_trace_delete", args=[held.pk])
    assert told(page.post(path, {"post": "yes"}, follow=True)) == [
        f"The trace is held by: one-1. {INSTEAD}"
    ]
    response = act(
        admin_client, "delete_selected", "/admin/traces/trace/", [held, free], post="yes"
    )
    assert told(response) == [f"{held.pk}: The trace is held by: one-1. {INSTEAD}", "Deleted 1."]
    assert Trace.objects.get() == held


@pytest.mark.django_db(transaction=True)
def test_a_trace_taken_while_it_is_deleted_is_kept(page):
    trace = TraceFactory()
    path = reverse("admin:traces_trace_delete", args=[trace.pk])
    with just_before('DELETE FROM "traces_trace"', lambda: elsewhere(DatasetFactory)):
        response = page.post(path, {"post": "yes"}, follow=True)
    assert told(response) == ["The trace is held by a dataset that was just built."]
    assert Trace.objects.get() == DatasetItem.objects.get().trace


@pytest.mark.parametrize("role", [Role.READER, Role.WRITER])
def test_other_roles_delete_nothing(role):
    TraceFactory()
    dataset, page = DatasetFactory(), logged_in(role)
    page.post(url("delete", dataset), {"post": "yes"})
    act(page, "delete_selected", LIST, [dataset], post="yes")
    assert Dataset.objects.existing().exists()


def test_items_are_in_order_with_their_prompts(page):
    traces = [TraceFactory(prompt=f"{HOSTILE} number {n}") for n in range(3)]
    DatasetFactory(name="one")
    response = page.get(ITEMS)
    text = response.content.decode()
    items = list(response.context["cl"].result_list)
    assert [item.trace_id for item in items] == [trace.pk for trace in traces[::-1]]
    assert "<script>alert" not in text
    assert f"{HOSTILE} number 2" in html.unescape(text)
    assert reverse("admin:traces_trace_change", args=[traces[0].pk]) in text
    text = page.get(url("change", items[0])).content.decode()
    assert reverse("admin:traces_trace_change", args=[items[0].trace_id]) in text
    assert url("change", Dataset.objects.get()) in text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["one 0", "one 1", "other 0", "other 1"]),
        ("dataset=other-1", ["other 0", "other 1"]),
        ("dataset=nothing", []),
        ("min_position=1", ["one 1", "other 1"]),
        ("dataset=one-1&min_position=1", ["one 1"]),
        ("split=all", ["other 0", "other 1"]),
        ("trace={}", ["one 0", "other 0"]),
    ],
)
def test_items_by_filter(page, query, found):
    TraceFactory()
    newest = TraceFactory()
    DatasetFactory(name="one")
    DatasetFactory(name="other", recipe__seed=1, recipe__splits={"all": 1.0})
    rows = listed(page, f"{ITEMS}?{query.format(newest.pk)}")
    assert [f"{item.dataset.name} {item.position}" for item in rows] == found


def test_the_list_of_items_costs_no_query_each(page, django_assert_num_queries):
    TraceFactory()
    for number in range(3):
        DatasetFactory(name=f"set {number}")
        with django_assert_num_queries(5) as queries:  # session, user, roles, count, rows
            page.get(ITEMS)
    assert '"steps"' not in queries.captured_queries[-1]["sql"]


def test_the_user_who_built_may_be_gone(page):
    TraceFactory()
    dataset = DatasetFactory()
    User.objects.filter(pk=dataset.created_by_id).delete()
    assert page.get(url("change", dataset)).status_code == 200
    assert page.get(LIST).status_code == 200
