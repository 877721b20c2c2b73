"""The house keeps its walls: sizes, names, documentation, lazy imports, import contracts."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tda_latent.experiment.steps import load_steps
from tda_latent.registry import documented_parameters, registry

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "tda_latent"
MODULES = sorted(PACKAGE.rglob("*.py"))
FORBIDDEN_NAMES = {"utils", "helpers", "common", "base", "manager", "misc"}
load_steps()
COMPONENTS = tuple(
    c for c in registry().all() if c.cls.__module__.startswith("tda_latent.")
)  # not those that other tests register


def functions(tree: ast.AST) -> list[ast.FunctionDef]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]


def body_size(node: ast.FunctionDef) -> int:
    body = node.body[1:] if ast.get_docstring(node) and len(node.body) > 1 else node.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1


def is_compiled(node: ast.FunctionDef) -> bool:
    return any(ast.unparse(decorator) in ("compiled", "inlined") for decorator in node.decorator_list)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_fits_into_one_head(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    assert text.count("\n") <= 400, f"{path.name} has {text.count(chr(10))} lines"
    assert not FORBIDDEN_NAMES & set(path.relative_to(ROOT).with_suffix("").parts)
    assert ast.get_docstring(tree), "a module says in one sentence what lives in it"
    for node in functions(tree):
        limit = 60 if is_compiled(node) else 40
        assert body_size(node) <= limit, f"{node.name} has {body_size(node)} lines"
        arguments = [a.arg for a in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
        counted = [name for name in arguments if name not in ("self", "cls", "rng", "ax")]
        assert len(counted) <= 6 or node.name == "__init__", f"{node.name} takes {len(counted)} arguments"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_public_functions_and_classes_have_a_docstring(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_"):
            assert ast.get_docstring(node), f"{path.name}: {node.name} has no docstring"


def test_no_global_random_state_is_used_anywhere_in_the_package() -> None:
    """But where it is tried whether the user's own code draws from it, and put back."""
    allowed = {"Generator", "default_rng", "PCG64", "SeedSequence", "BitGenerator"}
    for path in MODULES:
        if path.name == "own_trial.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and ast.unparse(node.value) in ("np.random", "numpy.random"):
                assert node.attr in allowed, f"{path.name}:{node.lineno} uses np.random.{node.attr}"
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("torch.manual_seed", "random.seed"):
                raise AssertionError(f"{path.name}:{node.lineno} seeds a global generator")


UNPICKLERS = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal", "jsonpickle"}
UNPICKLING = {
    "read_pickle",
    "load_pickle",
    "unsafe_load",
    "full_load",
    "UnsafeLoader",
    "FullLoader",
    "add_safe_globals",
}
SAFE_ONLY_WITH = {
    "np.load": ("allow_pickle", False),
    "numpy.load": ("allow_pickle", False),
    "torch.load": ("weights_only", True),
}


