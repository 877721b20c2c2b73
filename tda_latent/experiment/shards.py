"""Runners that share the work of one experiment on one store: which tasks each of them looks at first."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from tda_latent.errors import InvalidParameter


@dataclass(frozen=True)
class Shard:
    """Runner ``number`` of ``count``, counted from 1. What it starts with; afterwards it helps the others."""

    number: int = 1
    count: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.number <= self.count:
            raise InvalidParameter(
                f"shard {self.number}/{self.count} does not exist; "
                f"{self.count} runners are 1/{self.count} to {self.count}/{self.count}."
                if self.count > 0
                else f"shard {self.number}/{self.count} does not exist; two runners are 1/2 and 2/2."
            )

    def distance(self, label: str) -> int:
        """How many runners further on a task belongs; 0 = to this one. The same everywhere and at any time."""
        if self.count == 1:
            return 0
        place = int.from_bytes(hashlib.sha256(label.encode()).digest()[:8], "big") % self.count
        return (place - (self.number - 1)) % self.count


def parse_shard(text: str) -> Shard:
    """The shard that ``i/n`` names.

    Raises
    ------
    InvalidParameter
        When it names none.
    """
    match = re.fullmatch(r"([0-9]{1,6})/([0-9]{1,6})", text)
    if not match:
        raise InvalidParameter(f"shard {text!r} is no i/n; write 1/4 to 4/4 for the four runners of one experiment.")
    return Shard(int(match[1]), int(match[2]))
