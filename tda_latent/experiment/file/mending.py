"""A broken file made sound enough to look further, so that the problems behind a first problem are found as well.

Nothing mended is ever run: what is found in it joins the report of the file's problems.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tda_latent.errors import nearest_name
from tda_latent.experiment.file.skeleton import FORMAT, SYNONYMS, File, Problem, skeleton_problems

_STAND_INS: dict[str, Any] = {"format": FORMAT, "name": "x", "seed": 0}
_LABELLED = ("data", "models", "analyzers", "distances", "figures")


@dataclass(frozen=True)
class Mended:
    """A value with a sound skeleton, and what was done to it.

    value : the value; renamed : written key by its right name; dropped : labels and keys that were left out
    """

    value: Mapping[str, Any]
    renamed: Mapping[str, str]
    dropped: tuple[str, ...]

    def written(self, problem: Problem) -> Problem:
        """The problem with its place as the user wrote it."""
        path, text = problem
        first = self.renamed.get(str(path[0]), path[0]) if path else ""
        return ((first, *path[1:]) if path else path), text

    def follows(self, problem: Problem) -> bool:
        """Whether a problem is there only because something was left out."""
        return any(f"'{name}'" in problem[1] for name in self.dropped)


def mended(value: Mapping[str, Any], problems: Sequence[Problem]) -> Mended | None:
    """The value without its skeleton problems, or None when too little is left to look at."""
    sound, renamed, dropped = dict(value), {}, []
    for key in [name for name in value if name not in File.model_fields]:
        right = SYNONYMS.get(str(key)) or nearest_name(str(key), File.model_fields)
        content = sound.pop(key)
        if right in File.model_fields and right not in sound:
            sound[right], renamed[right] = content, str(key)
    for path, _ in [*problems, *(skeleton_problems(sound) if renamed else ())]:
        if path and path[0] not in renamed.values():  # a misspelt key is mended by its name alone
            dropped += _without(sound, str(path[0]), path[1:])
    return None if skeleton_problems(sound) else Mended(sound, renamed, tuple(dropped))


def _without(sound: dict[str, Any], key: str, rest: Sequence[str | int]) -> list[str]:
    """Take the broken part out of one key, and name what was taken."""
    if key in _STAND_INS:
        sound[key] = _STAND_INS[key]
        return []
    if key in _LABELLED and rest and isinstance(sound.get(key), Mapping):
        sound[key] = {label: entry for label, entry in sound[key].items() if label != rest[0]}
        return [str(rest[0])]
    content = sound.pop(key, None)
    return [key, *map(str, content)] if isinstance(content, Mapping) else [key]