def ways_to_unpickle(tree: ast.AST) -> list[str]:
    """Everything in a module that could turn bytes into code: imports, calls without their safety catch, names."""
    found = []
    for node in ast.walk(tree):
        names = [alias.name for alias in node.names] if isinstance(node, (ast.Import, ast.ImportFrom)) else []
        home = node.module or "" if isinstance(node, ast.ImportFrom) else ""
        found += [name for name in (home, *names) if name.partition(".")[0] in UNPICKLERS or name in UNPICKLING]
        if isinstance(node, ast.Call):
            name, given = ast.unparse(node.func), {item.arg: item.value for item in node.keywords}
            argument, safe = SAFE_ONLY_WITH.get(name, ("", None))
            if argument and not (isinstance(value := given.get(argument), ast.Constant) and value.value is safe):
                found.append(f"{name} without {argument}={safe}")
            found += [name] if name in ("eval", "exec") or name.rpartition(".")[2] in UNPICKLING else []
        if isinstance(node, ast.keyword) and node.arg in ("allow_pickle", "weights_only"):
            safe = dict(SAFE_ONLY_WITH.values())[node.arg]
            if not (isinstance(node.value, ast.Constant) and node.value.value is safe):
                found.append(f"{node.arg} is not plainly {safe}")
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_nothing_is_ever_unpickled(path: Path) -> None:
    assert ways_to_unpickle(ast.parse(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "line",
    [
        "import pickle",
        "from pickle import loads",
        "import joblib.externals",
        "np.load(path)",
        "torch.load(path)",
        "np.load(path, allow_pickle=flag)",
        "torch.load(path, weights_only=False)",
        "pd.read_pickle(path)",
        "yaml.unsafe_load(text)",
        "from yaml import UnsafeLoader",
        "torch.serialization.add_safe_globals([x])",
        "read(path, allow_pickle=True)",
        "eval(text)",
    ],
)
def test_a_way_to_unpickle_is_seen(line: str) -> None:
    assert ways_to_unpickle(ast.parse(line))


@pytest.mark.parametrize("component", COMPONENTS, ids=lambda c: f"{c.kind}:{c.name}")
def test_documented_parameters_are_the_parameters(component) -> None:
    fields = [item.name for item in dataclasses.fields(component.cls) if item.init]
    assert list(documented_parameters(component.cls)) == fields


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_documented_arguments_of_functions_exist(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in functions(tree):
        text = inspect.cleandoc(ast.get_docstring(node) or "")
        section = re.search(r"^Parameters\n-+\n(.*?)(?=^\w[\w ]*\n-{3,}\n|\Z)", text, re.S | re.M)
        if section is None:
            continue
        arguments = {a.arg for a in ast.walk(node.args) if isinstance(a, ast.arg)}
        for line in re.findall(r"^(\w+(?:, \w+)*) :", section.group(1), re.M):
            strange = set(line.split(", ")) - arguments
            assert not strange or node.args.kwarg, f"{path.name}:{node.name} documents {strange}"


@pytest.mark.parametrize("component", COMPONENTS, ids=lambda c: f"{c.kind}:{c.name}")
def test_every_reference_stands_in_the_bibliography(component) -> None:
    known = set(re.findall(r"^@\w+\{([^,\s]+),", (ROOT / "paper" / "refs.bib").read_text(encoding="utf-8"), re.M))
    assert set(component.references) <= known
    if component.kind in ("analyzer", "distance"):
        assert component.references, "a method has a source"


def test_the_bibliography_has_no_key_twice_and_is_sorted() -> None:
    keys = re.findall(r"^@\w+\{([^,\s]+),", (ROOT / "paper" / "refs.bib").read_text(encoding="utf-8"), re.M)
    assert keys == sorted(set(keys))


def loaded_after(statement: str) -> set[str]:
    code = f"{statement}\nimport sys, json\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout.strip().splitlines()[-1]))


HEAVY = {
    "torch",
    "matplotlib",
    "sklearn",
    "gudhi",
    "ripser",
    "persim",
    "kmapper",
    "networkx",
    "pandas",
    "h5py",
    "pyarrow",
}


def test_help_and_import_load_no_library_at_all() -> None:
    parse = "from tda_latent.cli.main import parser\nparser().format_help()"
    assert not loaded_after(parse) & (HEAVY | {"numpy", "scipy", "pydantic", "ruamel", "rich"})
    assert not loaded_after("import tda_latent") & (HEAVY | {"numpy", "scipy", "pydantic", "ruamel", "rich"})


def test_listing_all_components_loads_none_of_the_heavy_libraries() -> None:
    assert not loaded_after("from tda_latent.registry import registry\nregistry()") & HEAVY


def test_import_contracts_are_kept() -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout


def test_nothing_committed_names_a_path_of_a_machine() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    for name in listed.stdout.split():
        path = ROOT / name
        if path.suffix in (".py", ".md", ".yaml", ".toml", ".bib", ".txt", ".jinja", ".css") and path.exists():
            text = path.read_text(encoding="utf-8")
            assert not re.search(r"/(?:home|work|root)/\w", text.replace(__file__, "")) or name.startswith(
                "tests/test_arch"
            )
