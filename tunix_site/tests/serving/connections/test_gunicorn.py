"""What our web process takes from the inside of gunicorn, as it was when ours was written."""

import hashlib
import inspect

import pytest
from gunicorn import arbiter, util
from gunicorn.http import body, message, unreader, wsgi
from gunicorn.workers import base, gthread

RELIED_ON = {
    gthread.ThreadWorker.__init__: "5681b8b542ea91bf",
    gthread.ThreadWorker.init_process: "e4fc63a1a68e4f48",
    gthread.ThreadWorker.handle_exit: "b4e7decd4f9203ac",
    gthread.ThreadWorker.handle_quit: "36bd35a8dae5d2b5",
    gthread.ThreadWorker.handle_request: "6d0de5b919102efc",
    gthread.ThreadWorker.set_accept_enabled: "140150ebfd3cae34",
    gthread.ThreadWorker.is_parent_alive: "3517612f7763cc47",
    gthread.PollableMethodQueue: "5b4a78bd3cfb9745",
    base.Worker.__init__: "e0f1de2d60574066",
    base.Worker.init_process: "114caccd7a0e3c21",
    base.Worker.init_signals: "65442e0602b05f37",
    message.Message: "1998788a8a484d40",
    message.Request: "5fb06ef65d3b892b",
    message.HeaderPolicy: "84bc24b291e79234",
    body.Body: "2a2afc0b6a50d7ea",
    body.ChunkedReader: "c1aa79e0ae048701",
    body.LengthReader: "3b01bc7c21a27066",
    unreader.Unreader: "84aaa8f91fcdbbae",
    wsgi.create: "2c35d4a2dc629ede",
    wsgi.Response: "d67f8e6b29d76622",
    util.write: "cd995031295fd782",
    util.close_graceful: "0e5925bfc017bc4e",
    arbiter.Arbiter.manage_workers: "518f2dd040ef6809",
    arbiter.Arbiter.spawn_worker: "6abc0d90b0b9f80b",
    arbiter.Arbiter.stop: "7138b6afd9c46ae0",
}


@pytest.mark.parametrize("part", RELIED_ON, ids=lambda part: part.__qualname__)
def test_the_parts_of_gunicorn_that_we_rely_on_are_as_they_were(part):
    digest = hashlib.sha256(inspect.getsource(part).encode()).hexdigest()[:16]
    assert digest == RELIED_ON[part], (
        f"gunicorn's {part.__qualname__} has changed: read it against tunix_site/serving/, which "
        f"relies on it, and then write {digest} here."
    )
