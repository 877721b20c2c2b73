"""Worker processes: whatever dies or changes under way, every task gets one answer and nobody stays behind."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tda_latent.errors import ExecutorFailure, InvalidInput, InvalidParameter
from tda_latent.experiment.identity.keys import code_now, file_digest
from tda_latent.experiment.run import Limits
from tda_latent.experiment.workers.messages import MOST
from tda_latent.experiment.workers.pool import Pool
from tda_latent.experiment.workers.worker import REASON, _check_unchanged, attempt

ECHO = """
import json, os, signal, sys, time
bombed = False
for line in sys.stdin:
    task = json.loads(line)
    way = task["way"]
    if way == "die":
        os._exit(7)
    if way == "split":
        text = json.dumps({"label": task["label"], "ok": True, "long": "x" * 3_000_000}) + "\\n"
        for start in range(0, len(text), 500_000):
            sys.stdout.write(text[start:start + 500_000]); sys.stdout.flush(); time.sleep(0.01)
        continue
    if way == "half":
        sys.stdout.write('{"label": '); sys.stdout.flush(); os._exit(0)
    if way == "fork" and os.fork() == 0:
        time.sleep(60)
    if way == "fork":
        os._exit(9)
    if way in ("hang", "deaf"):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        time.sleep(60)
    if way == "stop":
        os.kill(os.getpid(), signal.SIGSTOP)
    if way == "babble":
        print("a library that talks into the pipe", flush=True)
        time.sleep(60)
    if way == "other":
        print(json.dumps({"label": "another task", "ok": True}), flush=True)
        time.sleep(60)
    if way == "brackets":
        print("[" * 100_000, flush=True)
        time.sleep(60)
    if way == "bomb":
        signal.signal(signal.SIGALRM, lambda *_: os._exit(4))
        signal.alarm(1)
    if way == "well" and bombed:
        time.sleep(60)
    bombed = way == "bomb"
    if way == "twice":
        print(json.dumps({"label": task["label"], "ok": True}), flush=True)
    if way == "shout":
        for _ in range(64):
            sys.stderr.write("x" * (1 << 20))
    if way == "mute":
        os.close(2)
    if way == "daemon":
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                sys.stdout.close()
                open(task["file"], "w").write(str(os.getpid()))
                time.sleep(600)
            os._exit(0)
        os.wait()
        while not os.path.exists(task["file"]) or not open(task["file"]).read():
            time.sleep(0.01)
        if task["dies"]:
            os._exit(5)
    if way == "litter":
        open(os.environ["TMPDIR"] + "/litter", "w").write("x")
        open(task["file"], "w").write(os.environ["TMPDIR"])
    print(json.dumps({"label": task["label"], "ok": True}), flush=True)
    if way == "late":
        os._exit(0)
"""


@pytest.fixture
def pool(tmp_path, monkeypatch):
    """A pool of one worker that does as it is told."""
    script = tmp_path / "echo.py"
    script.write_text(ECHO, encoding="utf-8")
    start = subprocess.Popen
    monkeypatch.setattr(subprocess, "Popen", lambda call, **options: start([sys.executable, str(script)], **options))
    with Pool(1, tmp_path / "log", seconds=2) as made:
        yield made


def answers(pool: Pool, *ways: str) -> list[dict]:
    """The answers to tasks given one after the other."""
    found: list[dict] = []
    for number, way in enumerate(ways):
        pool.submit({"label": f"{number}", "way": way})
        deadline = time.monotonic() + 20
        while pool.running and time.monotonic() < deadline:
            found += pool.wait(0.2)
    return found


@pytest.mark.parametrize(
    ("way", "reason"),
    [
        ("die", "status 7"),
        ("half", "status 0"),
        ("fork", "status 9"),
        ("deaf", "took longer than 2 s"),
        ("stop", "took longer than 2 s"),
        ("babble", "wrote into the pipe"),
        ("other", "wrote into the pipe"),
        ("brackets", "wrote into the pipe"),
    ],
)
def test_a_task_that_ends_its_worker_is_named_and_the_next_one_runs(pool, way, reason) -> None:
    first, second = answers(pool, way, "well")
    assert first["label"] == "0"
    assert not first["ok"]
    assert reason in first["reason"]
    assert second == {"label": "1", "ok": True}


def test_a_worker_that_died_with_nothing_to_do_fails_no_task(pool) -> None:
    found = answers(pool, "late")
    time.sleep(0.3)
    found += answers(pool, "well")
    pool._workers[0].process.kill()
    pool._workers[0].process.wait()
    found += answers(pool, "well")
    assert [answer["ok"] for answer in found] == [True, True, True]


def test_a_long_answer_in_parts_arrives_whole(pool) -> None:
    assert [len(answer["long"]) for answer in answers(pool, "split")] == [3_000_000]


def test_the_second_answer_of_a_task_is_not_heard(pool) -> None:
    assert [answer["ok"] for answer in answers(pool, "twice", "well", "well")] == [True, True, True]


def test_a_task_is_blamed_only_for_what_happens_in_a_process_of_its_own(pool, tmp_path) -> None:
    """The third worker is fresh: the death repeats there, so it is the task's own."""
    found = answers(pool, "well", "die", "well")
    assert [answer["ok"] for answer in found] == [True, False, True]
    assert pool._started == 3
    assert [answer["ok"] for answer in answers(pool, "bomb", "well")] == [True, True]


