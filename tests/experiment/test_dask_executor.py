"""The executor on a dask cluster, against a client that fails as one says."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from typing import Any

import pytest

from tda_latent.errors import ExecutorFailure, InvalidInput
from tda_latent.experiment.executors import Job, dask_cluster, dask_worker
from tda_latent.experiment.executors.dask_cluster import DaskExecutor


class KilledWorker(Exception):
    """As dask raises it."""


class Future:
    def __init__(self, outcomes: list[Any]) -> None:
        self.outcomes = outcomes

    def add_done_callback(self, call: Callable[[Future], None]) -> None:
        call(self)

    def result(self, timeout: float) -> str:
        outcome = self.outcomes.pop(0)
        if isinstance(outcome, BaseException):
            raise outcome
        return json.dumps(outcome)

    def release(self) -> None: ...


class Client:
    """Gives the outcomes of each task in turn."""

    def __init__(self, **outcomes: list[Any]) -> None:
        self.outcomes, self.status, self.sent = outcomes, "running", []
        self.workers = {"tcp://a": 2}

    def nthreads(self) -> dict[str, int]:
        return self.workers

    def submit(self, function: Callable[[str], str], text: str, **options: Any) -> Future:
        assert function in (dask_worker.perform, dask_worker.greet)
        assert isinstance(text, str)
        assert not options["pure"]
        label = json.loads(text).get("payload", {"label": "greeting"})["label"]
        self.sent.append(label)
        return Future(self.outcomes[label])

    def cancel(self, futures: list[Future], force: bool) -> None: ...

    def run(self, function: Callable[[str], None], session: str, on_error: str) -> None: ...


OK = {"ok": True, "digest": "d", "notices": []}


@pytest.fixture
def opened(tmp_path):
    """Open an executor on a client."""
    with contextlib.ExitStack() as stack:

        def make(client: Client) -> DaskExecutor:
            made = DaskExecutor(client, Job(tmp_path / "st", tmp_path / "log"), "dask://a:1", contextlib.ExitStack())
            return stack.enter_context(made)

        yield make


def replies(executor: DaskExecutor, *labels: str) -> dict[str, dict[str, Any]]:
    """Hand over the tasks and wait for all of them."""
    for label in labels:
        assert executor.idle
        executor.submit({"label": label, "memory": None})
    found: dict[str, dict[str, Any]] = {}
    while executor.running:
        found |= {reply["label"]: reply for reply in executor.wait(0.01)}
    assert executor.idle == 2
    return found


def test_a_task_that_was_lost_with_its_neighbour_is_tried_alone_before_it_is_blamed(opened) -> None:
    client = Client(bad=[KilledWorker(), KilledWorker()], good=[KilledWorker(), OK])
    found = replies(opened(client), "bad", "good")
    assert found["good"]["ok"]
    assert not found["bad"]["ok"]
    assert "every worker that took it was lost" in found["bad"]["reason"]
    assert sorted(client.sent) == ["bad", "bad", "good", "good"]


def test_nothing_else_is_handed_out_while_a_suspect_runs(opened) -> None:
    executor = opened(Client(a=[KilledWorker(), OK]))
    executor.submit({"label": "a", "memory": None})
    assert executor.wait(0.01) == []
    assert (executor.idle, executor.running) == (0, ("a",))
    assert [reply["label"] for reply in executor.wait(0.01)] == ["a"]
    assert (executor.idle, executor.running) == (2, ())


def test_a_reply_that_was_lost_on_its_way_is_waited_for_again(opened) -> None:
    assert replies(opened(Client(a=[TimeoutError(), TimeoutError(), OK])), "a")["a"]["ok"]


def test_any_other_failure_of_dask_is_told_with_the_task(opened) -> None:
    reply = replies(opened(Client(a=[ValueError("no room")])), "a")["a"]
    assert (reply["ok"], reply["reason"]) == (False, "ValueError: no room")


def test_a_lost_scheduler_is_no_failure_of_a_task(opened) -> None:
    client = Client(a=[OSError("gone")])
    executor = opened(client)
    executor.submit({"label": "a", "memory": None})
    client.status = "connecting"
    with pytest.raises(ExecutorFailure, match="the scheduler of dask://a:1 is gone; what was finished is kept"):
        executor.wait(0.01)


def test_a_stranger_among_the_workers_is_no_failure_of_a_task(opened) -> None:
    stranger = {"ok": True, "kind": dask_worker.STRANGER, "host": "b", "reason": "", "facts": {"numpy": "1.0"}}
    executor = opened(Client(a=[stranger]))
    executor.submit({"label": "a", "memory": None})
    with pytest.raises(ExecutorFailure, match=r"on b would compute something else.*It got no work"):
        executor.wait(0.01)


def test_a_cluster_without_workers_is_given_up_after_a_while(opened, monkeypatch) -> None:
    monkeypatch.setattr(dask_cluster, "RECOUNT", -1.0)
    client = Client()
    executor = opened(client)
    assert executor.idle == 2
    client.workers = {}
    assert executor.idle == 0
    monkeypatch.setattr(dask_cluster, "LONELY", -1.0)
    with pytest.raises(ExecutorFailure, match="no worker of dask://a:1 is left"):
        _ = executor.idle


def test_a_worker_that_cannot_even_be_asked_is_refused(opened) -> None:
    executor = opened(Client(greeting=[ModuleNotFoundError("No module named 'tda_latent'")]))
    with pytest.raises(InvalidInput, match="Install the same version of tda-latent there; nothing was computed"):
        executor.greet_all()


def test_a_limit_of_the_cluster_holds_where_the_run_sets_none(opened, monkeypatch) -> None:
    seen: list[Any] = []
    client = Client(a=[OK], b=[OK])
    submit = client.submit
    monkeypatch.setattr(
        client, "submit", lambda f, text, **more: seen.append(json.loads(text)) or submit(f, text, **more)
    )
    executor = opened(client)
    executor.memory = 5
    executor.submit({"label": "a", "memory": None})
    executor.submit({"label": "b", "memory": 3})
    assert [request["payload"]["memory"] for request in seen] == [5, 3]
