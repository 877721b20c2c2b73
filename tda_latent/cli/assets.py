"""``tda-latent assets``."""

from __future__ import annotations

from argparse import Namespace

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from tda_latent.api.assets import assets as known_assets
from tda_latent.cli.printing import console

MARKS = {"present": "present, digest ok", "altered": "ALTERED: other bytes", "missing": "missing"}


def assets(_: Namespace) -> int:
    """Print every asset, its state and licence, and the commands that bring the rest; 1 when one was altered."""
    found = known_assets()
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for column in ("asset", "what", "state", "licence"):
        table.add_column(column, overflow="fold")
    for item in found:
        asset = item.asset
        table.add_row(asset.name, escape(asset.what), MARKS[item.state], escape(asset.licence))
    console().print(table)
    for item in found:
        if item.state == "present":
            print(f"{item.asset.name}: {item.place} ({item.asset.package})")
        else:
            print(f"{item.asset.name}: get it with: {item.asset.command}")
    return 1 if any(item.state == "altered" for item in found) else 0
