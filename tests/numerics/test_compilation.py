"""What is compiled is what is written: no stale code, no other arithmetic, and a word when it takes long."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
import textwrap
from pathlib import Path

import numba
import numpy as np
import pytest
from numba.core.dispatcher import Dispatcher

import tda_latent.numerics as numerics
from tda_latent.numerics import compilation
from tda_latent.numerics.compilation import compiled, compiled_without_nan, inlined, leaf, source_stamp

CALLER = """
import numba
from tda_latent.numerics.compilation import compiled
from tda_latent.numerics.probe_middle import tripled

@compiled
def asked(x):
    return tripled(x) + 1

@numba.njit(cache=True)
def asked_plainly(x):
    return tripled(x) + 1
"""
MIDDLE = """
from tda_latent.numerics.compilation import inlined
from tda_latent.numerics.probe_callee import times

@inlined
def tripled(x):
    return times(x)
"""
CALLEE = """
from tda_latent.numerics.compilation import leaf

@leaf
def times(x):
    return {factor} * x
"""


class Probe:
    """Three modules of a package of their own, the first calling the third by way of the second."""

    def __init__(self, home: Path):
        self._home = home
        self.write("probe_caller", CALLER)
        self.write("probe_middle", MIDDLE)
        self.write("probe_callee", CALLEE.format(factor=3))

    def write(self, name: str, text: str) -> None:
        (self._home / f"{name}.py").write_text(text)

    def stamp(self) -> str:
        source_stamp.cache_clear()
        return source_stamp(self._home / "probe_caller.py")

    def fresh(self):
        """The first module as a new process would import it."""
        for name in ("caller", "middle", "callee"):
            sys.modules.pop(f"tda_latent.numerics.probe_{name}", None)
        importlib.invalidate_caches()
        source_stamp.cache_clear()
        return importlib.import_module("tda_latent.numerics.probe_caller")


@pytest.fixture
def probe(tmp_path, monkeypatch):
    monkeypatch.setattr(compilation, "_HOME", tmp_path)
    monkeypatch.setattr(numerics, "__path__", [*numerics.__path__, str(tmp_path)])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # the files change within the second that bytecode goes by
    yield Probe(tmp_path)
    source_stamp.cache_clear()
    for name in ("caller", "middle", "callee"):
        sys.modules.pop(f"tda_latent.numerics.probe_{name}", None)
        numerics.__dict__.pop(f"probe_{name}", None)


def test_code_is_compiled_again_when_a_function_that_it_calls_has_changed(probe):
    first = probe.fresh()
    assert (first.asked(2), first.asked_plainly(2)) == (7, 7)
    probe.write("probe_callee", CALLEE.format(factor=5))
    second = probe.fresh()
    assert second.asked(2) == 11
    assert second.asked_plainly(2) == 7, "Numba by itself goes by the file of the function alone: this is what we fence"


def test_code_is_kept_for_later_processes_as_long_as_nothing_changes(probe):
    first = probe.fresh()
    first.asked(2)
    assert sum(first.asked.stats.cache_misses.values()) == 1
    again = probe.fresh()
    assert again.asked(2) == 7
    assert sum(again.asked.stats.cache_hits.values()) == 1
    assert not again.asked.stats.cache_misses


def test_the_stamp_of_a_module_covers_what_it_imports_and_what_that_imports(probe):
    stamps = [probe.stamp()]
    assert probe.stamp() == stamps[0]
    probe.write("probe_callee", CALLEE.format(factor=4))
    stamps.append(probe.stamp())
    probe.write("probe_middle", MIDDLE + "\n# another word\n")
    stamps.append(probe.stamp())
    probe.write("probe_caller", CALLER.replace("+ 1", "+ 2"))
    stamps.append(probe.stamp())
    assert len(set(stamps)) == 4
    probe.write("probe_stranger", "nobody imports this")
    assert probe.stamp() == stamps[-1]
    probe.write("probe_callee", CALLEE.format(factor=4) + "\nfrom tda_latent.numerics.probe_caller import asked\n")
    assert probe.stamp() != stamps[-1], "modules that import each other come to an end"


def modules_with_compiled_code():
    for path in sorted(Path(numerics.__file__).parent.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if "import numba" in text or "numerics.compilation import" in text:
            relative = path.relative_to(Path(numerics.__file__).parent).with_suffix("")
            yield pytest.param(".".join(relative.parts), text, id=".".join(relative.parts))


@pytest.mark.parametrize(("name", "text"), list(modules_with_compiled_code()))
def test_every_compiled_function_comes_from_a_module_that_the_stamp_covers(name, text):
    module = importlib.import_module(f"tda_latent.numerics.{name}")
    covered = set(compilation._IMPORT.findall(text)) | {name}
    for label, value in vars(module).items():
        if isinstance(value, Dispatcher):
            home = value.py_func.__module__
            assert home.removeprefix("tda_latent.numerics.") in covered, f"{label} of {home}: import it from its module"
    constants = {
        node.module
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tda_latent.numerics")
    }
    at_top = {node.module for node in ast.parse(text).body if isinstance(node, ast.ImportFrom)}
    for imported in constants & at_top:
        path = Path(numerics.__file__).parents[2] / (imported.replace(".", "/") + ".py")
        assert path.is_file(), f"{imported} is a package, which the stamp does not look into"


ANNOUNCED = """
import importlib, sys
import tda_latent.numerics as numerics
from tda_latent.numerics import compilation

