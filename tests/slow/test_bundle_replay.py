"""A bundle in the hands of a reviewer: another folder, an empty environment, no network, only the bundled code."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tda_latent.experiment.bundle.anonymity import parts

pytestmark = pytest.mark.slow

FILE = """\
format: tda-latent/experiment@1
name: reviewed
title: Written by Ada B. Quillon
seed: 7
models:
  circle: {use: circle, size: 60, noise: 0.05}
  mine: {use: file, path: "%s/latents/{model}-{seed}.npz::codes"}
axes: {replicates: 2}
sample: {size: 40}
analyzers:
  persistence: {use: vietoris-rips, max_degree: 1, scale: median}
  radii: {use: example-radii}
distances:
  bottleneck: {use: bottleneck, on: persistence, degree: 1}
figures:
  diagrams: {use: persistence-diagram, of: persistence, caption: Diagrams}
"""
USER = "quillonb"


def isolated() -> list[str]:
    """A prefix without a network where this user may make one, else nothing."""
    command = ["unshare", "--net"]
    allowed = shutil.which("unshare") and subprocess.run([*command, "true"], capture_output=True).returncode == 0
    return command if allowed else []


@pytest.fixture(scope="module")
def made(root, command, tmp_path_factory) -> Path:
    """A run with files, a plugin and a figure, made in the home of somebody; and two bundles of it."""
    home = tmp_path_factory.mktemp("secret") / "home" / USER
    shutil.copytree(root / "tests" / "plugin", home / "plugin")
    site = home / "site"
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--no-build-isolation",
         "--target", str(site), str(home / "plugin")], check=True,
    )  # fmt: skip
    (home / "latents").mkdir()
    rng = np.random.default_rng(0)
    for seed in range(2):
        np.savez_compressed(home / "latents" / f"mine-{seed}.npz", codes=rng.normal(size=(60, 3)))
    (home / "reviewed.yaml").write_text(FILE % home, encoding="utf-8")
    environment = {"HOME": str(home), "USER": USER, "LOGNAME": USER, "PYTHONPATH": str(site)}
    for arguments in (
        ["run", "reviewed.yaml", "--workers", "2", "--quiet"],
        ["bundle", "reviewed", "-o", "open.zip"],
        ["bundle", "runs/reviewed", "-o", "again.zip"],
        ["bundle", "reviewed", "-o", "anonymous.zip", "--anonymous", "--strip", "Ada B. Quillon"],
    ):
        done = command(*arguments, cwd=home, env=environment)
        assert done.returncode == 0, done.stdout + done.stderr
    return home


@pytest.fixture(scope="module", params=["open", "anonymous"])
def unpacked(request, made, command, tmp_path_factory) -> Path:
    """A bundle in a folder that has nothing to do with the one where it was made."""
    folder = tmp_path_factory.mktemp("reviewer") / "bundle"
    done = command("bundle", "--open", str(made / f"{request.param}.zip"), str(folder), cwd=folder.parent)
    assert done.returncode == 0, done.stderr
    return folder


def replay(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """``sh replay.sh`` with nothing but the interpreter's packages: no environment, no network, no checkout."""
    return subprocess.run(
        [*isolated(), "env", "-i", "PATH=/usr/bin:/bin", f"PYTHON={sys.executable}", "sh", "replay.sh", *arguments],
        cwd=folder, capture_output=True, text=True, timeout=300,
    )  # fmt: skip


def test_two_bundles_of_one_run_have_the_same_bytes(made) -> None:
    assert (made / "open.zip").read_bytes() == (made / "again.zip").read_bytes()


def test_verify_and_replay_find_everything_and_the_root_is_the_same(unpacked) -> None:
    done = replay(unpacked)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Verified." in done.stdout
    assert "tasks computed: 0 " in done.stdout
    assert "EQUAL" in done.stdout


def test_an_empty_store_is_filled_again_with_the_same_root(unpacked) -> None:
    done = replay(unpacked, "--recompute")
    assert done.returncode == 0, done.stdout + done.stderr
    assert " found: 0" in done.stdout
    assert "EQUAL" in done.stdout
    record = json.loads((unpacked / "recomputed" / "record.json").read_text(encoding="utf-8"))
    assert record["complete"]
    modules = {file for plugin in record["plugins"].values() for file in plugin["sources"]}
    assert "tl_example_plugin.radii" in modules


def test_the_package_that_replays_is_the_bundled_one(unpacked) -> None:
    code = "import tda_latent, tl_example_plugin.radii as p; print(tda_latent.__file__); print(p.__file__)"
    done = subprocess.run(
        ["env", "-i", f"PYTHONPATH={unpacked / 'code'}", sys.executable, "-c", code],
        cwd=unpacked, capture_output=True, text=True,
    )  # fmt: skip
    assert [str(unpacked / "code") in line for line in done.stdout.splitlines()] == [True, True]


def test_a_changed_byte_ends_the_replay(unpacked, tmp_path) -> None:
    folder = shutil.copytree(unpacked, tmp_path / "bundle")
    blob = next(path for path in (folder / "store" / "objects").rglob("*") if path.is_file())
    blob.write_bytes(blob.read_bytes()[:-1] + b"x")
    assert replay(folder).returncode != 0


def telling(folder: Path, secrets: list[str]) -> list[tuple[str, str]]:
    """Files outside of our own code that hold a secret, packed or not, in any usual encoding."""
    return [
        (path.relative_to(folder).as_posix(), secret)
        for path in folder.rglob("*")
        if path.is_file() and "tda_latent" not in path.relative_to(folder).parts
        for part in (path.relative_to(folder).as_posix().encode(), *parts(path.read_bytes()))
        for secret in secrets
        for code in ("utf-8", "utf-16-be", "utf-32-le")
        if secret.encode(code).lower() in part.lower()
    ]


def test_no_byte_of_an_anonymous_bundle_tells_who_where_or_on_what(made, command, tmp_path) -> None:
    for name in ("open", "anonymous"):
        done = command("bundle", "--open", str(made / f"{name}.zip"), str(tmp_path / name), cwd=tmp_path)
        assert done.returncode == 0, done.stderr
    facts = json.loads((made / "runs" / "reviewed" / "record.json").read_text(encoding="utf-8"))["circumstances"]
    secrets = [USER, str(made), str(made.parent), "Quillon", facts["command"], facts["processor"]]
    if revision := facts["git_of_tda_latent"].get("revision"):
        secrets.append(revision)
    if len(host := socket.gethostname()) > 4:
        secrets.append(host)
    assert telling(tmp_path / "anonymous", secrets) == []
    assert {secret for _, secret in telling(tmp_path / "open", secrets)} >= {USER, str(made), facts["command"]}
    record = json.loads((tmp_path / "anonymous" / "run" / "record.json").read_text(encoding="utf-8"))
    assert record["anonymised"] is True
