"""``tda-latent trace``: where a figure comes from."""

from __future__ import annotations

import argparse
from argparse import Namespace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tda_latent.api.tracing import Showing, Trace

SHOWN_RUNS = 5
SHOWN_TASKS = 40
EDITED = 3
CODES = """exit codes:
  0 found: a run or a result of the store has this figure
  1 the file names its task, but this store does not know it
  2 no figure of tda_latent, or a file that is damaged or cannot be read
  3 edited since it was drawn, whether this store knows it or not"""


def arguments(sub: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    sub.epilog, sub.formatter_class = CODES, argparse.RawDescriptionHelpFormatter
    sub.add_argument("figure", help="a PDF, SVG or PNG file, under whatever name")
    sub.add_argument("--store", default=".tda-latent", help="folder of the store (default: %(default)s)")


def trace(options: Namespace) -> int:
    """``tda-latent trace``: 0 found, 1 not known to this store, 2 none of ours or damaged, 3 edited."""
    from tda_latent.api import tracing

    found = tracing.trace(options.figure, options.store)
    _origin(found)
    if found.showings:
        _run(found.showings[0], found)
        for other in found.showings[1:SHOWN_RUNS]:
            print(f"also in   {_named(other)}")
        if len(found.showings) > SHOWN_RUNS:
            print(f"... and in {len(found.showings) - SHOWN_RUNS} older runs.")
    elif found.task is not None:
        label = found.task.facts.get("label", "no label")
        print(f"task      {label}, key {found.task.key}; no run in {options.store} shows it, only the result is there.")
    else:
        print(f"Not found: no run and no result in {options.store} has this key; name the right one with --store.")
    for text in found.unread:
        print(f"not read: {text}")
    if found.edited:
        return EDITED
    return 0 if found.found else 1


def _origin(found: Trace) -> None:
    origin = found.origin
    if origin is None:
        print(f"{found.file}: says nothing about its origin; a run knows it by its bytes.")
        return
    state = {True: "unchanged since it was drawn", None: "by a version that did not seal figures"}.get(
        origin.intact, "EDITED since it was drawn: what it shows is not what tda_latent wrote"
    )
    print(f"{found.file}: {origin.format} of the figure {origin.facts.get('figure', '?')}, {state}.")
    if "key" in origin.facts:
        print(f"key       {origin.facts['key']}")


def _named(showing: Showing) -> str:
    run = showing.run
    return f"{run.id}  {run.name}{'' if run.complete else ', INCOMPLETE'}, root {run.root[:12]}"


def _run(showing: Showing, found: Trace) -> None:
    """The newest run, what the figure was made from, and how to make it again."""
    print(f"run       {_named(showing)}")
    print(f"task      {showing.label}")
    if showing.file:
        print(f"file      {showing.file} of that run, byte for byte")
    elif not found.edited:
        print("file      that run drew this figure with other bytes: by another version of Matplotlib or its fonts")
    ancestors = list(showing.ancestors())
    print("made from")
    for task in ancestors[:SHOWN_TASKS]:
        where = f"  {task.path}" if task.path else ""
        result = f"digest {task.digest[:12]}" if task.digest else task.state.upper()
        print(f"{'  ' * task.depth}{task.label}  ({task.use}, {result}){where}")
    if len(ancestors) > SHOWN_TASKS:
        print(f"  ... and {len(ancestors) - SHOWN_TASKS} more tasks, all in runs/{showing.run.id}.json of the store.")
    git = showing.run.content["circumstances"].get("git") or {}
    if git:
        dirty = " with the changes in changes.diff" if git.get("state") == "modified" else ""
        print(f"code      git revision {git['revision'][:12]}{dirty}")
    print(f"again     {showing.command}")
