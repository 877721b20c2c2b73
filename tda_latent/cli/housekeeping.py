"""``tda-latent store ...`` and ``tda-latent bundle``: call the API, print, give the exit code."""

from __future__ import annotations

import argparse
from argparse import Namespace
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tda_latent.api.housekeeping import Usage
    from tda_latent.experiment.store.inventory import Piece
    from tda_latent.experiment.store.usage import Share

DAMAGED = 3
_UNITS = ("B", "kB", "MB", "GB", "TB")


def store_arguments(sub: argparse.ArgumentParser) -> None:
    """Arguments of ``tda-latent store``."""
    actions = sub.add_subparsers(dest="action", metavar="ACTION", title="actions", required=True)

    def action(name: str, text: str) -> argparse.ArgumentParser:
        parser = actions.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        parser.add_argument("--store", default=".tda-latent", help="folder of the store (default: %(default)s)")
        return parser

    fsck = action("fsck", "read and check every byte; exit code 3 when something is damaged")
    fsck.add_argument("--repair", action="store_true", help="move what is damaged into the quarantine")
    gc = action("gc", "remove what no run and no pin refers to; shows what would go unless --yes is given")
    gc.add_argument("--keep-days", type=float, default=14.0, metavar="N", help="keep what was used in the last N days")
    gc.add_argument("--yes", action="store_true", help="move it to the trash, and delete what lies there for a day")
    gc.add_argument("--now", action="store_true", help="with --yes: delete it at once, also what is in the trash")
    action("du", "show what fills the store: by kind of result, by run, and what nothing refers to")
    pin = action("pin", "keep the results of a run, or list what is kept")
    pin.add_argument("run", nargs="?", help="folder or id of a run, or an experiment; without it, list the pins")
    pin.add_argument("--name", default=None, help="name of the pin (default: the id of the run)")
    unpin = action("unpin", "take a pin away")
    unpin.add_argument("name", help="name of the pin")
    forget = action("forget", "take runs out of the store, so that gc may remove their results")
    forget.add_argument("run", nargs="+", help="id of a run, or name of an experiment (its newest run)")


def store(options: Namespace) -> int:
    """``tda-latent store ACTION``."""
    actions: dict[str, Callable[[Namespace], int]] = {
        "fsck": _fsck, "gc": _gc, "du": _du, "pin": _pin, "unpin": _unpin, "forget": _forget
    }  # fmt: skip
    return actions[options.action](options)


def _fsck(options: Namespace) -> int:
    from tda_latent.api import housekeeping

    found = housekeeping.fsck(options.store, repair=options.repair)
    for finding in found.findings:
        print(f"{'DAMAGED' if finding.damaged else 'note   '} {finding.path}: {finding.text}")
    print(
        f"{_count(found.actions, 'result')}, {_count(found.blobs, 'blob')} and {_count(found.runs, 'run')} are sound "
        f"({_bytes(found.size)} read)."
    )
    if options.repair:
        print(f"{_count(found.moved, 'damaged file')} moved to quarantine; run the experiments again to fill the gaps.")
    elif any(finding.bad for finding in found.findings):
        print("Next: tda-latent store fsck --repair, then run the experiments again.")
    return 0 if found.sound else DAMAGED


def _gc(options: Namespace) -> int:
    from tda_latent.api import housekeeping
    from tda_latent.errors import InvalidInput

    if options.now and not options.yes:
        raise InvalidInput("--now deletes at once and needs --yes beside it.")
    done = housekeeping.gc(options.store, options.keep_days, really=options.yes, now=options.now)
    kept = f"{_count(done.runs, 'run')}, {_count(done.pins, 'pin')} and the last {options.keep_days:g} days"
    print(f"What stays: all that {kept} refer to.")
    if not done.runs:
        print("No run has a manifest here; versions before manifests wrote none. Run an experiment again to keep it.")
    verb = "moved to the trash" if options.yes else "would go"
    _pieces(f"{verb}: {{}}", done.actions, "result")
    _pieces(f"{verb}: {{}}", done.blobs, "blob")
    _pieces(f"{verb}: {{}}", done.quarantined, "quarantined file")
    if done.undecided:
        _pieces("kept: {} without a result", done.undecided, "blob")
        print(
            f"  {_count(len(done.absent), 'result')} of runs and pins ({done.absent[0][:12]}, ...) are not in actions/ "
            "here, and these blobs may belong to them.\n  Copy actions/ from where this store came from, run the "
            "experiments again, or give the runs up (store forget)."
        )
    if not done.going:
        print("Nothing to remove.")
    if done.restored:
        print(f"put back: {_count(len(done.restored), 'file')} that came to be needed meanwhile")
    _pieces("deleted: {}", done.deleted, "file")
    _pieces("in the trash: {}; a gc after a day deletes them (--now: at once).", done.waiting, "file")
    if done.going and not options.yes:
        print("Next: the same with --yes. It is safe beside running experiments.")
    return 0


def _pieces(text: str, pieces: Sequence[Piece], noun: str) -> None:
    if pieces:
        print(text.format(f"{_count(len(pieces), noun)}, {_bytes(sum(piece.size for piece in pieces))}"))


def _du(options: Namespace) -> int:
    from tda_latent.api import housekeeping

    found = housekeeping.du(options.store)
    _shares("By kind of result", found.kinds)
    _shares("By run", found.runs, alone=True)
    _shares("All", _summary(found))
    return 0


def _summary(found: Usage) -> Sequence[Share]:
    return [found.kept, found.loose, *found.aside, found.total]


def _shares(title: str, shares: Sequence[Share], alone: bool = False) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.markup import escape
    from rich.table import Table

    from tda_latent.cli.printing import console

    if not shares:
        return
    shown = Table(box=SIMPLE_HEAD, pad_edge=False)
    shown.add_column(title, overflow="fold", min_width=24)
    for heading in ("files", "size", *(("only this one",) if alone else ())):
        shown.add_column(heading, justify="right")
    for share in shares:
        shown.add_row(
            escape(share.name), f"{share.files:,}", _bytes(share.size), *((_bytes(share.alone),) if alone else ())
        )
    console().print(shown)


def _pin(options: Namespace) -> int:
    from tda_latent.api import housekeeping

    if options.run is None:
        found = housekeeping.pins(options.store)
        for pin in found:
            print(f"{pin.name}: {', '.join(pin.runs) or 'no run'}, {_count(len(pin.keys), 'result')} ({pin.note})")
        if not found:
            print("Nothing is pinned. `tda-latent store pin RUN` keeps the results of a run.")
        return 0
    done = housekeeping.pin(options.run, options.name, store=options.store)
    print(f"Pinned {done.pin.runs[0]} as {done.pin.name}: {_count(len(done.pin.keys), 'result')} stay ({done.path}).")
    return 0


def _unpin(options: Namespace) -> int:
    from tda_latent.api import housekeeping

    housekeeping.unpin(options.name, options.store)
    print(f"{options.name} is not pinned any more.")
    return 0


def _forget(options: Namespace) -> int:
    from tda_latent.api import housekeeping

    for run in housekeeping.forget_runs(options.run, options.store):
        print(f"Forgot {run}; `store gc` removes what no other run refers to.")
    return 0


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _bytes(size: float) -> str:
    """A size in powers of 1000, three digits."""
    for unit in _UNITS:
        if size < 1000 or unit == _UNITS[-1]:
            break
        size /= 1000
    return f"{size:.0f} {unit}" if unit == "B" or size >= 100 else f"{size:.1f} {unit}"
