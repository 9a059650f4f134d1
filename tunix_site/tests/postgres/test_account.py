"""Who runs the embedded PostgreSQL."""

import os
import pwd
from pathlib import Path
from types import SimpleNamespace

import pytest

from tunix_site.postgres.account import find_account, private_directory, succeeds
from tunix_site.postgres.telling import PostgresError


class TestAccounts:
    """Who runs the server, seen by what the system answers."""

    @pytest.fixture
    def system(self, monkeypatch):
        """Answer as a system where these commands succeed and these accounts exist."""

        def make(*, uid=0, accounts=("nobody",), succeeds=()):
            def succeeds_(command, **options):
                return any(word in command[0] for word in succeeds)

            def getpwnam(name):
                if name not in accounts:
                    raise KeyError(name)
                return SimpleNamespace(pw_name=name, pw_uid=65534, pw_gid=65534)

            monkeypatch.setattr(os, "getuid", lambda: uid)
            monkeypatch.setattr(pwd, "getpwuid", lambda uid: SimpleNamespace(pw_name=f"user{uid}"))
            monkeypatch.setattr(pwd, "getpwnam", getpwnam)
            monkeypatch.setattr("tunix_site.postgres.account.succeeds", succeeds_)
            return find_account(Path("/var/tunix/postgres"), Path("/opt/bin"))

        return make

    def test_an_ordinary_user_runs_it(self, system):
        account = system(uid=1000)
        assert (account.peer, account.owner, account.wrapper) == ("user1000", 1000, ())

    def test_root_hands_it_to_an_account_of_less_rights(self, system):
        account = system(succeeds=("test", "postgres"))
        assert (account.peer, account.owner, account.wrapper) == ("user0", 65534, ())
        assert dict(account.identity)["user"] == 65534

    def test_root_goes_into_a_namespace_where_that_account_cannot_enter(self, system):
        account = system(succeeds=("unshare",))
        assert (account.peer, account.owner) == ("nobody", 0)
        assert account.wrapper[0] == "unshare"

    @pytest.mark.parametrize("accounts", [("nobody",), ()])
    def test_otherwise_root_is_told_what_to_do(self, system, accounts):
        with pytest.raises(PostgresError, match="PostgreSQL refuses to run as root"):
            system(accounts=accounts)

    def test_a_command_that_is_not_there_does_not_succeed(self):
        assert not succeeds(["/no/such/program"])
        assert not succeeds(["false"])
        assert succeeds(["true"])


def test_a_socket_directory_that_is_a_link_is_refused(tmp_path):
    link = tmp_path / "link"
    link.symlink_to(tmp_path)
    with pytest.raises(PostgresError, match="belongs to somebody else"):
        private_directory(link, os.getuid())
