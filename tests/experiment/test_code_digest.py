"""The digest of a component changes with every line of code that can change its numbers, and with nothing else."""

from __future__ import annotations

import linecache
import os
import shutil
import sys
import textwrap
import types
from pathlib import Path

import pytest

import tda_latent
from tda_latent.code import digest as module
from tda_latent.code import syntax
from tda_latent.code.digest import code_digest, import_closure
from tda_latent.code.syntax import remembered, source_facts
from tda_latent.errors import InvalidInput
from tda_latent.registry import registry

PACKAGE = {
    "shapes/__init__.py": "from shapes import palette\n",
    "shapes/palette.py": "RED = 1\n",
    "shapes/circle.py": """
        '''Docstring.'''
        from __future__ import annotations
        import math
        from typing import TYPE_CHECKING
        import numpy as np
        from shapes.tools import helper
        from . import constants
        from .deep.inner import value
        if TYPE_CHECKING:
            from shapes.types_only import Nothing
        else:
            from shapes.otherwise import something
        try:
            import shapes.optional
        except ImportError:
            pass

        class Circle:
            '''Round.'''
            radius: float = 1.0
            def __call__(self):
                '''Area.'''
                from shapes.lazy import late
                return helper(self.radius) * constants.PI + late()
    """,
    "shapes/tools/__init__.py": "from shapes.tools.measure import helper\n",
    "shapes/tools/measure.py": "def helper(x):\n    return x * x\n",
    "shapes/tools/unused.py": "A = 1\n",
    "shapes/constants.py": "PI = 3\n",
    "shapes/deep/__init__.py": "",
    "shapes/deep/inner.py": "import shapes.circle\nvalue = 1\n",
    "shapes/types_only.py": "class Nothing: ...\n",
    "shapes/otherwise.py": "something = 1\n",
    "shapes/optional.py": "x = 1\n",
    "shapes/lazy.py": "from shapes.exports import *\ndef late(): return 1\n",
    "shapes/exports/__init__.py": "__all__ = ['first']\n",
    "shapes/exports/first.py": "x = 1\n",
    "shapes/exports/second.py": "x = 1\n",
}
CLOSURE = {
    *("shapes", "shapes.palette", "shapes.circle", "shapes.tools", "shapes.tools.measure", "shapes.constants"),
    *("shapes.deep", "shapes.deep.inner", "shapes.otherwise", "shapes.optional", "shapes.lazy"),
    *("shapes.exports", "shapes.exports.first"),
}


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(textwrap.dedent(text))
    return root


@pytest.fixture
def shapes(tmp_path: Path) -> Path:
    return write(tmp_path, PACKAGE)


