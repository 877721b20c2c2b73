"""The exceptions of tda_latent and the sentences they speak.

Every message names the value that was found, the rule it breaks and the remedy. Code above this floor
raises these classes; the command line prints their text and an exit code, never a traceback.

    TdaLatentError
    ├── InvalidInput          data that cannot be used (also a ValueError)
    │   └── IncompatibleRecords   two records that must not be compared
    ├── InvalidParameter      a parameter of a component outside its range (also a ValueError)
    ├── UnknownName           a name that nothing is registered under (also a ValueError)
    ├── MissingLibrary        an optional library that is not installed (also an ImportError)
    ├── EngineFailure         a foreign engine died, hung or ran out of its limits
    ├── ConfigError           an experiment file with one or more problems
    ├── ExecutorFailure       the place where tasks run went away
    ├── StoreError            the store cannot be read or written
    │   └── StoreUnavailable      for now: full, read-only, no permission, no more files to open
    └── IncompleteResult      a result was asked for before all of its parts exist
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class TdaLatentError(Exception):
    """Root of every error that tda_latent raises on purpose."""


class InvalidInput(TdaLatentError, ValueError):
    """Data that cannot be used as it is."""


class IncompatibleRecords(InvalidInput):
    """Two records whose numbers mean different things, so that comparing them would mislead."""


class InvalidParameter(TdaLatentError, ValueError):
    """A component parameter with a wrong type or outside its range."""


class UnknownName(TdaLatentError, ValueError):
    """A name under which nothing is known."""


class MissingLibrary(TdaLatentError, ImportError):
    """An optional library that is not installed."""


class EngineFailure(TdaLatentError, RuntimeError):
    """A foreign engine that died, hung or exceeded its limits."""


class ExecutorFailure(TdaLatentError, RuntimeError):
    """The place where tasks run went away; what was finished is in the store."""


class ConfigError(TdaLatentError, ValueError):
    """An experiment file with problems; ``problems`` lists every one of them as text."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class StoreError(TdaLatentError, RuntimeError):
    """The store cannot be read or written."""


class StoreUnavailable(StoreError):
    """A store that cannot be used as things stand: full, read-only, out of reach. No fault of any task."""


class IncompleteResult(TdaLatentError, RuntimeError):
    """A result that was asked for before all of its parts exist."""


def shown(value: object) -> str:
    """A value for a message: whole when it is short, its beginning when it is long."""
    if value is None:
        return "nothing"
    text = hex(value) if isinstance(value, int) and value.bit_length() > 1000 else repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def nearest_name(name: str, known: Iterable[str]) -> str | None:
    """The known name that alone begins so, else the one most like it; None when nothing is close."""
    names = list(known)
    begun = [known_name for known_name in names if len(name) > 2 and known_name.startswith(name)]
    close = begun if len(begun) == 1 else difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    return close[0] if close else None


def unknown_name(kind: str, name: str, known: Iterable[str]) -> UnknownName:
    """An error that says which names of this kind exist and which one was probably meant."""
    names = sorted(known)
    close = nearest_name(name, names)
    hint = f" Did you mean {close!r}?" if close else ""
    listed = f"{hint} Known: {', '.join(names)}." if names else " There are none here."
    return UnknownName(f"unknown {kind} {name!r}.{listed}")


def missing_library(library: str, purpose: str, extra: str | None = None) -> MissingLibrary:
    """An error that says what the absent library is needed for and how to get it."""
    target = f"'tda-latent[{extra}]'" if extra else library
    return MissingLibrary(f"{library} is not installed, and {purpose} needs it: pip install {target}")
