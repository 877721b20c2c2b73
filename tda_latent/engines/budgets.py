"""Budgets as people write them: ``60s``, ``5min``, ``2h``; ``8GB``, ``512MiB``."""

from __future__ import annotations

import math
import re

from tda_latent.errors import InvalidParameter, shown

SECONDS = {"ms": 1e-3, "s": 1.0, "sec": 1.0, "min": 60.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
BYTES = {"B": 1.0, "kB": 1e3, "KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12,
         "KiB": 2.0**10, "MiB": 2.0**20, "GiB": 2.0**30, "TiB": 2.0**40}  # fmt: skip
_NUMBER = re.compile(r"\s*([0-9]*\.?[0-9]+(?:[eE][+-]?[0-9]+)?)\s*([A-Za-z]*)\s*")


def seconds_of(text: str | float) -> float:
    """Seconds of a duration: a number is seconds, text has a unit.

    Raises
    ------
    InvalidParameter
        For anything that is no positive, finite duration.
    """
    return _amount(text, SECONDS, "s", "budget", "a duration such as 60s, 5min or 2h")


def bytes_of(text: str | float) -> int:
    """Bytes of an amount of memory: a number is bytes, text has a unit; GB is 10^9, GiB is 2^30.

    Raises
    ------
    InvalidParameter
        For anything that is no positive, finite amount.
    """
    return int(_amount(text, BYTES, "B", "memory", "an amount such as 8GB or 512MiB"))


def _amount(text: str | float, units: dict[str, float], plain: str, name: str, rule: str) -> float:
    found = _NUMBER.fullmatch(str(text))
    unit = (found[2] or plain) if found else ""
    value = float(found[1]) * units[unit] if found and unit in units else math.nan
    if not (math.isfinite(value) and value > 0):
        raise InvalidParameter(f"{name} is {shown(text)}; the rule is {rule}. Units: {', '.join(units)}.")
    return value