numerics.__path__.append({home!r})
sys.path.append({home!r})

def stage(name, patience, module):
    print(name, file=sys.stderr, flush=True)
    compilation.PATIENCE = patience
    assert importlib.import_module(module).halves(3.0) == 1.5

stage("not ours:", 0.0, "stranger")
stage("quick:", 1e9, "tda_latent.numerics.probe_quick")
stage("slow:", 0.0, "tda_latent.numerics.probe_slow")
stage("slow again:", 0.0, "tda_latent.numerics.probe_again")
"""


def test_a_compilation_that_takes_long_is_announced_once_on_standard_error(tmp_path):
    plain = "import numba\n@numba.njit\ndef halves(x):\n    total = 0.0\n"
    loop = "    for k in range(int(x) + 1):\n        total += x * k\n    return total - 5.5 * x if x > 0 else total\n"
    for name in ("stranger", "probe_quick", "probe_slow", "probe_again"):
        (tmp_path / f"{name}.py").write_text(plain + loop)
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(ANNOUNCED).format(home=str(tmp_path))],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout == ""
    assert run.stderr.splitlines() == [
        "not ours:",
        "quick:",
        "slow:",
        "tda_latent: compiling tda_latent.numerics.probe_slow; this happens once on a machine.",
        "slow again:",
    ]


@pytest.mark.parametrize("decorated", [compiled, compiled_without_nan, inlined, leaf])
def test_sums_are_added_up_in_the_order_written(decorated):
    @decorated
    def total(values):
        result = 0.0
        for k in range(len(values)):
            result += values[k] * values[k]
        return result

    values = np.random.default_rng(0).normal(size=1000) * 10.0 ** np.random.default_rng(1).uniform(-8, 8, 1000)
    assert total(values) == float(np.add.accumulate(values * values)[-1])


@pytest.mark.parametrize("decorated", [compiled, compiled_without_nan, leaf])
def test_products_are_rounded_before_they_are_added(decorated):
    @decorated
    def rest(x, y):
        return x * x - y

    x = 1.0 + 2.0**-30
    assert rest(x, x * x) == 0.0, "a fused multiplication would leave 2^-60"


def test_division_by_zero_gives_infinity_and_the_interpreter_lock_is_released():
    @compiled
    def ratio(x, y):
        return x / y

    assert ratio(1.0, 0.0) == np.inf
    assert np.isnan(ratio(0.0, 0.0))
    assert all(made.targetoptions["nogil"] for made in (ratio, compiled_without_nan(lambda: 0), leaf(lambda: 0)))
    assert isinstance(ratio, numba.core.registry.CPUDispatcher)