def file_of(root: Path, name: str) -> Path:
    path = root.joinpath(*name.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def test_the_closure_holds_what_is_imported_in_any_way_and_nothing_else(shapes: Path) -> None:
    assert set(import_closure("shapes.circle", shapes)) == CLOSURE


@pytest.mark.parametrize("name", sorted(CLOSURE))
def test_an_edit_anywhere_in_the_closure_changes_the_digest(shapes: Path, name: str) -> None:
    before = code_digest("shapes.circle", shapes)
    with file_of(shapes, name).open("a") as file:
        file.write("EDITED = 1\n")
    assert code_digest("shapes.circle", shapes) != before


@pytest.mark.parametrize("name", ["shapes.types_only", "shapes.tools.unused", "shapes.exports.second"])
def test_an_edit_elsewhere_changes_nothing(shapes: Path, name: str) -> None:
    before = code_digest("shapes.circle", shapes)
    with file_of(shapes, name).open("a") as file:
        file.write("EDITED = 1\n")
    assert code_digest("shapes.circle", shapes) == before


def test_a_file_that_appears_or_goes_is_noticed(shapes: Path) -> None:
    before = code_digest("shapes.circle", shapes)
    (shapes / "shapes/optional.py").unlink()
    assert code_digest("shapes.circle", shapes) != before
    write(shapes, {"shapes/optional.py": PACKAGE["shapes/optional.py"]})
    assert code_digest("shapes.circle", shapes) == before


def test_an_edit_within_the_grain_of_the_clock_is_noticed(shapes: Path) -> None:
    path = shapes / "shapes/constants.py"
    seen = set()
    for digit in range(6):
        path.write_text(f"PI = {digit}\n")
        os.utime(path, ns=(10**18, path.stat().st_mtime_ns))
        seen.add(code_digest("shapes.circle", shapes))
    assert len(seen) == 6


SOURCE = """
def area(radius, *, factor=3.0):
    if radius < 0:
        raise ValueError("negative")
    return [factor * radius ** 2, {"unit": 'cm'}, f"{radius!r:>5}"]
"""


@pytest.mark.parametrize(
    "same",
    [
        "# comment\n" + SOURCE,
        SOURCE.replace("radius < 0:\n", "radius < 0:  # why\n\n\n"),
        '"""Module docstring."""\n' + SOURCE,
        SOURCE.replace("    if", '    """Docstring."""\n    if'),
        SOURCE.replace("'cm'", '"cm"').replace("3.0", "3.00"),
        SOURCE.replace("[factor * radius ** 2,", "[\n        (factor * (radius**2)),"),
        SOURCE.replace("    ", "  "),
        SOURCE.replace("\n", "\r\n"),
    ],
)
def test_layout_comments_and_docstrings_do_not_count(same: str) -> None:
    assert same != SOURCE
    assert source_facts(same).digest == source_facts(SOURCE).digest


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("3.0", "3"),
        ("3.0", "3.1"),
        ("< 0", "<= 0"),
        ("*, factor", "factor"),
        ("'cm'", "b'cm'"),
        ("** 2", "* 2"),
        ("!r", "!s"),
        (">5", ">6"),
        ("radius", "r"),
        ('raise ValueError("negative")', "pass"),
        ("factor * radius", "radius * factor"),
        ("3.0", "True"),
        ("3.0", "None"),
        ("3.0", "-3.0"),
        ("3.0", "'3.0'"),
    ],
)
def test_everything_else_counts(old: str, new: str) -> None:
    assert source_facts(SOURCE.replace(old, new)).digest != source_facts(SOURCE).digest


def test_text_cannot_pass_for_structure() -> None:
    assert source_facts("x = 'a', 'b'").digest != source_facts("x = \"a';str:'b\",").digest
    assert source_facts("x = 'Name(id=str:a;)'").digest != source_facts("x = a").digest


def test_source_that_cannot_be_parsed_counts_by_its_bytes() -> None:
    for broken in ("def (", "x = '\0'", "print 'two'", "(" * 500):
        assert source_facts(broken) == source_facts(broken)
        assert source_facts(broken).digest != source_facts(broken + "# ").digest


def test_the_deepest_expressions_are_hashed() -> None:
    long = " + ".join(f"x{k}" for k in range(900))
    assert source_facts(f"y = {long}").digest != source_facts(f"y = {long} + 1").digest


# ------------------------------------------------------------------ packages that are passed through


LAYERS = {
    "house/__init__.py": "def __getattr__(name):\n    from house import roof\n    return roof\n",
    "house/roof.py": "x = 1\n",
    "house/floor/__init__.py": "from house import wall\ndef build():\n    from house import attic\n",
    "house/floor/tile.py": "",
    "house/wall.py": "",
    "house/attic.py": "",
    "house/through.py": "from house.floor import tile\n",
    "house/using.py": "from house.floor import build\n",
    "house/plain.py": "import house.floor.tile\n",
    "house/renamed.py": "import house.floor.tile as t\n",
}


def test_functions_of_a_package_count_only_where_they_can_be_called(tmp_path: Path) -> None:
    write(tmp_path, LAYERS)
    passed = {"house", "house.floor", "house.floor.tile", "house.wall"}
    assert set(import_closure("house.through", tmp_path)) == passed | {"house.through"}
    assert set(import_closure("house.renamed", tmp_path)) == passed | {"house.renamed"}
    using = (passed - {"house.floor.tile"}) | {"house.using", "house.attic"}
    assert set(import_closure("house.using", tmp_path)) == using
    assert set(import_closure("house.plain", tmp_path)) == passed | {"house.plain", "house.attic", "house.roof"}


# ------------------------------------------------------------------ our own components


def own_components():
    """The components of the package, without those that other tests register."""
    return [component for component in registry().all() if component.cls.__module__.startswith("tda_latent.")]


