"""``tda-latent submit``: the experiment as a job of SLURM."""

from __future__ import annotations

import argparse


def submit_arguments(sub: argparse.ArgumentParser) -> None:
    """The arguments of ``submit``."""
    sub.add_argument("file", help="experiment file (YAML)")
    sub.add_argument("--set", action="append", default=[], metavar="A.B=C", help="change a value of the file")
    sub.add_argument("--store", default=".tda-latent", help="folder of the store, on a shared file system")
    sub.add_argument("--output", default=None, help="folder for the files of the run (default: runs/NAME)")
    how = sub.add_mutually_exclusive_group(required=True)
    how.add_argument("--array", type=int, metavar="N", help="a job array of N runners that share the work")
    how.add_argument("--executor", metavar="WHERE", help="one job that runs tasks there: slurm://..., processes:8")
    sub.add_argument("--partition", default=None, help="of the job")
    sub.add_argument("--memory", default=None, metavar="8GB", help="of each job")
    sub.add_argument("--walltime", default=None, metavar="2h", help="of each job")
    sub.add_argument("--workers", type=int, default=1, help="tasks at once in each job (default: %(default)s)")
    sub.add_argument("--directive", action="append", default=[], metavar="=--account=me", help="a line for sbatch")
    sub.add_argument("--dry-run", action="store_true", help="write and show the script, submit nothing")


def submit(options: argparse.Namespace) -> int:
    """``tda-latent submit``."""
    from tda_latent.api import submissions

    asked = submissions.resources(
        options.partition, options.memory, options.walltime, options.workers, options.directive
    )
    what = submissions.submission(
        options.file, options.set, store=options.store, output=options.output, array=options.array,
        executor=options.executor,
    )  # fmt: skip
    done = submissions.submit(what, asked, dry_run=options.dry_run)
    print(f"Job script {done.script}:\n{done.text}")
    if done.job:
        print(f"Submitted as job {done.job}; see it with squeue --jobs {done.job}, end it with scancel {done.job}.")
    else:
        print(f"Nothing was submitted. Where SLURM is, run: {done.command}")
    return 0
