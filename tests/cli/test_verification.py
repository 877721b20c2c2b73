"""`verify`, `diff` and `explain` on a terminal: sentences, exit codes, nothing heavy before it is needed."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import tda_latent as tl
from tda_latent.cli.main import main
from tda_latent.experiment.proof import recomputation

sys.path.append(str(Path(__file__).parents[1] / "experiment"))
from in_process import Here

TEXT = """\
format: tda-latent/experiment@1
name: small
seed: 7
models:
  circle: {use: circle, size: 40, noise: 0.05}
  clusters: {use: clusters, size: 40}
axes: {replicates: 2}
analyzers:
  persistence: {use: vietoris-rips, max_degree: 1}
distances:
  bottleneck: {use: bottleneck, on: persistence, degree: 1}
"""


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    home = tmp_path_factory.mktemp("finished")
    (home / "small.yaml").write_text(TEXT, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tda_latent.experiment.executors.opening.Pool", Here)
        patch.chdir(home)
        tl.run("small.yaml")
        tl.run("small.yaml", ["models.circle.noise=0.06"], output="other")
    return home


@pytest.fixture
def home(finished, tmp_path, monkeypatch) -> Path:
    place = Path(shutil.copytree(finished, tmp_path / "copy"))
    monkeypatch.chdir(place)
    monkeypatch.setattr(recomputation, "Pool", Here)
    return place


def test_a_sound_run_is_verified(home, capsys) -> None:
    assert main(["verify", "runs/small", "--recompute", "all"]) == 0
    shown = capsys.readouterr().out
    assert "match their digests" in shown
    assert "16 identical: the same to the last bit" in shown
    assert shown.endswith("Verified.\n")


def test_a_changed_byte_ends_with_three_and_names_the_task(home, capsys) -> None:
    blob = max((home / ".tda-latent" / "objects").glob("*/*"), key=lambda path: path.stat().st_size)
    data = bytearray(blob.read_bytes())
    data[len(data) // 2] ^= 1
    blob.chmod(0o644)
    blob.write_bytes(data)
    assert main(["verify", "runs/small", "--recompute"]) == 3 or main(["verify", "other"]) == 3
    shown = capsys.readouterr().out
    assert "CHANGED: " in shown
    assert shown.endswith("NOT VERIFIED: it differs.\n")


def test_a_damaged_environment_is_told_with_its_remedy_and_clears_the_numbers(home, capsys) -> None:
    [path] = (home / ".tda-latent" / "environments").glob("*.json")
    path.write_bytes(path.read_bytes().replace(b"python", b"pyhton"))
    assert main(["verify", "small"]) == 3
    shown = capsys.readouterr().out
    assert f"CHANGED: environments/{path.name}: " in shown
    assert "\n  Take environments/ from a copy" in shown
    assert "The numbers are not affected" in shown
    assert "Nothing was recomputed" not in shown
    assert shown.endswith("NOT VERIFIED: it differs.\n")
    path.unlink()
    assert main(["verify", "small"]) == 1
    shown = capsys.readouterr().out
    assert f"MISSING: environments/{path.name}: " in shown
    assert "The numbers are not affected" in shown


@pytest.mark.parametrize("command", ["verify", "diff", "trace"])
def test_the_help_tells_the_exit_codes(capsys, command) -> None:
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    shown = capsys.readouterr().out
    assert ended.value.code == 0
    listed = {"verify": "0123", "diff": "023", "trace": "0123"}[command]
    assert all(f"\n  {code} " in shown for code in listed)


def test_wrong_input_ends_with_two_and_a_suggestion(home, capsys) -> None:
    assert main(["verify", "smal"]) == 2
    assert "Did you mean 'small'" in capsys.readouterr().err
    assert main(["verify", "small", "--recompute", "many"]) == 2
    assert "25%" in capsys.readouterr().err
    assert main(["explain", "analysis/persistence/circl/0"]) == 2
    assert "Did you mean 'analysis/persistence/circle/0'" in capsys.readouterr().err


def test_diff_ends_with_three_where_results_part_and_with_zero_where_not(home, capsys) -> None:
    assert main(["diff", "runs/small", "other"]) == 3
    shown = capsys.readouterr().out
    assert "configuration: models.circle.parameters.noise 0.05 -> 0.06" in shown
    assert "DIFFERENT, first at latents/circle/0\n  moved by 0.0" in shown
    assert "  because parameters.noise 0.05 -> 0.06\n" in shown
    assert main(["diff", "runs/small", "runs/small"]) == 0
    assert capsys.readouterr().out.endswith("results: the same, root digests are equal.\n")


def test_explain_names_the_first_cause(home, capsys) -> None:
    assert main(["explain", "comparison/bottleneck", "small.yaml", "--set", "models.circle.noise=0.07"]) == 0
    shown = capsys.readouterr().out
    assert "comparison/bottleneck will run." in shown
    assert "latents/circle/0 and 1 more: parameters.noise 0.06 -> 0.07" in shown
    assert main(["explain", "latents/clusters/0", "small.yaml"]) == 0
    assert "it will not run again." in capsys.readouterr().out


def test_long_lists_are_cut_and_shown_whole_on_demand(home, capsys) -> None:
    shutil.rmtree(home / ".tda-latent" / "objects")
    assert main(["verify", "small"]) == 1
    few = capsys.readouterr().out
    assert "more (--all shows them)" in few
    assert main(["verify", "small", "--all"]) == 1
    assert capsys.readouterr().out.count("MISSING: ") == 16


def test_the_module_of_the_commands_loads_nothing_heavy() -> None:
    code = (
        "import sys, tda_latent.cli.verification; print([n for n in ('numpy', 'tda_latent.api') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
