"""Who made a run, as far as this machine, the manifest and the repositories tell."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import subprocess
from pathlib import Path

from tda_latent.experiment.bundle.anonymity import Anonymity
from tda_latent.experiment.proof.manifest import Manifest

_COMMON = {
    "root", "user", "users", "admin", "ubuntu", "debian", "centos", "runner", "guest", "test", "main", "data", "home",
    "localhost", "local", "host", "node", "server", "docker", "jovyan", "none", "unknown",
}  # fmt: skip
_HOME = re.compile(r"(?<![\w.~-])(?:/home|/Users|[A-Za-z]:\\Users)[/\\]([\w.@-]+)")
_TELLING = ("command", "processor", "host", "user")
_PLACES = ("directory", "file")
_CODE = ("git", "git_of_tda_latent")


def known_secrets(run: Manifest, more: tuple[str, ...] = ()) -> Anonymity:
    """What this machine, this user, the manifest of a run and its repositories tell about who made it.

    Parameters
    ----------
    more : further texts that must not be told, such as the name of a laboratory
    """
    facts = run.content["circumstances"]
    machine = facts.get("machine", {})
    told = [str(facts.get(name, "")) for name in _TELLING]
    told += [str(machine.get("kernel", "")), *map(str, machine.get("graphics", ()))]
    told += [str(facts.get(code, {}).get(name, "")) for code in _CODE for name in ("revision", "remote")]
    told += [path for name in _PLACES if os.path.isabs(path := str(facts.get(name, "")))]
    paths = [run.content.get(name, "") for name in ("folder", "output", "store")] + [str(Path.home()), os.getcwd()]
    names = {*_user_names(), socket.gethostname(), socket.gethostname().partition(".")[0], *_git_names(paths[0])}
    for text in (*told, *paths, str(run.content.get("experiment", ""))):
        names |= set(_HOME.findall(text))
    texts = {text.rstrip("/") for text in (*told, *paths) if len(text) > 5}
    short = {name for name in names if len(name) > 2 and name.lower() not in _COMMON}
    return Anonymity(frozenset(short | set(more)), frozenset(texts), frozenset(more))


def _user_names() -> set[str]:
    """Names of the user, as the environment and the system know them."""
    found = {os.environ.get(name, "") for name in ("USER", "LOGNAME", "USERNAME", "SUDO_USER")}
    with contextlib.suppress(ImportError, KeyError):
        import pwd

        entry = pwd.getpwuid(os.getuid())
        found |= {entry.pw_name, entry.pw_gecos.partition(",")[0]}
    return found


def _git_names(folder: str) -> set[str]:
    """Author, address and remotes as git knows them for a folder."""
    found: set[str] = set()
    for command in (("config", "user.name"), ("config", "user.email"), ("config", "--get-regexp", r"remote\..*\.url")):
        try:
            place = folder if os.path.isdir(folder) else "."
            done = subprocess.run(
                ["git", "-C", place, *command], capture_output=True, text=True, timeout=10, check=True
            )
        except (OSError, subprocess.SubprocessError):
            continue
        for line in done.stdout.splitlines():
            address = line.split()[-1] if command[1] == "--get-regexp" else line
            owner = re.search(r"[:/]([\w.-]+)/[\w.-]+$", address) if command[1] == "--get-regexp" else None
            found |= {address, *((owner[1],) if owner else ())}
    return found
