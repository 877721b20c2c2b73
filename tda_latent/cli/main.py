"""``tda-latent``: arguments in, the API called, text out. Heavy libraries load only when a command needs them.

Exit codes: 0 done and every claim holds; 1 incomplete, or a claim fails; 2 the input is wrong; 130 interrupted.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import io
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from tda_latent.cli import bundling, housekeeping, recording, submission, tracing, verification
from tda_latent.errors import TdaLatentError, nearest_name

USAGE_ERROR = 2
COMMANDS = {
    "run": "run an experiment file and write its report",
    "submit": "hand an experiment file to SLURM, as a job array or as one job",
    "plan": "show what a run would do: tasks, what is cached, time and memory",
    "status": "show what the store holds for an experiment file",
    "results": "print the tables of a run again",
    "report": "write the report of what the store holds, computing nothing",
    "figures": "write the figures of what the store holds, computing nothing",
    "trace": "find the run, the data and the command behind a figure file",
    "verify": "check that a run is what it says, and that it comes out again",
    "diff": "set two runs beside each other: settings, environment, code, results",
    "explain": "say why a task will run again, or since when its result is there",
    "compare": "set two arrays of latents beside each other",
    "analyze": "measure one array of latents",
    "record": "run a checkpoint over a file of inputs and write what its layers give",
    "list-layers": "list the layers of a checkpoint that can be recorded",
    "assets": "list data sets and trained weights: what is here, and the command that gets the rest",
    "list": "list the components: sources, analyzers, distances, figures",
    "describe": "explain a component and its parameters",
    "schema": "print the JSON schema of experiment files, for editors",
    "init": "write an experiment file to start from",
    "doctor": "check this installation",
    "cite": "print the references of what an experiment file uses, as BibTeX",
    "store": "look after the store: fsck, gc, du, pin, unpin, forget",
    "bundle": "write a run with all it needs into one zip, or open one",
}

_HOMES: dict[str, str] = {
    "submit": "submission",
    "record": "recording",
    "list-layers": "recording",
    "assets": "assets",
    "store": "housekeeping",
    "bundle": "bundling",
    "trace": "tracing",
    "verify": "verification",
    "diff": "verification",
    "explain": "verification",
}
"""Module of a command, when it is not `commands`."""


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors suggest the command that was probably meant."""

    def error(self, message: str) -> NoReturn:
        """Print usage, message and the nearest command; exit with 2."""
        wrong = message.partition("invalid choice: '")[2].partition("'")[0]
        close = nearest_name(wrong, COMMANDS) if wrong else None
        hint = f" Did you mean {close!r}?" if close else ""
        self.print_usage(sys.stderr)
        self.exit(USAGE_ERROR, f"{self.prog}: {message.partition(' (choose from')[0]}.{hint}\n")


def parser() -> Parser:
    """The whole command line."""
    top = Parser(prog="tda-latent", description="Topological data analysis of latent spaces.")
    top.add_argument("--version", action="store_true", help="print the version and exit")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", title="commands", parser_class=Parser)
    for name, text in COMMANDS.items():
        sub = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        _ARGUMENTS[name](sub)
    return top


