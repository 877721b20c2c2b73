"""Tasks on a dask cluster: their specifications travel as text, one for each thread of its workers at a time."""

from __future__ import annotations

import contextlib
import json
import queue
import threading
import time
import uuid
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from tda_latent.errors import ExecutorFailure, InvalidInput
from tda_latent.experiment.executors import dask_worker
from tda_latent.experiment.executors.handshake import difference, facts, fingerprint, greeting
from tda_latent.experiment.executors.protocol import Job

RECOUNT = 2.0  # seconds between counts of the workers, which come and go
LONELY = 120.0  # seconds without any worker after which the cluster counts as lost
HELLO = 180.0  # seconds that a worker may take to import everything and say what it is
LOOK = 10.0  # seconds to fetch a reply of a few hundred bytes


class DaskExecutor:
    """An `Executor` on a connected client.

    client : ``distributed.Client``; where : the cluster in words; closing : ends the client and what is ours
    ours : whether the processes of its workers were started for this run alone
    memory : bytes for a task whose run sets no limit, or None
    """

    def __init__(self, client: Any, job: Job, where: str, closing: contextlib.ExitStack, ours: bool = False) -> None:
        self.where, self.closing = where, closing
        self.memory: int | None = None
        self._client, self._job = client, job
        self._futures: dict[str, Any] = {}
        self._texts: dict[str, str] = {}
        self._suspects: list[str] = []  # lost with their worker again and again, perhaps through a neighbour's fault
        self._alone = ""
        self._tried: set[str] = set()
        self._finished: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._slots, self._counted, self._seen = 0, -RECOUNT, time.monotonic()
        hello = closing.enter_context(greeting(job))
        self._facts = facts(job.components, job.store)
        self._session = {
            "id": uuid.uuid4().hex,
            "greeting": hello,
            "expected": fingerprint(self._facts),
            "log": str(job.log.absolute()),
            "seconds": job.seconds,
            "ours": ours,
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def idle(self) -> int:
        """How many more tasks can be submitted now."""
        now = time.monotonic()
        if now - self._counted > RECOUNT:
            self._slots, self._counted = self.threads(), now
        if self._slots:
            self._seen = now
        elif now - self._seen > LONELY:
            raise ExecutorFailure(f"no worker of {self.where} is left since {LONELY:g} s; {_RESUME}")
        return 0 if self._suspects or self._alone else self._slots - len(self._futures)

    @property
    def running(self) -> tuple[str, ...]:
        """Labels of the tasks that were submitted and not answered."""
        return (*self._futures, *self._suspects)

    def threads(self) -> int:
        """How many tasks the workers can run at once.

        Raises
        ------
        ExecutorFailure
            When the scheduler is gone.
        """
        self._check_scheduler()
        try:
            return sum(self._client.nthreads().values())
        except Exception:  # the scheduler is gone, or was too busy to answer
            self._check_scheduler()
            return self._slots

    def greet_all(self) -> None:
        """Ask every worker that is there what it is.

        Raises
        ------
        InvalidInput
            Naming the machine of a worker that would compute something else, and what differs there.
        """
        text = json.dumps({"session": self._session})
        asked = {
            place: self._client.submit(
                dask_worker.greet, text, workers=[place], key=f"tda-greeting-{uuid.uuid4().hex}", pure=False
            )
            for place in self._client.nthreads()
        }
        for place, future in asked.items():
            try:
                found = json.loads(future.result(timeout=HELLO))
            except Exception as error:
                raise InvalidInput(
                    f"the worker {place} of {self.where} does not say what it is ({type(error).__name__}: {error}). "
                    "Install the same version of tda-latent there; nothing was computed."
                ) from error
            if problem := self._problem(found):
                raise InvalidInput(f"{problem} Nothing was computed.")

    def _problem(self, found: Mapping[str, Any]) -> str:
        known = found.get("facts")  # none where its process died over the question
        if found["ok"] and fingerprint(known or {}) == self._session["expected"]:
            return ""
        if known:
            what = f"would compute something else: {difference(self._facts, known)}."
            return f"a worker on {found['host']} {what} Install the same code and versions there."
        return f"a worker on {found['host']} cannot be used: {found['reason']}"

    def submit(self, payload: Mapping[str, Any]) -> None:
        """Hand over a task; a worker that dies with it is replaced by another one, a few times."""
        label = payload["label"]
        task = {**payload, "again": True, "memory": payload["memory"] or self.memory}
        self._texts[label] = json.dumps({"session": self._session, "payload": task})
        self._send(label)

    def _send(self, label: str) -> None:
        key = f"{label}-{uuid.uuid4().hex}"
        future = self._client.submit(dask_worker.perform, self._texts[label], key=key, pure=False, retries=0)
        self._futures[label] = future
        future.add_done_callback(lambda _: self._finished.put(label))

    def wait(self, timeout: float) -> list[dict[str, Any]]:
        """Replies that arrived within ``timeout`` seconds.

        Raises
        ------
        ExecutorFailure
            When the scheduler is gone, or a worker that came later would compute something else.
        """
        if self._suspects and not self._futures:
            self._alone = self._suspects.pop()
            self._send(self._alone)
        labels = []
        with contextlib.suppress(queue.Empty):
            labels.append(self._finished.get(timeout=timeout))
            while True:
                labels.append(self._finished.get_nowait())
        self._check_scheduler()
        return [reply for reply in map(self._reply, labels) if reply is not None]

    def _reply(self, label: str) -> dict[str, Any] | None:
        """The reply of a finished task; None while it is done again because workers died with it.

        Who was lost too often is tried once more with no other task around: only then it is to blame.
        """
        future = self._futures[label]
        try:
            reply: dict[str, Any] = json.loads(future.result(timeout=LOOK))
        except TimeoutError:
            self._check_scheduler()
            future.add_done_callback(lambda _: self._finished.put(label))
            return None
        except Exception as error:
            self._check_scheduler()
            if type(error).__name__ == "KilledWorker" and label not in self._tried:
                self._tried.add(label)
                self._suspects.append(label)
                self._futures.pop(label).release()
                return None
            reply = {"ok": False, "kind": type(error).__name__, "reason": _reason(error)}
        if reply.get("kind") == dask_worker.STRANGER:
            raise ExecutorFailure(f"{self._problem(reply)} It got no work; {_RESUME}")
        self._futures.pop(label).release()
        del self._texts[label]
        self._alone = "" if self._alone == label else self._alone
        return {**reply, "label": label}

    def _check_scheduler(self) -> None:
        if self._client.status != "running":
            raise self._lost()

    def _lost(self) -> ExecutorFailure:
        return ExecutorFailure(f"the scheduler of {self.where} is gone; {_RESUME}")

    def close(self) -> None:
        """Take back what is not finished, and end what was started for this run."""
        if self._client.status == "running":
            _within(5.0, lambda: self._client.cancel(list(self._futures.values()), force=True))
            _within(5.0, lambda: self._client.run(dask_worker.stop, self._session["id"], on_error="ignore"))
        self._futures.clear()
        self.closing.close()


_RESUME = "what was finished is kept, run the same command again to go on."


def _reason(error: Exception) -> str:
    """Why dask gave up on a task."""
    if type(error).__name__ == "KilledWorker":
        return (
            "every worker that took it was lost (usually out of memory, or its job ended); lower sample: size, or give "
            "the workers more memory or time."
        )
    return f"{type(error).__name__}: {error}"


def _within(seconds: float, call: Any) -> None:
    """Call without waiting for long: a cluster in trouble must not keep the runner from ending."""

    def quietly() -> None:
        with contextlib.suppress(Exception):
            call()

    thread = threading.Thread(target=quietly, daemon=True)
    thread.start()
    thread.join(seconds)
