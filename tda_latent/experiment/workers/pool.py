"""Worker processes that can be killed: each runs one task, so a death or a hang names its culprit."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import selectors
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tda_latent.errors import ExecutorFailure
from tda_latent.experiment.workers.leftovers import kill_marked, private_folder
from tda_latent.experiment.workers.messages import Messages
from tda_latent.experiment.workers.worker import MARK, one_thread_environment

REPLY = 1 << 26  # bytes of an answer that are waited for
GRACE = 5.0  # seconds that a worker has to end after it closed its pipe
LOOK = 0.5  # seconds between looks for workers that are dead or overdue
STALL = 10.0  # seconds without a look at the workers after which the runner itself was held up


@dataclass
class _Worker:
    process: subprocess.Popen[bytes]
    mark: str
    folder: Path | None
    label: str | None = None
    line: bytes = b""
    started: float = 0.0
    served: int = 0
    pending: list[bytes] = field(default_factory=list)


@dataclass
class Pool:
    """``size`` processes that run tasks one at a time; started when first needed, restarted after a death.

    A task is blamed for the end of its process only where that had run nothing before: else it is tried once more in
    a fresh one, since an earlier task may have left a thread, a timer or broken memory behind.

    log : file that gets what the workers print, the beginning of it for each task
    seconds : longest time that one task may take, or None; time in which this process was stopped does not count
    """

    size: int
    log: Path
    seconds: float | None = None
    _workers: list[_Worker] = field(default_factory=list)
    _selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)
    _mark: str = field(default_factory=lambda: secrets.token_hex(8))
    _started: int = 0
    _lost: float = 0.0  # seconds in which this process did not run
    _looked: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self._messages = Messages(self.log)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def idle(self) -> int:
        """How many more tasks can be submitted now."""
        return self.size - sum(worker.label is not None for worker in self._workers)

    @property
    def running(self) -> tuple[str, ...]:
        """Labels of the tasks being worked on."""
        return tuple(worker.label for worker in self._workers if worker.label is not None)

    def submit(self, payload: Mapping[str, Any]) -> None:
        """Hand a task to a free worker; call only while `idle` is positive.

        Raises
        ------
        ExecutorFailure
            When the system starts no more processes.
        """
        line = (json.dumps(payload) + "\n").encode()
        for free in [worker for worker in self._workers if worker.label is None]:
            if self._hand(free, payload["label"], line):
                return
            self._discard(free)  # it died while it had nothing to do
        self._hand(self._start(), payload["label"], line)  # a death from here on is noticed and reported by `wait`

    def _hand(self, worker: _Worker, label: str, line: bytes) -> bool:
        """Whether the worker is alive and could be given the task."""
        worker.label, worker.line, worker.started = label, line, self._now()
        self._messages.begin(worker.mark, label)
        if worker.process.poll() is not None or worker.process.stdin is None:
            return False
        try:
            worker.process.stdin.write(line)
            worker.process.stdin.flush()
        except BrokenPipeError:
            return False
        return True

    def wait(self, timeout: float) -> list[dict[str, Any]]:
        """Replies that arrived within ``timeout`` seconds; dead and overdue workers reply with their failure."""
        deadline = time.monotonic() + timeout
        while True:
            found: list[dict[str, Any]] = []
            for key, _ in self._selector.select(min(LOOK, max(0.0, deadline - time.monotonic()))):
                worker, is_reply = key.data
                if worker not in self._workers:  # its other pipe told of its end in this same look
                    continue
                found += self._receive(worker) if is_reply else []
                if not is_reply:
                    self._overhear(worker)
            now = self._now()
            for worker in [busy for busy in self._workers if busy.label is not None]:
                found += self._examined(worker, now)
            if found or time.monotonic() >= deadline:
                return found

    def _examined(self, worker: _Worker, now: float) -> list[dict[str, Any]]:
        """The failure of a busy worker that has died or takes too long."""
        if worker.process.poll() is not None:  # also where a process that it started keeps its pipe open
            found = self._receive(worker)
            return self._buried(worker) if worker in self._workers and not found else found
        if self.seconds is None or now - worker.started <= self.seconds:
            return []
        reason = f"took longer than {self.seconds:g} s and was stopped; allow more with --task-time."
        label = worker.label
        self._discard(worker)
        return [{"label": label, "ok": False, "reason": reason, "kind": "Timeout"}]

    def _now(self) -> float:
        """Seconds of a clock that stands still while this process is stopped or its machine sleeps."""
        now = time.monotonic()
        self._lost += now - self._looked if now - self._looked > STALL else 0.0
        self._looked = now
        return now - self._lost

    def close(self) -> None:
        """Stop all workers at once; finished results are already in the store."""
        for worker in list(self._workers):
            self._discard(worker, alone=False)
        if self._started:
            kill_marked(MARK, self._mark)
        self._messages.close()
        self._selector.close()

    def _start(self) -> _Worker:
        self._started += 1
        mark = f"{self._mark}-{self._started}"
        folder = private_folder()
        own = {MARK: mark} | ({"TMPDIR": str(folder)} if folder else {})
        try:
            process = subprocess.Popen(
                [sys.executable, "-m", "tda_latent.experiment.workers.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=os.environ | one_thread_environment() | own,
                start_new_session=True,  # Ctrl-C reaches the runner alone, which then decides
            )
        except OSError as error:
            raise ExecutorFailure(
                f"no worker process could be started: {error.strerror or error}. What is finished is kept; use fewer "
                "--workers or raise the limits of this account (ulimit -n, ulimit -u), then run again."
            ) from error
        worker = _Worker(process, mark, folder)
        for pipe, is_reply in ((process.stdout, True), (process.stderr, False)):
            if pipe is not None:
                os.set_blocking(pipe.fileno(), False)
                self._selector.register(pipe, selectors.EVENT_READ, (worker, is_reply))
        self._workers.append(worker)
        return worker

    def _overhear(self, worker: _Worker) -> None:
        """Pass on what a worker printed."""
        pipe = worker.process.stderr
        data = pipe.read(1 << 16) if pipe is not None else b""
        if data:
            self._messages.write(worker.mark, data)
        elif data is not None and pipe is not None:  # closed by the task; its end is another matter
            self._selector.unregister(pipe)
            pipe.close()
            worker.process.stderr = None

    def _receive(self, worker: _Worker) -> list[dict[str, Any]]:
        """The whole reply of a worker; its failure when it closed its pipe or sent something else."""
        data: bytes | None = worker.process.stdout.read() if worker.process.stdout else b""
        if data is None:  # woken without data
            return []
        if not data:
            return self._buried(worker)
        worker.pending.append(data)
        if b"\n" not in data and sum(map(len, worker.pending)) < REPLY:
            return []
        line, _, rest = b"".join(worker.pending).partition(b"\n")
        label, worker.label, worker.pending = worker.label, None, []
        worker.served += 1
        reply = _reply(line, label)
        if reply is None or rest or reply.pop("leaving", False):
            self._discard(worker)
        if label is None or reply is not None:
            return [] if reply is None else [reply]
        return self._blamed(worker, label, _babble(label, self.log), worker.served == 1)

    def _buried(self, worker: _Worker) -> list[dict[str, Any]]:
        """Remove a worker that has ended and tell the failure of the task that it had."""
        label = worker.label
        with contextlib.suppress(subprocess.TimeoutExpired):
            worker.process.wait(GRACE)  # a pipe closes a moment before its process has ended
        ended = worker.process.poll() is not None
        code = self._discard(worker)
        if label is None:
            return []
        reason = _death(code, self.log) if ended else f"closed the pipe of its worker and was stopped, see {self.log}."
        failure = {"label": label, "ok": False, "reason": reason, "kind": "Death"}
        return self._blamed(worker, label, failure, not worker.served)

    def _blamed(self, worker: _Worker, label: str, failure: dict[str, Any], alone: bool) -> list[dict[str, Any]]:
        """The failure of a task that was ``alone`` in its process; nothing yet of one that is tried again."""
        if alone:
            return [failure]
        self._hand(self._start(), label, worker.line)
        return []

    def _discard(self, worker: _Worker, alone: bool = True) -> int:
        """Stop a worker and all that it started, and give its exit status."""
        self._workers.remove(worker)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(worker.process.pid, signal.SIGKILL)  # a worker leads a group of its own
        code = worker.process.wait()
        if worker.process.stderr is not None:
            self._messages.write(worker.mark, worker.process.stderr.read(1 << 16) or b"")  # its last words
        for pipe in (worker.process.stdout, worker.process.stderr):
            if pipe is not None:
                self._selector.unregister(pipe)
                pipe.close()
        if worker.process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                worker.process.stdin.close()
        if alone:
            kill_marked(MARK, worker.mark)
        if worker.folder is not None:
            shutil.rmtree(worker.folder, ignore_errors=True)
        return code


def _reply(line: bytes, label: str | None) -> dict[str, Any] | None:
    """The answer to the task of this label, or None when it is none."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or found.get("label") != label or type(found.get("ok")) is not bool:
        return None
    return found


def _babble(label: str, log: Path) -> dict[str, Any]:
    reason = f"wrote into the pipe of its worker, which was stopped; a task prints to stdout or stderr, see {log}."
    return {"label": label, "ok": False, "reason": reason, "kind": "Babble"}


def _death(code: int, log: Path) -> str:
    """What the exit status of a dead worker says."""
    if code < 0:
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = f"signal {-code}"
        hint = " (usually out of memory; lower sample: size or allow more with --memory)" if name == "SIGKILL" else ""
        return f"the worker process died of {name}{hint}; its messages are in {log}."
    return f"the worker process ended with status {code}; its messages are in {log}."
