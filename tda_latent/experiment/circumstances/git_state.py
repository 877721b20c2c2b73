"""The state of a git repository: revision, branch, and what differs from it, as a patch of bounded size."""

from __future__ import annotations

import os
import re
import subprocess
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tda_latent.records import sha256

LARGEST_PATCH = 1 << 20  # bytes of a patch that are kept
MOST_UNTRACKED = 50
SECONDS = 10.0
_CODE = (".py", ".yaml", ".yml", ".toml")
_PATCH = ("--binary", "--no-color", "--no-ext-diff", "--no-textconv", "--ignore-submodules=dirty")
_SETTINGS = ("-c", "core.quotepath=false", "-c", "core.fsmonitor=false")


@dataclass(frozen=True)
class GitState:
    """facts : revision, branch, state ("clean" or "modified"), remote, patch and untracked code; empty without git
    patch : what differs from the revision, for ``git apply``; cut at `LARGEST_PATCH`
    """

    facts: dict[str, Any] = field(default_factory=dict)
    patch: bytes = b""


def git_state(folder: Path) -> GitState:
    """The state of the repository around a folder; empty outside of one or without git."""
    try:
        revision = _git(folder, "rev-parse", "--verify", "HEAD").decode().strip()
        branch = _git(folder, "rev-parse", "--abbrev-ref", "HEAD").decode().strip()
        top = _git(folder, "rev-parse", "--show-toplevel").decode().strip()
        patch = _git(Path(top), "diff", "HEAD", *_PATCH)
        names = _git(Path(top), "ls-files", "--others", "--exclude-standard", "-z").decode(errors="replace").split("\0")
    except (OSError, subprocess.SubprocessError):
        return GitState()
    kept = patch[:LARGEST_PATCH]
    untracked = sorted(name for name in names if name.endswith(_CODE))
    facts: dict[str, Any] = {"revision": revision, "branch": branch, "state": "modified" if patch else "clean"}
    if remote := _remote(folder):
        facts["remote"] = remote
    if patch:
        facts["patch"] = {"sha256": sha256(kept), "bytes": len(kept), "whole": len(patch) <= LARGEST_PATCH}
    if untracked:
        facts["untracked"] = untracked[:MOST_UNTRACKED]
        facts["untracked_count"] = len(untracked)
    return GitState(facts, kept)


def _remote(folder: Path) -> str:
    """Where the repository came from, without user, password and query."""
    try:
        url = _git(folder, "remote", "get-url", "origin").decode(errors="replace").strip()
    except (OSError, subprocess.SubprocessError):
        return ""
    return re.sub(r"[?#].*", "", re.sub(r"^(\w+://)[^/@]*@", r"\1", url))


def _git(folder: Path, *arguments: str) -> bytes:
    """What git prints, of which no more is read than can be kept; git changes nothing and asks nothing.

    Raises
    ------
    OSError, subprocess.SubprocessError
        Without git, outside a repository, or when it takes too long.
    """
    quiet = {"LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "GIT_PAGER": "cat"}
    command = ["git", *_SETTINGS, "-C", str(folder), *arguments]
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=os.environ | quiet
    ) as process:
        if process.stdout is None:
            raise OSError("git has no output")
        overdue = threading.Timer(SECONDS, process.kill)
        overdue.start()
        try:
            data = process.stdout.read(LARGEST_PATCH + 1)
            if len(data) > LARGEST_PATCH:
                process.kill()
            elif process.wait():
                raise subprocess.CalledProcessError(process.returncode, command)
        finally:
            overdue.cancel()
    return data
