"""The environment of a result: everything about a process that could change the last bits of a number.

Every action names its environment by a digest, and the store keeps each environment once, as
``environments/<SHA-256>.json``. So a run made of results from two machines can say so. Cores, memory and host names
are no part of it: they change no number.
"""

from __future__ import annotations

import functools
import importlib.metadata
import json
import os
import platform
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tda_latent.errors import InvalidInput
from tda_latent.experiment.store import Store
from tda_latent.experiment.store.durable import Draft, make_folder, storage_errors
from tda_latent.records import canonical_json, sha256

FOLDER = "environments"
MACHINE = ("python", "system", "processor", "features", "blas", "variables")  # all but the packages
_VARIABLES = ("OMP_", "OPENBLAS_", "MKL_", "NUMBA_", "NPY_", "KMP_", "BLIS_", "GOTO_", "NUMEXPR_", "VECLIB_", "CUBLAS_")
_SET_BY_IMPORTS = ("KMP_DUPLICATE_LIB_OK", "KMP_INIT_AT_FORK")  # libraries set them while they load
_NO_PATHS = re.compile(r"[\w.,:=+ -]{0,80}", re.ASCII)
_DIGEST = re.compile(r"[0-9a-f]{64}")


@functools.cache
def environment() -> dict[str, Any]:
    """Python, system, processor, linear algebra, variables and all installed packages of this process."""
    return {
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "system": " ".join((platform.system(), platform.machine(), *platform.libc_ver())).strip(),
        "processor": processor(),
        "features": _features(),
        "blas": _blas(),
        "variables": variables(os.environ),
        "packages": packages(),
    }


@functools.cache
def environment_digest() -> str:
    """SHA-256 of the environment of this process; also of the file that holds it."""
    return sha256(canonical_json(environment()))


@functools.cache
def keep_environment(folder: Path, durable: bool = True) -> str:
    """The digest of the environment of this process, which the store in ``folder`` holds from now on."""
    keep_file(folder, f"{environment_digest()}.json", canonical_json(environment()).encode(), durable)
    return environment_digest()


def keep_file(folder: Path, name: str, data: bytes, durable: bool = True) -> None:
    """Write a file among the environments of a store, once; its name holds its SHA-256.

    Raises
    ------
    StoreError
        When the store is full or may not be written.
    """
    final = folder / FOLDER / name
    with storage_errors(folder, f"writing {FOLDER}/{name[:12]}", lambda: len(data)):
        for place in (FOLDER, "tmp"):
            make_folder(folder / place, durable)
        if not final.exists() or final.read_bytes() != data:
            with Draft(folder / "tmp", durable) as draft:
                draft.write(data)
                draft.replace(final)


def kept_environment(store: Store | Path, digest: str) -> dict[str, Any] | None:
    """The environment of this digest; None where the store does not hold it, or not as it was written."""
    folder = store.path if isinstance(store, Store) else store
    if not _DIGEST.fullmatch(digest):
        raise InvalidInput(f"{digest!r} names no environment; the rule is a SHA-256 as 64 hexadecimal digits.")
    try:
        data = (folder / FOLDER / f"{digest}.json").read_bytes()
    except OSError:
        return None
    found: dict[str, Any] | None = json.loads(data) if sha256(data) == digest else None
    return found


def differences(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """What two environments say differently, packages and variables by name; "absent" for what one of them lacks."""
    found: dict[str, tuple[str, str]] = {}
    for name in dict.fromkeys((*first, *second)):
        one, other = first.get(name), second.get(name)
        if isinstance(one, Mapping) and isinstance(other, Mapping):
            pairs = {f"{name} {part}": (one.get(part), other.get(part)) for part in sorted({*one, *other})}
        else:
            pairs = {name: (one, other)}
        found |= {part: (_shown(a), _shown(b)) for part, (a, b) in pairs.items() if a != b}
    return found


def _shown(value: Any) -> str:
    if value is None:
        return "absent"
    return value if isinstance(value, str) else canonical_json(value)


def variables(given: Mapping[str, str]) -> dict[str, str]:
    """The variables that change numbers or threads; nothing that could hold a path or a secret."""
    names = [name for name in given if name.startswith(_VARIABLES) or name == "PYTHONHASHSEED"]
    names = sorted(name for name in names if name not in _SET_BY_IMPORTS)
    return {name: given[name] for name in names if _NO_PATHS.fullmatch(given[name])}


def packages() -> dict[str, str]:
    """Version of every installed distribution."""
    found = {str(item.metadata["Name"]): str(item.version) for item in importlib.metadata.distributions()}
    return dict(sorted(found.items(), key=lambda item: item[0].lower()))


def plain_name(name: str) -> str:
    """The name of a distribution as indices compare it (PEP 503): lower case, ``-`` for runs of ``-_.``."""
    return re.sub(r"[-_.]+", "-", name).lower()


def processor() -> str:
    """The model of the processor, as the system names it."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine() or "unknown"


def _features() -> list[str]:
    """Vector instructions that NumPy uses here."""
    import numpy as np

    found: Any = np.show_config(mode="dicts")
    return sorted(found.get("SIMD Extensions", {}).get("found", []))


def _blas() -> list[dict[str, Any]]:
    """The linear algebra libraries of NumPy and SciPy: version, kernel and threads of each."""
    import scipy.linalg  # noqa: F401  # loads its own
    from threadpoolctl import threadpool_info

    names = ("internal_api", "version", "architecture", "threading_layer", "num_threads")
    found = [
        {name: pool.get(name) for name in names}
        for pool in threadpool_info()
        if pool.get("user_api") == "blas" and "scipy" in str(pool.get("prefix", "")) + str(pool.get("filepath", ""))
    ]
    return sorted(found, key=canonical_json)
