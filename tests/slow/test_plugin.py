"""A distribution from outside: really installed, used from an experiment file, and kept in its place when it is bad."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

EXPERIMENT = """\
format: tda-latent/experiment@1
name: outside
seed: 3
models:
  small: {use: circle, size: 40}
  large: {use: circle, size: 40, radius: 2.0}
axes: {replicates: 2}
analyzers:
  radii: {use: example-radii, quantile: 0.75}
  spectrum: {use: spectrum}
distances:
  gap: {use: example-radii-gap, on: radii}
expect:
  - {claim: The large circle is larger., that: "between(gap, small, large) > 0.5"}
"""


@pytest.fixture(scope="module")
def installed(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which pip has installed the example plugin; no network, and nothing enters the environment."""
    folder = tmp_path_factory.mktemp("plugin")
    shutil.copytree(root / "tests" / "plugin", folder / "source")
    offline = ["--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--disable-pip-version-check"]
    call = [sys.executable, "-m", "pip", "install", *offline, "--target", str(folder / "site"), str(folder / "source")]
    done = subprocess.run(call, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder / "site"


@pytest.fixture
def site(installed: Path, tmp_path: Path) -> Path:
    """The installed plugin in a folder of this test's own, free to be edited."""
    return Path(shutil.copytree(installed, tmp_path / "site"))


@pytest.fixture
def experiment(tmp_path: Path) -> Path:
    path = tmp_path / "outside.yaml"
    path.write_text(EXPERIMENT, encoding="utf-8")
    return path


def paths(*folders: Path) -> dict[str, str]:
    return {"PYTHONPATH": os.pathsep.join([*map(str, folders), os.environ.get("PYTHONPATH", "")])}


def states(folder: Path) -> dict[str, str]:
    record = json.loads((folder / "runs" / "outside" / "record.json").read_text(encoding="utf-8"))
    return {label: task["state"] for label, task in record["tasks"].items()}


def recomputed(folder: Path) -> set[str]:
    """Kind and label of the tasks that the last run computed."""
    return {"/".join(label.split("/")[:2]) for label, state in states(folder).items() if state == "computed"}


def test_its_analyzer_and_distance_work_from_an_experiment_file(site, experiment, tmp_path, command) -> None:
    done = command("run", str(experiment), cwd=tmp_path, env=paths(site))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "HOLDS" in done.stdout
    assert set(states(tmp_path).values()) == {"computed"}
    rows = (tmp_path / "runs" / "outside" / "results.csv").read_text(encoding="utf-8")
    assert "upper radius" in rows
    assert "distance,,,gap," in rows


def test_an_edited_helper_recomputes_what_uses_it_and_a_comment_nothing(site, experiment, tmp_path, command) -> None:
    command("run", str(experiment), cwd=tmp_path, env=paths(site))
    helper = site / "tl_example_plugin" / "centring.py"
    text = helper.read_text(encoding="utf-8")

    helper.write_text(text.replace("# a factor that a test edits", "# another comment, of another length"), "utf-8")
    done = command("run", str(experiment), cwd=tmp_path, env=paths(site))
    assert "Nothing was recomputed." in done.stdout

    helper.write_text(text.replace("scale = 1.0", "scale = 0.125"), "utf-8")
    done = command("run", str(experiment), cwd=tmp_path, env=paths(site))
    assert recomputed(tmp_path) == {"analysis/radii", "block/gap", "comparison/gap"}
    assert done.returncode == 1, "an eighth of the gap no longer bears out the claim"
    assert "FAILS" in done.stdout


def test_it_is_listed_and_described_beside_our_own(site, tmp_path, command) -> None:
    listed = command("list", cwd=tmp_path, env=paths(site))
    assert not listed.stderr
    for name in ("example-radii", "example-radii-gap", "spectrum", "circle"):
        assert name in listed.stdout
    described = command("describe", "example-radii", cwd=tmp_path, env=paths(site)).stdout
    assert "tl_example_plugin.radii" in described
    assert "The upper quantile, between 0 and 1." in described
    schema = json.loads(command("schema", cwd=tmp_path, env=paths(site)).stdout)
    assert "example-radii-gap" in json.dumps(schema)


def test_without_it_the_file_is_refused_and_points_at_the_name(experiment, tmp_path, command) -> None:
    done = command("run", str(experiment), cwd=tmp_path)
    assert done.returncode == 2
    assert "outside.yaml:9:" in done.stderr
    assert "example-radii" in done.stderr


def foreign(folder: Path, name: str, code: str, groups: tuple[str, ...] = ("analyzers",)) -> Path:
    """A folder with a one-module distribution whose entry points load that module."""
    module = name.replace("-", "_")
    facts = folder / f"{module}-1.0.dist-info"
    facts.mkdir(parents=True)
    (facts / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n", encoding="utf-8")
    points = "".join(f"[tda_latent.{group}]\n{name} = {module}\n" for group in groups)
    (facts / "entry_points.txt").write_text(points, encoding="utf-8")
    (folder / f"{module}.py").write_text(code, encoding="utf-8")
    return folder


def test_one_that_cannot_be_imported_is_named_in_a_warning_and_hides_nothing(site, tmp_path, command) -> None:
    broken = foreign(tmp_path / "broken", "tl-broken", "import a_library_that_is_not_there\n")
    done = command("list", cwd=tmp_path, env=paths(broken, site))
    assert done.returncode == 0, done.stderr
    assert "tl-broken" in done.stderr
    assert "a_library_that_is_not_there" in done.stderr
    for name in ("example-radii", "spectrum", "circle"):
        assert name in done.stdout


THIEF = """\
from dataclasses import dataclass
from typing import ClassVar
from tda_latent.records import Latents, Measures
from tda_latent.registry import {kind}

@{kind}("{name}")
@dataclass(frozen=True)
class Thief:
    \"\"\"A component that wants the name of another one.\"\"\"
    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ()

    def __call__(self, a: Latents) -> float:
        return 0.0
"""


@pytest.mark.parametrize(
    ("kind", "name", "owner", "group"),
    [
        ("analyzer", "spectrum", "tda_latent.analyzers.spectrum", "analyzers"),
        ("analyzer", "spectrum", "tda_latent.analyzers.spectrum", "sources"),
        ("distance", "bottleneck", "tda_latent.distances.bottleneck", "analyzers"),
        ("analyzer", "example-radii", "tl_example_plugin.radii", "figures"),
    ],
)
def test_a_name_that_is_taken_stays_with_its_owner(kind, name, owner, group, site, tmp_path, command) -> None:
    """Also when the thief is loaded through an entry-point group that is read before the owner's own folder."""
    thief = foreign(tmp_path / "thief", "tl-thief", THIEF.format(kind=kind, name=name), (group,))
    done = command("describe", name, cwd=tmp_path, env=paths(site, thief))
    assert done.returncode == 0, done.stderr
    assert owner in done.stdout
    assert "tl-thief" in done.stderr
    assert f"{kind} '{name}' is already {owner}; choose another name." in done.stderr.replace("\\'", "'")
