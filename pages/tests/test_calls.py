"""Requests to the API as commands that people copy."""

import shlex

from pages.shared.calls import command


def test_a_shell_reads_what_is_meant():
    address, body = "http://site/api/traces?q=it's&tag=a b", '{"why": "it\'s"}'
    assert shlex.split(command(address)) == [
        "curl",
        "-sSf",
        "-H",
        "Authorization: Bearer $KEY",
        address,
    ]
    assert shlex.split(command(address, body))[-4:] == [
        "-H",
        "Content-Type: application/json",
        "-d",
        body,
    ]
