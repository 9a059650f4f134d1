"""The pages of traces in the admin, and what is read of them."""

from django.urls import reverse

LIST = "/admin/traces/trace/"


def change(trace):
    return reverse("admin:traces_trace_change", args=[trace.pk])


def delete(trace):
    return reverse("admin:traces_trace_delete", args=[trace.pk])


def listed(page, query="", path=LIST):
    return list(page.get(f"{path}?{query}").context["cl"].result_list)


def act(page, action, traces, **more):
    form = {"action": action, "_selected_action": [str(trace.pk) for trace in traces]}
    return page.post(LIST, {**form, "index": "0", **more}, follow=True)


def told(response):
    return [str(message) for message in response.context["messages"]]
