"""What data and weights there are beyond this package, whether they are here, and how to get the rest."""

from __future__ import annotations

from dataclasses import dataclass

from tda_latent.registry.assets import ASSETS, Asset, State

__all__ = ["AssetStatus", "assets"]


@dataclass(frozen=True)
class AssetStatus:
    """One asset as it is on this machine.

    asset : what it is, its licence, and the command that brings it
    state : present (its files are the pinned ones, by SHA-256), altered (other bytes), or missing
    place : the folder where it was found; empty when it is missing
    """

    asset: Asset
    state: State
    place: str


def assets() -> tuple[AssetStatus, ...]:
    """Every asset and its state; reads each file once, downloads nothing, imports none of the packages."""
    return tuple(AssetStatus(item, item.state(), str(item.folder() or "")) for item in ASSETS)
