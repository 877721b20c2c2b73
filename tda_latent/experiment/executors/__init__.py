"""Where tasks run: in processes of this machine, on a dask cluster, in jobs of SLURM. The results are the same."""

from tda_latent.experiment.executors.address import Address, parse_address
from tda_latent.experiment.executors.opening import open_executor
from tda_latent.experiment.executors.protocol import Executor, Job

__all__ = ["Address", "Executor", "Job", "open_executor", "parse_address"]
