"""From an address to an open executor."""

from __future__ import annotations

from tda_latent.experiment.executors.address import Address
from tda_latent.experiment.executors.protocol import Executor, Job
from tda_latent.experiment.workers.pool import Pool


def open_executor(address: Address, workers: int, job: Job) -> Executor:
    """Start what an address names.

    Parameters
    ----------
    workers : how many tasks at once, where the address does not say

    Raises
    ------
    InvalidInput
        When the place refuses, is not there, or has other code or another store.
    MissingLibrary
        When a cluster is asked for and its libraries are not installed.
    """
    size = address.size or workers
    if address.kind in ("serial", "processes"):
        return Pool(size, job.log, job.seconds)
    from tda_latent.experiment.executors import clusters

    return clusters.open_cluster(address, size, job)