@pytest.mark.parametrize("step", [8, pytest.param(1, marks=pytest.mark.slow)])
def test_every_component_depends_on_each_module_of_its_closure_and_on_no_comment(tmp_path: Path, step: int) -> None:
    home = Path(next(iter(tda_latent.__path__)))
    shutil.copytree(home, tmp_path / "tda_latent", ignore=shutil.ignore_patterns("__pycache__", "*.so"))
    for path in tmp_path.rglob("*.py"):
        os.utime(path, (10**9, 10**9))
    modules = sorted({component.cls.__module__ for component in own_components()})
    closures = {name: set(import_closure(name, tmp_path)) for name in modules}
    before = {name: code_digest(name, tmp_path) for name in modules}
    assert modules
    for edited in sorted(set().union(*closures.values()))[::step]:
        path = file_of(tmp_path, edited)
        if not path.exists():  # a package without __init__
            continue
        text = path.read_bytes()
        path.write_bytes(text + b"\n_edited = 1\n")
        changed = {name for name in modules if code_digest(name, tmp_path) != before[name]}
        assert changed == {name for name in modules if edited in closures[name]}, edited
        path.write_bytes(text + b"\n# a comment\n'and a bare string'\n")
        assert {name: code_digest(name, tmp_path) for name in list(changed)[:3]}.items() <= before.items()
        path.write_bytes(text)
        os.utime(path, (10**9, 10**9))
    assert {name: code_digest(name, tmp_path) for name in modules} == before


def test_no_component_depends_on_the_floors_above_it() -> None:
    above = ("cli", "api", "report", "experiment")
    for component in own_components():
        if component.cls.__module__.startswith("tda_latent.experiment"):
            continue
        reached = import_closure(component.cls.__module__)
        assert not [name for name in reached if name.startswith(tuple(f"tda_latent.{floor}." for floor in above))]


def test_a_class_has_the_digest_of_its_module() -> None:
    component = own_components()[0]
    assert code_digest(component.cls) == code_digest(component.cls.__module__)


# ------------------------------------------------------------------ plugins, scripts, notebooks


PLUGIN = {
    "shape_plugin/__init__.py": "",
    "shape_plugin/analyzers.py": "import numpy\nimport shape_helpers\nimport tda_latent.numerics.pairwise\n",
    "shape_helpers.py": "A = 1\n",
}


def test_a_plugin_depends_on_what_lies_beside_it_and_on_us(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, PLUGIN)
    monkeypatch.syspath_prepend(tmp_path)
    reached = import_closure("shape_plugin.analyzers")
    assert {"shape_plugin", "shape_plugin.analyzers", "shape_helpers", "tda_latent.numerics.pairwise"} <= set(reached)
    assert not [name for name in reached if name.startswith("numpy")]
    before = code_digest("shape_plugin.analyzers")
    (tmp_path / "shape_helpers.py").write_text("A = 2\n")
    assert code_digest("shape_plugin.analyzers") != before
    assert "shape_plugin" not in sys.modules


def test_an_installed_plugin_depends_on_its_own_distribution_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(
        tmp_path, PLUGIN | {"shape_stranger.py": "", "shape_plugin/more.py": "import shape_helpers, shape_stranger\n"}
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(module, "_installed_folders", lambda: frozenset({os.path.realpath(tmp_path)}))
    owners = {"shape_plugin": ["shapes-dist"], "shape_helpers": ["shapes-dist"], "shape_stranger": ["other-dist"]}
    monkeypatch.setattr(module, "_distributions", lambda: owners)
    assert set(import_closure("shape_plugin.more")) == {"shape_plugin", "shape_plugin.more", "shape_helpers"}


def test_a_compiled_module_counts_by_its_bytes(tmp_path: Path) -> None:
    suffix = module._SUFFIXES[0]
    write(tmp_path, {"pack/__init__.py": "", "pack/use.py": "from pack import fast\n"})
    (tmp_path / f"pack/fast{suffix}").write_bytes(b"\x7fELF 1")
    before = code_digest("pack.use", tmp_path)
    (tmp_path / f"pack/fast{suffix}").write_bytes(b"\x7fELF 2")
    assert code_digest("pack.use", tmp_path) != before
    assert code_digest("pack.fast", tmp_path) != before


def test_a_module_without_source_counts_by_the_version_that_provides_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert code_digest(int) == code_digest("itertools")
    monkeypatch.setattr(module, "_distributions", lambda: {"ghost": ["numpy"]})
    assert code_digest("ghost.part") != code_digest(int)
    with pytest.raises(InvalidInput, match=r"module 'phantom' has no source file"):
        code_digest("phantom")


SCRIPT = "import beside\nclass Mine:\n    def __call__(self): return beside.A\n"


def test_a_class_of_a_script_depends_on_the_script_and_on_what_lies_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, {"script.py": SCRIPT, "beside.py": "A = 1\n"})
    monkeypatch.syspath_prepend(tmp_path)
    main = types.ModuleType("__main__")
    main.__file__ = str(tmp_path / "script.py")
    monkeypatch.setitem(sys.modules, "__main__", main)
    exec(compile(SCRIPT, main.__file__, "exec"), vars(main))
    before = code_digest(main.Mine)
    assert before == code_digest("script", tmp_path)
    (tmp_path / "beside.py").write_text("A = 2\n")
    assert code_digest(main.Mine) != before
    (tmp_path / "beside.py").write_text("A = 1  # the same\n")
    assert code_digest(main.Mine) == before
    (tmp_path / "script.py").write_text(SCRIPT + "B = 1\n")
    assert code_digest(main.Mine) != before


