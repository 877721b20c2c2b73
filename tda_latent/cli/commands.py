"""One function per command: call the API, print, give the exit code."""

from __future__ import annotations

import json
import shlex
import signal
import sys
from argparse import Namespace
from pathlib import Path

from tda_latent.api import clouds, experiments, information, starters
from tda_latent.cli import printing
from tda_latent.cli.progress import Progress


def run(options: Namespace) -> int:
    """``tda-latent run``."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a queue that ends its job is no other than Ctrl-C
    limits = experiments.limits(
        options.workers, options.memory, options.task_time, executor=options.executor, shard=options.shard
    )
    with Progress(sys.stderr, quiet=options.quiet) as progress:
        done = experiments.run(
            options.file,
            options.set,
            store=options.store,
            output=options.output,
            limits=limits,
            listener=progress,
        )
    printing.results(done.run)
    printing.ending(done)
    return done.exit_code


def plan(options: Namespace) -> int:
    """``tda-latent plan``."""
    printing.plan(experiments.status(options.file, options.set, options.store))
    return 0


def status(options: Namespace) -> int:
    """``tda-latent status``."""
    held = experiments.status(options.file, options.set, options.store)
    printing.status(held)
    return 0 if held.complete else 1


def results(options: Namespace) -> int:
    """``tda-latent results``."""
    held = experiments.status(options.file, options.set, options.store)
    printing.measures(held)
    printing.results(held)
    printing.completeness(held)
    return 0 if held.complete else 1


def report(options: Namespace) -> int:
    """``tda-latent report``."""
    done = experiments.write_report(options.file, options.set, store=options.store, output=options.output)
    printing.completeness(done.run)
    print(f"Report: {done.report}")
    return 0 if done.complete else 1


def figures(options: Namespace) -> int:
    """``tda-latent figures``."""
    done = experiments.write_report(options.file, options.set, store=options.store, output=options.output)
    printing.completeness(done.run)
    for path in sorted((done.folder / "figures").glob("*.*")):
        print(path)
    return 0 if done.complete else 1


def compare(options: Namespace) -> int:
    """``tda-latent compare``."""
    print(clouds.compare(options.first, options.second, size=options.size, degree=options.degree, seed=options.seed))
    return 0


def analyze(options: Namespace) -> int:
    """``tda-latent analyze``."""
    target = clouds.drawable(Path(options.plot)) if options.plot else None
    latents = clouds.load(options.latents)
    chosen = options.analyzers or clouds.DEFAULT_ANALYZERS
    found = clouds.analyze(latents, chosen, size=options.size, seed=options.seed)
    printing.analysis(options.latents, latents, found, options.size)
    if target is not None:
        for path in clouds.draw(found, target):
            print(f"Drawn: {path}")
    return 0


def list(options: Namespace) -> int:
    """``tda-latent list``."""
    printing.components(information.components(options.kind))
    return 0


def describe(options: Namespace) -> int:
    """``tda-latent describe``."""
    for component in information.named(options.name):
        printing.description(component)
    return 0


def schema(_: Namespace) -> int:
    """``tda-latent schema``."""
    print(json.dumps(information.schema(), indent=1))
    return 0


def init(options: Namespace) -> int:
    """``tda-latent init``."""
    path = starters.write_starter(Path(options.file), options.latents, options.models.split(","))
    quoted = shlex.quote(str(path))
    print(f"Wrote {path}. Next: tda-latent plan {quoted}; tda-latent run {quoted}")
    return 0


def doctor(_: Namespace) -> int:
    """``tda-latent doctor``."""
    findings = information.examination()
    printing.findings(findings)
    return 0 if all(finding.good for finding in findings) else 1


def cite(options: Namespace) -> int:
    """``tda-latent cite``."""
    print(information.citations(options.file))
    return 0
