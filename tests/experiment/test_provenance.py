"""What a run says about the code, the packages and the machines behind it."""

from __future__ import annotations

import hashlib
import json
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from tda_latent.errors import InvalidInput
from tda_latent.experiment.circumstances import environment as environments
from tda_latent.experiment.circumstances import git_state as git
from tda_latent.experiment.circumstances import provenance
from tda_latent.experiment.identity.keys import key_fields
from tda_latent.experiment.loading import load_plan
from tda_latent.experiment.outcomes import Outcome
from tda_latent.experiment.store import Store
from tda_latent.records import canonical_json
from tda_latent.report import excerpts


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()
    _git(folder, "init", "-q", "-b", "main")
    (folder / "model.py").write_text("a = 1\n")
    _git(folder, "add", "model.py")
    _git(folder, "-c", "user.name=n", "-c", "user.email=e@e", "-c", "commit.gpgsign=false", "commit", "-qm", "first")
    return folder


def _git(folder: Path, *arguments: str) -> str:
    return subprocess.run(["git", "-C", folder, *arguments], check=True, capture_output=True, text=True).stdout.strip()


def test_a_clean_repository_has_a_revision_and_no_patch(repository: Path) -> None:
    state = git.git_state(repository)
    assert state.facts == {"revision": _git(repository, "rev-parse", "HEAD"), "branch": "main", "state": "clean"}
    assert state.patch == b""


def test_the_patch_turns_the_revision_into_what_was_run(repository: Path, tmp_path: Path) -> None:
    (repository / "model.py").write_text("a = 2  # ü\n", encoding="utf-8")
    (repository / "data.bin").write_bytes(bytes(range(256)))
    _git(repository, "add", "data.bin")
    (repository / "plugin.py").write_text("token = 'not mine to copy'\n")
    (repository / "notes.txt").write_text("private\n")
    state = git.git_state(repository)
    assert state.facts["state"] == "modified"
    assert state.facts["patch"] == {
        "sha256": hashlib.sha256(state.patch).hexdigest(), "bytes": len(state.patch), "whole": True,
    }  # fmt: skip
    assert state.facts["untracked"] == ["plugin.py"], "untracked code is named, nothing else is"
    assert b"not mine to copy" not in state.patch
    copy = tmp_path / "copy"
    _git(tmp_path, "clone", "-q", str(repository), str(copy))
    patch = tmp_path / "changes.diff"
    patch.write_bytes(state.patch)
    _git(copy, "apply", "--binary", str(patch))
    for name in ("model.py", "data.bin"):
        assert (copy / name).read_bytes() == (repository / name).read_bytes()


def test_a_patch_of_any_size_is_cut_and_says_so(repository: Path) -> None:
    (repository / "model.py").write_text("".join(f"line {k} {k * k}\n" for k in range(100_000)))
    state = git.git_state(repository)
    assert len(state.patch) == git.LARGEST_PATCH
    assert state.facts["patch"]["whole"] is False


def test_a_remote_is_kept_without_its_password(repository: Path) -> None:
    _git(repository, "remote", "add", "origin", "https://user:secret@host.org/a/b.git?token=secret")
    assert git.git_state(repository).facts["remote"] == "https://host.org/a/b.git"


def test_outside_a_repository_and_without_git_nothing_is_known(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert git.git_state(tmp_path) == git.GitState()
    monkeypatch.setenv("PATH", "")
    assert git.git_state(tmp_path) == git.GitState()


def test_only_variables_that_change_numbers_are_kept_and_no_path_is() -> None:
    given = {
        "OMP_NUM_THREADS": "1", "NPY_DISABLE_CPU_FEATURES": "AVX512F AVX2", "PYTHONHASHSEED": "0",
        "API_TOKEN": "s3cret", "NUMBA_CACHE_DIR": "/Users/somebody/x", "HOME": "/Users/somebody",
        "OMP_STRANGE": "x" * 100,
    }  # fmt: skip
    assert environments.variables(given) == {
        "NPY_DISABLE_CPU_FEATURES": "AVX512F AVX2", "OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0",
    }  # fmt: skip


def test_an_environment_lies_in_the_store_under_the_digest_of_its_bytes(tmp_path: Path) -> None:
    store = Store(tmp_path / "s")
    digest = environments.keep_environment(store.path)
    path = store.path / "environments" / f"{digest}.json"
    assert hashlib.sha256(path.read_bytes()).hexdigest() == digest == environments.environment_digest()
    held = environments.kept_environment(store, digest)
    assert held == json.loads(json.dumps(environments.environment()))
    assert held["packages"]["numpy"]
    assert held["blas"]
    assert not {"/home", "/root", "/usr", "/work"} & {part[:5] for part in canonical_json(held).split('"')}
    path.chmod(0o644)
    path.write_bytes(path.read_bytes().replace(b"numpy", b"mumpy"))
    assert environments.kept_environment(store, digest) is None, "a changed description is none"
    with pytest.raises(InvalidInput, match="names no environment"):
        environments.kept_environment(store, "../x")


def test_results_of_two_machines_are_told_apart_and_other_packages_alone_are_no_alarm(tmp_path: Path) -> None:
    store = Store(tmp_path / "s")
    first = json.loads(json.dumps(environments.environment()))
    machine = first | {"processor": "another one"}
    package = first | {"packages": first["packages"] | {"leftpad": "1.0"}}
    names = []
    for content in (first, machine, package):
        text = canonical_json(content)
        names.append(hashlib.sha256(text.encode()).hexdigest())
        environments.keep_file(store.path, f"{names[-1]}.json", text.encode())
    labels = [names[0]] * 3 + [names[1]] + [names[2]] * 2
    outcomes = {str(k): Outcome("cached", environment=name) for k, name in enumerate(labels)}
    found = provenance.environments(SimpleNamespace(outcomes=outcomes, store=store))
    assert [facts["results"] for facts in found.values()] == [3, 2, 1]
    assert found[names[1]]["differs"] == {"processor": [first["processor"], "another one"]}
    assert found[names[2]]["differs"] == {"packages leftpad": ["absent", "1.0"]}
    text = provenance.mixture(found)
    assert names[1][:12] in text
    assert "processor" in text
    assert names[2][:12] not in text
    assert provenance.mixture({names[0]: {"results": 6}}) == ""


def test_key_fields_are_plain_json(small: Path) -> None:
    for task in load_plan(small).tasks.values():
        fields = key_fields(task, lambda label: "0" * 64)
        assert json.loads(canonical_json(fields)) == fields


@pytest.mark.parametrize("size", [10, 1000, 20_000])
def test_a_page_lists_a_bounded_number_of_records_what_is_missing_first(size: int) -> None:
    labels = [f"analysis/a/{k}" for k in range(size)] + ["comparison/d"]
    outcomes = {label: Outcome("failed" if k % (size // 5) == 0 else "cached") for k, label in enumerate(labels)}
    run = SimpleNamespace(plan=SimpleNamespace(tasks=dict.fromkeys(labels)), outcomes=outcomes)
    shown = excerpts.listed(run)
    assert len(shown) == min(size + 1, excerpts.MOST_RECORDS)
    assert {label for label, outcome in outcomes.items() if not outcome.done} <= set(shown)
    assert "comparison/d" in shown
    assert shown == sorted(shown, key=labels.index)
    places = excerpts.anchors(run)
    assert set(places) == set(labels)
    assert len({place for place in places.values() if place != "records"}) == len(shown)
