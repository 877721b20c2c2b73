"""The wheel: it holds what the program needs and nothing else, and works where only it is installed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
OFFLINE = ["--quiet", "--no-deps", "--no-index", "--no-build-isolation"]
PARTS = ("tda_latent", "tests", "benchmarks", "experiments", "paper", "pyproject.toml", "README.md", "LICENSE")


def pip(*arguments: str) -> None:
    done = subprocess.run([*PIP, *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def wheel(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from a copy of the repository, so that nothing is written into it."""
    folder = tmp_path_factory.mktemp("wheel")
    for part in PARTS:
        if (root / part).is_dir():
            shutil.copytree(root / part, folder / "source" / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(root / part, folder / "source" / part)
    pip("wheel", *OFFLINE, "--wheel-dir", str(folder), str(folder / "source"))
    return next(folder.glob("tda_latent-*.whl"))


@pytest.fixture(scope="module")
def contents(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_every_module_and_the_files_beside_them_are_in_the_wheel(contents: set[str], root: Path) -> None:
    modules = {str(path.relative_to(root)) for path in (root / "tda_latent").rglob("*.py")}
    others = {"tda_latent/py.typed", "tda_latent/report/style.css", "tda_latent/report/page.html.jinja"}
    assert modules | others <= contents


def test_nothing_but_the_package_its_facts_and_the_bibliography_is_in_the_wheel(contents: set[str]) -> None:
    strange = {name for name in contents if not re.match(r"tda_latent(/|-[\w.]+\.(dist-info|data)/)", name)}
    assert strange == set()
    inside = {name for name in contents if name.startswith("tda_latent/")}
    assert {Path(name).suffix for name in inside} <= {".py", ".typed", ".css", ".jinja"}
    assert [name for name in contents if ".data/" in name] == [
        name for name in contents if name.endswith(".data/data/share/tda-latent/refs.bib")
    ]


def test_the_bibliography_and_the_licence_are_in_the_wheel(wheel: Path, contents: set[str], root: Path) -> None:
    place = next(name for name in contents if name.endswith("share/tda-latent/refs.bib"))
    with zipfile.ZipFile(wheel) as archive:
        assert archive.read(place) == (root / "paper" / "refs.bib").read_bytes()
    assert any(name.endswith("licenses/LICENSE") for name in contents)


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with the wheel installed; the other libraries are those of this environment.

    Its ``.pth`` adds our site-packages behind its own, and the ``.pth`` files in there, among them the one of an
    editable installation, are not read a second time.
    """
    folder = tmp_path_factory.mktemp("installed") / "env"
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin" / "python"
    pip("--python", str(python), "install", *OFFLINE, str(wheel))
    variables = {"base": str(folder), "platbase": str(folder)}
    site = Path(sysconfig.get_path("purelib", vars=variables))
    (site / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return folder


def said(call: list[str], cwd: Path) -> str:
    alone = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(call, cwd=cwd, env=alone, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    return done.stdout


def test_the_installed_command_runs_from_the_wheel_alone(environment: Path, tmp_path: Path, root: Path) -> None:
    place = said([str(environment / "bin" / "python"), "-c", "import tda_latent; print(tda_latent.__file__)"], tmp_path)
    assert Path(place.strip()).is_relative_to(environment)
    command = str(environment / "bin" / "tda-latent")
    version = re.search(r'^version = "(.+)"', (root / "pyproject.toml").read_text(encoding="utf-8"), re.M)
    assert version
    assert said([command, "--version"], tmp_path) == f"tda-latent {version[1]}\n"
    assert "vietoris-rips" in said([command, "list", "analyzers"], tmp_path)


def test_references_are_printed_from_the_installed_bibliography(environment: Path, tmp_path: Path) -> None:
    text = said([str(environment / "bin" / "tda-latent"), "cite"], tmp_path)
    assert text.startswith("@")
    assert len(re.findall(r"^@\w+\{", text, re.M)) > 10


def test_references_are_printed_from_a_folder_that_the_wheel_was_unpacked_into(wheel: Path, tmp_path: Path) -> None:
    """``pip install --target``: no environment, only a folder on the path."""
    pip("install", *OFFLINE, "--target", str(tmp_path / "site"), str(wheel))
    code = f"import sys; sys.path.insert(0, {str(tmp_path / 'site')!r})\n"
    code += "import tda_latent.cli.main as m; assert 'site' in m.__file__; sys.exit(m.main(['cite']))"
    assert said([sys.executable, "-c", code], tmp_path).startswith("@")


def test_a_run_and_its_report_work_from_the_wheel_alone(environment: Path, tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text(
        "format: tda-latent/experiment@1\nname: x\nseed: 1\nmodels: {ring: {use: circle, size: 30}}\n"
        "analyzers: {persistence: {use: vietoris-rips}}\n"
        "figures: {diagrams: {use: persistence-diagram, of: persistence, caption: One ring.}}\n",
        encoding="utf-8",
    )
    said([str(environment / "bin" / "tda-latent"), "run", "x.yaml", "--workers", "1", "--quiet"], tmp_path)
    page = (tmp_path / "runs" / "x" / "report.html").read_text(encoding="utf-8")
    assert "data:image/svg+xml;base64," in page
