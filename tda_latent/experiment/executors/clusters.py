"""From an address to a dask cluster: one that runs already, one in this process, or one of SLURM jobs."""

from __future__ import annotations

import contextlib
import logging
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tda_latent.errors import InvalidInput, missing_library
from tda_latent.experiment.executors.address import Address
from tda_latent.experiment.executors.dask_cluster import DaskExecutor
from tda_latent.experiment.executors.protocol import Job

START = 60.0  # seconds until the first worker of a running cluster is there; ``?start=`` changes it
SCHEDULER = 10.0  # seconds until something listens where the scheduler should be; ``?start=`` changes it, too
QUEUE = 600.0  # the same for jobs that wait in a queue


def open_cluster(address: Address, size: int, job: Job) -> DaskExecutor:
    """Connect to the cluster, wait for its first worker, and see that its workers are of our kind.

    Raises
    ------
    InvalidInput
        When nothing answers, no worker comes, or a worker has another code, version or store.
    MissingLibrary
        When dask is not installed.
    """
    _check_installed(address.kind)
    with contextlib.ExitStack() as stack:
        stack.enter_context(_messages_in(job.log))
        client = _connected(address, size, job, stack)
        executor = DaskExecutor(client, job, _named(address), stack, ours=address.kind == "slurm")
        executor.memory = _task_memory(address)
        _wait_for_worker(executor, address.options.get("start", QUEUE if address.kind == "slurm" else START))
        executor.greet_all()
        executor.closing = stack.pop_all()
    return executor


def _check_installed(kind: str) -> None:
    try:
        import distributed  # noqa: F401

        if kind == "slurm":
            import dask_jobqueue  # noqa: F401
    except ImportError:
        raise missing_library("dask", f"the executor {kind}", "cluster") from None


@contextlib.contextmanager
def _messages_in(log: Path) -> Iterator[None]:
    """Let what dask logs in this process stand beside what workers print, not between the lines of the run."""
    log.parent.mkdir(parents=True, exist_ok=True)
    handler = logging.FileHandler(log, delay=True, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(name)s: %(message)s"))
    loggers = [logging.getLogger(name) for name in ("distributed", "distributed.client", "tornado")]
    loggers += [logging.getLogger(name) for name in ("tornado.application", "dask_jobqueue")]
    before = [(logger, logger.handlers, logger.propagate) for logger in loggers]
    for logger in loggers:
        logger.handlers, logger.propagate = [handler], False
    try:
        yield
    finally:
        for logger, handlers, propagate in before:
            logger.handlers, logger.propagate = handlers, propagate
        handler.close()


def _named(address: Address) -> str:
    return f"{address.kind}://{address.place}" if address.kind in ("dask", "slurm") else address.kind


def _connected(address: Address, size: int, job: Job, stack: contextlib.ExitStack) -> Any:
    """A client of the cluster; it ends with the stack, and so does the cluster where it is ours."""
    from distributed import Client, LocalCluster

    if address.kind == "dask":
        _await_scheduler(address)
        target: Any = f"tcp://{address.place}"
    elif address.kind == "dask-local":
        target = LocalCluster(
            n_workers=1, threads_per_worker=size, processes=False, memory_limit=0,
            dashboard_address="127.0.0.1:0", scheduler_kwargs={"dashboard": False},
        )  # fmt: skip
        stack.callback(_quietly, target)
    else:
        from tda_latent.experiment.executors import slurm

        target = stack.enter_context(slurm.jobs(address, job))
    try:
        client = Client(target, timeout=min(address.options.get("start", START), START), set_as_default=False)
    except (OSError, ValueError) as error:
        raise InvalidInput(
            f"no dask scheduler answers at {_named(address)} ({error}); start one, or check the address."
        ) from error
    stack.callback(_quietly, client)
    return client


def _await_scheduler(address: Address) -> None:
    """Wait until something listens at the address; dask itself would wait long, silently and deaf to Ctrl-C.

    Raises
    ------
    InvalidInput
        When nothing does.
    """
    host, _, port = address.place.rpartition(":")
    until = time.monotonic() + address.options.get("start", SCHEDULER)
    while True:
        try:
            socket.create_connection((host.strip("[]"), int(port)), timeout=2).close()
            return
        except OSError as error:
            if time.monotonic() > until:
                raise InvalidInput(
                    f"no dask scheduler answers at {_named(address)} ({error.strerror or error}); start one, or check "
                    "the address. A scheduler that is still to come is waited for with ?start=5min."
                ) from error
        time.sleep(0.2)


def _task_memory(address: Address) -> int | None:
    from tda_latent.experiment.executors import slurm

    return slurm.task_memory(address) if address.kind == "slurm" else None


def _quietly(closable: Any) -> None:
    """Close what may be half gone already."""
    with contextlib.suppress(Exception):
        closable.close(timeout=5)


def _wait_for_worker(executor: DaskExecutor, seconds: float) -> None:
    """Wait until one worker is there.

    Raises
    ------
    InvalidInput
        When none comes in time.
    """
    until = time.monotonic() + seconds
    while not executor.threads():
        if time.monotonic() > until:
            raise InvalidInput(
                f"no worker of {executor.where} came within {seconds:g} s. Look at its logs or its queue; "
                "wait longer with ?start=1h."
            )
        time.sleep(0.1)
