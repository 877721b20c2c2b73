"""``tda-latent bundle``: a run with all it needs in one file."""

from __future__ import annotations

import argparse
from argparse import Namespace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tda_latent.api.replays import Replay


def arguments(sub: argparse.ArgumentParser) -> None:
    """Arguments of ``tda-latent bundle``."""
    sub.add_argument("run", nargs="?", help="folder or id of a run, or an experiment: name or file (its newest run)")
    sub.add_argument(
        "-o", "--output", default=None, metavar="FILE.zip", help="file to write (default: NAME-bundle.zip)"
    )
    sub.add_argument("--store", default=".tda-latent", help="folder of the store (default: %(default)s)")
    sub.add_argument(
        "--anonymous", action="store_true", help="for double-blind review: no user, host, paths, git or command lines"
    )
    sub.add_argument(
        "--strip",
        action="append",
        default=[],
        metavar="TEXT",
        help="with --anonymous: this must not stand in it either",
    )
    sub.add_argument(
        "--largest-input",
        default="2GB",
        metavar="SIZE",
        help="larger input files are listed only (default: %(default)s)",
    )
    sub.add_argument("--open", nargs=2, default=None, metavar=("FILE.zip", "FOLDER"), help="unpack a bundle safely")
    sub.add_argument("--replay", default=None, metavar="FOLDER", help="verify and replay an unpacked bundle")
    sub.add_argument("--recompute", action="store_true", help="with --replay: compute every result again")


def bundle(options: Namespace) -> int:
    """``tda-latent bundle``."""
    from tda_latent.api import bundles
    from tda_latent.errors import InvalidInput
    from tda_latent.experiment.quantities import bytes_of

    if options.open is not None:
        folder = bundles.open_bundle(*options.open)
        print(f"Unpacked and checked: {folder}. Next: read {folder / 'README.md'}, then `sh {folder / 'replay.sh'}`.")
        return 0
    if options.replay is not None:
        return _replay(options.replay, options.recompute)
    if options.run is None:
        raise InvalidInput("name a run to bundle, or a bundle to open with --open FILE.zip FOLDER.")
    if options.recompute:
        raise InvalidInput("--recompute says how to replay a bundle; give --replay FOLDER as well.")
    if options.strip and not options.anonymous:
        raise InvalidInput("--strip says what else --anonymous takes out; give both.")
    done = bundles.bundle(
        options.run,
        options.output,
        store=options.store,
        anonymous=options.anonymous,
        strip=tuple(options.strip),
        largest_input=bytes_of(options.largest_input),
    )
    for text in done.notices:
        print(f"note: {text}")
    print(f"Wrote {done.path}: {done.files:,} files, {done.size / 1e6:.1f} MB, SHA-256 {done.digest}")
    print(f"{'Complete' if done.complete else 'INCOMPLETE'} run. Root digest {done.root}")
    if done.absent:
        count = f"{len(done.absent)} input file{'s are' if len(done.absent) > 1 else ' is'} missing"
        print(f"Anyone can unpack it and run `sh replay.sh`, which verifies the stored results: {count} (see above).")
        print("Computing anything again from the sources (--recompute) needs them; the bundle's README.md says where.")
    else:
        print("Anyone can unpack it and run `sh replay.sh`; no network is needed.")
    return 0


def _replay(folder: str, recompute: bool) -> int:
    from tda_latent.api import replays
    from tda_latent.cli.verification import SHOWN, say_verification

    done = replays.replay(folder, recompute=recompute)
    say_verification(done.verification, False, SHOWN)
    run, compared = done.verification.run, done.compared
    if run is None or not replays.is_sound(done.verification):
        return done.exit_code
    part = "" if run.complete else ", as far as the run came (it was INCOMPLETE)"
    if compared is None:
        _say_absent(done)
        return done.exit_code
    print(f"root then {run.root}\nroot now  {compared.root}")
    print(f"tasks computed: {compared.computed}  found: {compared.found}")
    if compared.interrupted:
        print("Interrupted; what was finished is kept.")
    elif compared.different:
        print(f"DIFFERENT, {len(compared.different)} results, first {compared.different[0]}:")
        print(f"see `tda-latent diff {folder} {done.folder}`.")
    elif compared.lacking:
        print(
            f"NOT ALL THERE: {len(compared.lacking)} results, first {compared.lacking[0]}, were not found or computed."
        )
        print("Results are found with the packages of requirements.txt; --recompute computes them with others.")
    else:
        print(f"EQUAL: every number is the same, bit for bit{part}.")
    return done.exit_code


def _say_absent(done: Replay) -> None:
    for name, item in done.absent.items():
        digest = f"; SHA-256 {item.sha256}" if item.sha256 else ""
        print(f"missing input: {name}: {item.why}{digest}")
    if done.recompute:
        print("NOT RECOMPUTED: put these files at their places in the bundle, then run it again.")
        return
    run = done.verification.run
    print(f"VERIFIED from store/, root {run.root if run else ''}: every result that the run had is there, unchanged.")
    print("Nothing was replayed: computing it again from the sources needs the missing input.")
