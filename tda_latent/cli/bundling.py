"""``tda-latent bundle``: a run with all it needs in one file."""

from __future__ import annotations

import argparse
from argparse import Namespace


def arguments(sub: argparse.ArgumentParser) -> None:
    """Arguments of ``tda-latent bundle``."""
    sub.add_argument("run", nargs="?", help="folder or id of a run, or name of an experiment (its newest run)")
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


def bundle(options: Namespace) -> int:
    """``tda-latent bundle``."""
    from tda_latent.api import bundles
    from tda_latent.errors import InvalidInput
    from tda_latent.experiment.quantities import bytes_of

    if options.open is not None:
        folder = bundles.open_bundle(*options.open)
        print(f"Unpacked and checked: {folder}. Next: read {folder / 'README.md'}, then `sh {folder / 'replay.sh'}`.")
        return 0
    if options.run is None:
        raise InvalidInput("name a run to bundle, or a bundle to open with --open FILE.zip FOLDER.")
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
    print("Anyone can unpack it and run `sh replay.sh`; no network is needed.")
    return 0