def test_a_class_of_this_test_depends_on_this_file() -> None:
    class Local:
        pass

    assert Local.__module__ in import_closure(Local.__module__)
    assert code_digest(Local) == code_digest(Local.__module__)


class Notebook:
    """Cells run one after the other in a fake ``__main__``."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.main = types.ModuleType("__main__")
        self.count = 0
        monkeypatch.setitem(sys.modules, "__main__", self.main)
        if hasattr(self.main, "__file__"):
            del self.main.__file__

    def run(self, source: str) -> Notebook:
        self.count += 1
        source, name = textwrap.dedent(source), f"<cell {id(self)} {self.count}>"
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
        exec(compile(source, name, "exec"), vars(self.main))
        return self


MINE = "class Mine:\n    def __call__(self): return helper(SCALE)\n"


def test_a_class_of_a_notebook_depends_on_the_cells_that_it_refers_to(monkeypatch: pytest.MonkeyPatch) -> None:
    def digest(*cells: str) -> str:
        book = Notebook(monkeypatch)
        for cell in cells:
            book.run(cell)
        return code_digest(book.main.Mine)

    helper = "def helper(x): return deeper(x)\n"
    deeper = "def deeper(x): return x + 1\n"
    same = digest("SCALE = 1", deeper, helper, MINE)
    assert digest("SCALE = 1  # comment", "other = 5", deeper, helper, "\n" + MINE) == same
    assert digest("SCALE = 2", deeper, helper, MINE) != same
    assert digest("SCALE = 1", deeper.replace("+ 1", "+ 2"), helper, MINE) != same
    assert digest("SCALE = 1", deeper, helper, MINE.replace("SCALE", "-SCALE")) != same
    ours = digest("SCALE = 1", "from tda_latent.numerics import pairwise as helper", MINE)
    assert ours != same


def test_a_class_typed_at_the_prompt_is_refused_with_a_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    book = Notebook(monkeypatch)
    exec(compile(MINE, "<stdin>", "exec"), vars(book.main))
    with pytest.raises(InvalidInput, match=r"Mine cannot be found; save it in a file"):
        code_digest(book.main.Mine)


# ------------------------------------------------------------------ memory on disk


def test_what_is_remembered_in_a_file_is_the_same_and_saves_the_parsing(
    shapes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = tmp_path / "memory.json"
    with remembered(memory):
        before = code_digest("shapes.circle", shapes)
    monkeypatch.setattr(syntax, "_by_content", {})
    monkeypatch.setattr(syntax, "source_facts", lambda data: pytest.fail("parsed again"))
    with remembered(memory):
        assert code_digest("shapes.circle", shapes) == before


def test_a_damaged_memory_is_ignored(shapes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    memory = tmp_path / "memory.json"
    with remembered(memory):
        before = code_digest("shapes.circle", shapes)
    good = memory.read_bytes()
    for bad in (good[:-1], good.replace(b"[", b"[ ", 1), b"", b"\xff", good[:64] + b"\n{}"):
        memory.write_bytes(bad)
        monkeypatch.setattr(syntax, "_by_content", {})
        with remembered(memory):
            assert syntax._by_content == {}
            assert code_digest("shapes.circle", shapes) == before
    with remembered(tmp_path / "no" / "such" / "folder"):
        assert code_digest("shapes.circle", shapes) == before