def _experiment(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("file", help="experiment file (YAML)")
    sub.add_argument(
        "--set", action="append", default=[], metavar="A.B=C", help="change a value of the file; repeatable"
    )
    sub.add_argument("--store", default=".tda-latent", help="folder of the store (default: %(default)s)")
    sub.add_argument("--output", default=None, help="folder for the files of the run (default: runs/NAME)")


def _run(sub: argparse.ArgumentParser) -> None:
    _experiment(sub)
    sub.add_argument("--workers", type=int, default=None, help="processes, one thread each (default: the cores)")
    sub.add_argument("--memory", default=None, metavar="8GB", help="memory that one task may use")
    sub.add_argument("--task-time", default=None, metavar="10min", help="time that one task may take")
    sub.add_argument(
        "--executor", default=None, metavar="WHERE",
        help="serial, processes[:N], dask-local[:N], dask://HOST:PORT, slurm://PARTITION?jobs=4&memory=4GB&walltime=1h",
    )  # fmt: skip
    sub.add_argument("--shard", default=None, metavar="I/N", help="be one of N runners that share the work")
    sub.add_argument("--quiet", action="store_true", help="print only the result")


def _compare(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("first", help="latents: a file, or file::key")
    sub.add_argument("second", help="latents: a file, or file::key")
    sub.add_argument(
        "--size", type=int, default=None, help="points per side (default: half of the smaller, at most 500)"
    )
    sub.add_argument("--degree", type=int, default=1, choices=range(4), help="highest degree of homology")
    sub.add_argument("--seed", type=int, default=0, help="of the draws")


def _analyze(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("latents", help="a file, or file::key")
    sub.add_argument(
        "--with", dest="analyzers", action="append", default=None, metavar="NAME", help="an analyzer; repeatable"
    )
    sub.add_argument("--size", type=int, default=1000, help="most points to use (default: %(default)s)")
    sub.add_argument("--seed", type=int, default=0, help="of the sample")
    sub.add_argument("--plot", default=None, metavar="FILE.png", help="also draw the results into a file")


def _list(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("kind", nargs="?", choices=("sources", "analyzers", "distances", "figures"), help="only these")


def _describe(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("name", help="name of a component, as `tda-latent list` prints it")


def _init(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("file", nargs="?", default="experiment.yaml", help="file to write (default: %(default)s)")
    sub.add_argument("--latents", default=None, metavar="TEMPLATE", help="your files, as latents/{model}-{seed}.npy")
    sub.add_argument(
        "--models", default="first,second", metavar="A,B", help="names of your models (default: %(default)s)"
    )


def _cite(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("file", nargs="?", default=None, help="experiment file; without one, every reference")


def _nothing(sub: argparse.ArgumentParser) -> None:
    """No arguments."""


_ARGUMENTS = {
    "run": _run,
    "submit": submission.submit_arguments,
    "plan": _experiment,
    "status": _experiment,
    "results": _experiment,
    "report": _experiment,
    "figures": _experiment,
    "trace": tracing.arguments,
    "verify": verification.verify_arguments,
    "diff": verification.diff_arguments,
    "explain": verification.explain_arguments,
    "compare": _compare,
    "analyze": _analyze,
    "record": recording.record_arguments,
    "list-layers": recording.list_arguments,
    "assets": _nothing,
    "list": _list,
    "describe": _describe,
    "schema": _nothing,
    "init": _init,
    "doctor": _nothing,
    "cite": _cite,
    "store": housekeeping.store_arguments,
    "bundle": bundling.arguments,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give its exit code; errors are printed without a traceback."""
    gc.set_threshold(50_000, 20, 50)  # a run keeps many small objects; going through them again costs a tenth of it
    top = parser()
    options = top.parse_args(arguments)
    if options.version:
        from importlib.metadata import version

        print(f"tda-latent {version('tda-latent')}")
        return 0
    if options.command is None:
        top.print_help()
        return 0
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a narrow terminal shows "?", it does not end the command
    try:
        home = importlib.import_module(f"tda_latent.cli.{_HOMES.get(options.command, 'commands')}")
        code = int(getattr(home, options.command.replace("-", "_"))(options))
        sys.stdout.flush()
        return code
    except TdaLatentError as error:
        print(f"tda-latent: {error}" if "\n" not in str(error) else str(error), file=sys.stderr)
        return USAGE_ERROR
    except KeyboardInterrupt:
        print("tda-latent: interrupted; what was finished is kept.", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of a pipe has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        print(f"tda-latent: {error.filename or 'the system'}: {error.strerror or error}.", file=sys.stderr)
        return USAGE_ERROR


if __name__ == "__main__":
    sys.exit(main())