def test_a_death_that_is_seen_before_the_end_of_the_pipe_is_handled_once(pool, monkeypatch) -> None:
    """A process may end between the look at the pipes and the look at the processes."""
    answers(pool, "well")
    pool.submit({"label": "a", "way": "die"})
    pool._workers[0].process.wait()
    with monkeypatch.context() as patched:
        patched.setattr(pool._selector, "select", lambda _: [])
        assert pool.wait(0.0) == []  # given to a fresh process, since the first had run something before
    assert ["status 7" in answer["reason"] for answer in pool.wait(20)] == [True]


def test_a_task_that_prints_without_end_leaves_the_beginning_and_how_much_more_there_was(pool) -> None:
    assert [answer["ok"] for answer in answers(pool, "shout", "well")] == [True, True]
    pool.close()
    text = pool.log.read_text(encoding="utf-8")
    assert MOST <= len(text) < MOST + 200
    assert text.startswith("--- 0\nxxx")
    assert text.endswith(f"--- 0 printed {63 * (1 << 20):,} bytes more, left out here.\n")


def test_a_task_that_closes_its_stderr_and_a_log_that_cannot_be_written_stop_nothing(pool, tmp_path) -> None:
    pool.log.mkdir()
    assert [answer["ok"] for answer in answers(pool, "mute", "shout", "well")] == [True, True, True]


@pytest.mark.parametrize("dies", [True, False])
def test_a_process_that_a_task_left_behind_is_found_and_killed(pool, tmp_path, dies) -> None:
    """Even one that left the group of its worker, and whose parents are gone."""
    file = tmp_path / "pid"
    pool.submit({"label": "a", "way": "daemon", "file": str(file), "dies": dies})
    assert [answer["ok"] for answer in pool.wait(20)] == [not dies]
    pool.close()
    with contextlib.suppress(psutil.NoSuchProcess):
        left = psutil.Process(int(file.read_text()))
        gone, _ = psutil.wait_procs([left], timeout=5)
        assert gone or left.status() == psutil.STATUS_ZOMBIE


def test_temporary_files_of_tasks_go_with_their_worker(pool, tmp_path) -> None:
    file = tmp_path / "where"
    pool.submit({"label": "a", "way": "litter", "file": str(file)})
    assert pool.wait(20)[0]["ok"]
    folder = Path(file.read_text())
    assert (folder / "litter").exists()
    pool.close()
    assert not folder.exists()


def test_time_in_which_the_runner_was_stopped_is_not_held_against_a_task(pool, monkeypatch) -> None:
    pool.submit({"label": "a", "way": "hang"})
    pool.wait(0.1)
    real, jump = time.monotonic, 3600.0
    monkeypatch.setattr("tda_latent.experiment.workers.pool.time.monotonic", lambda: real() + jump)
    assert pool.wait(0.1) == []
    assert pool.running == ("a",)
    assert "took longer" in pool.wait(20)[0]["reason"]


def test_a_system_that_starts_no_more_processes_is_a_sentence(tmp_path, monkeypatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    monkeypatch.setattr(subprocess, "Popen", refuse)
    with Pool(1, tmp_path / "log") as made, pytest.raises(ExecutorFailure, match=r"Too many open files.*ulimit -n"):
        made.submit({"label": "a"})


def test_closing_leaves_no_process_and_no_open_file(tmp_path) -> None:
    me = psutil.Process()
    before = me.num_fds()
    with Pool(2, tmp_path / "log") as made:
        made.submit({"label": "a"})
        children = me.children(recursive=True)
        assert children
    assert not [child for child in children if child.is_running()]
    assert me.num_fds() == before


def test_a_pool_without_workers_is_refused_instead_of_waiting_forever() -> None:
    with pytest.raises(InvalidParameter, match="workers is 0"):
        Limits(workers=0)


KILLED = """
import subprocess, sys, time
code = "from tda_latent.experiment.workers.worker import *; die_with_parent(); print('ready', flush=1); time.sleep(60)"
child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, start_new_session=True)
child.stdout.readline()
print(child.pid, flush=True)
time.sleep(60)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process of the death of its parent")
def test_a_busy_worker_ends_with_a_runner_that_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", KILLED], stdout=subprocess.PIPE, text=True) as runner:
        assert runner.stdout is not None
        worker = psutil.Process(int(runner.stdout.readline()))
        runner.kill()
    gone, _ = psutil.wait_procs([worker], timeout=10)
    assert gone or worker.status() == psutil.STATUS_ZOMBIE


def payload(path: Path, **changes: object) -> dict:
    fields = {"files": {"path": file_digest(str(path))}, "code": code_now(["source:file", "streams"])}
    return {
        "label": "a",
        "kind": "source",
        "use": "file",
        "parameters": {"path": str(path)},
        "fields": fields,
    } | changes


def test_nothing_is_stored_under_the_key_of_a_file_or_of_code_that_changed_meanwhile(tmp_path) -> None:
    path = tmp_path / "z.npy"
    path.write_bytes(b"first")
    given = payload(path)
    _check_unchanged(given)
    path.write_bytes(b"another")
    with pytest.raises(InvalidInput, match="changed while it was read"):
        _check_unchanged(given)
    given = payload(path)
    given["fields"]["code"]["streams"] = "0" * 64
    with pytest.raises(InvalidInput, match="code of streams changed"):
        _check_unchanged(given)


def test_a_reason_is_cut_where_nobody_reads_on(tmp_path) -> None:
    long = "n" * 100_000
    reply = attempt({"store": str(tmp_path / "s"), "kind": "source", "use": long, "parameters": {}, "label": "a"})
    assert not reply["ok"]
    assert len(reply["reason"]) < REASON + 10
    assert len(json.dumps(reply)) < 2 * REASON
