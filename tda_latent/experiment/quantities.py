"""Amounts as people write them: ``8GB``, ``10min``."""

from __future__ import annotations

import re
from collections.abc import Mapping

from tda_latent.errors import InvalidInput

_UNITS = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30}
_SECONDS = {"": 1, "S": 1, "MIN": 60, "M": 60, "H": 3600, "D": 86400}


def bytes_of(text: str) -> int:
    """``8GB`` as bytes; decimal and binary (``8GiB``) units.

    Raises
    ------
    InvalidInput
        When the text is no positive number with a known unit.
    """
    return int(_quantity(text, _UNITS, "8GB"))


def seconds_of(text: str) -> float:
    """``10min`` as seconds; units s, min, h and d.

    Raises
    ------
    InvalidInput
        When the text is no positive number with a known unit.
    """
    return _quantity(text, _SECONDS, "10min")


def _quantity(text: str, units: Mapping[str, int], example: str) -> float:
    match = re.fullmatch(r"\s*([0-9.]+)\s*([A-Za-z]*)\s*", text)
    if not match or match[2].upper() not in units or match[1].count(".") > 1 or not float(match[1] + "0") > 0:
        raise InvalidInput(f"{text!r} is no quantity; write for instance {example}.")
    return float(match[1]) * units[match[2].upper()]
