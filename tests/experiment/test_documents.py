"""Experiment files are YAML 1.2, composed from several files, and every problem points to the place it comes from."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tda_latent.errors import ConfigError
from tda_latent.experiment.file.documents import Document, override, read_document, read_document_text

EXAMPLE = """\
# an experiment
name: vae-vs-gan
seed: 7
analyzers:
  vr:
    use: vietoris-rips
    backend: ripserr
  mapper: {use: mapper, lens: [pca, 2]}
axes:
  seeds:
    - 0
    - {a: 1}
"""


def value(text: str) -> object:
    return read_document_text(f"a: {text}\n").value["a"]


def problems(text: str) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        read_document_text(text, "exp.yaml")
    return caught.value.problems


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1e-3", 0.001),
        ("1E3", 1000.0),
        ("1.", 1.0),
        (".5", 0.5),
        ("-2.5e+1", -25.0),
        ("010", 10),
        ("0o10", 8),
        ("0x1F", 31),
        ("-7", -7),
        ("+7", 7),
        ("no", "no"),
        ("on", "on"),
        ("yes", "yes"),
        ("y", "y"),
        ("10:30", "10:30"),
        ("1_000", "1_000"),
        ("2026-01-31", "2026-01-31"),
        ("0b1", "0b1"),
        ("1.2.3", "1.2.3"),
        ("e5", "e5"),
        (".", "."),
        ("=", "="),
        ("true", True),
        ("False", False),
        ("TRUE", True),
        ("tRUE", "tRUE"),
        ("", None),
        ("~", None),
        ("null", None),
        ("nULL", "nULL"),
        (".inf", math.inf),
        ("-.Inf", -math.inf),
        ("'1'", "1"),
        ('"no\\n"', "no\n"),
        ("!!str 10", "10"),
        ("!!float 10", 10.0),
        ("!!int '10'", 10),
        ("! 10", "10"),
        ("|\n  two\n  lines", "two\nlines\n"),
        (">-\n  one\n  line", "one line"),
        ("[1, [2, {b: c}]]", [1, [2, {"b": "c"}]]),
        ("{}", {}),
    ],
)
def test_scalars_mean_what_the_core_schema_of_yaml_12_says(text: str, expected: object) -> None:
    found = value(text)
    assert found == expected
    assert type(found) is type(expected)


def test_not_a_number_is_written_with_a_dot() -> None:
    assert math.isnan(value(".nan"))  # type: ignore[arg-type]
    assert value("nan") == "nan"


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(max_size=6),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(min_size=1, max_size=4), inner, max_size=3),
        max_leaves=8,
    )
)
def test_json_is_read_as_json(tree: object) -> None:
    import json

    assert read_document_text(json.dumps({"a": tree})).value["a"] == tree


def test_keys_are_text_as_written() -> None:
    document = read_document_text("1: a\nno: b\n1.0: c\n'x y': d\n2026-01-31: e\n")
    assert list(document.value) == ["1", "no", "1.0", "x y", "2026-01-31"]
    assert document.position(("1",)).line == document.position((1,)).line == 1


def test_changing_a_value_changes_no_document() -> None:
    document = read_document_text("a: &x [1]\nb: *x\n")
    document.value["a"].append(2)
    assert document.value["b"] == [1]
    assert read_document_text("a: &x [1]\nb: *x\n").value == {"a": [1], "b": [1]}


# ------------------------------------------------------------------ positions


@pytest.mark.parametrize(
    ("path", "of_key", "place"),
    [
        (("name",), False, "2:7"),
        (("name",), True, "2:1"),
        (("analyzers", "vr", "backend"), False, "7:14"),
        (("analyzers", "vr", "backend"), True, "7:5"),
        (("analyzers", "vr"), False, "5:3"),
        (("analyzers", "mapper"), False, "8:11"),
        (("analyzers", "mapper", "lens", 1), False, "8:37"),
        (("axes", "seeds", 0), False, "11:7"),
        (("axes", "seeds", 1, "a"), False, "12:11"),
        (("analyzers", "vr", "missing"), False, "5:3"),
        (("analyzers", "vr", "backend", "deeper"), False, "7:14"),
        (("axes", "seeds", 5), False, "10:3"),
        (("absent", "key"), False, "1:1"),
        ((), False, "1:1"),
    ],
)
def test_a_path_leads_to_its_place(path: tuple[str | int, ...], of_key: bool, place: str) -> None:
    position = read_document_text(EXAMPLE, "exp.yaml").position(path, of_key=of_key)
    assert str(position) == f"exp.yaml:{place}"


def test_a_problem_looks_like_that_of_a_compiler() -> None:
    shown = read_document_text(EXAMPLE, "exp.yaml").problem(("analyzers", "vr", "backend"), "did you mean 'ripser'?")
    assert shown == (
        "exp.yaml:7:14: did you mean 'ripser'?\n"
        "        backend: ripserr\n"
        "                 ^"
    )  # fmt: skip


def test_the_caret_stands_below_its_sign_in_wide_and_combined_letters_and_long_lines() -> None:
    assert read_document_text("名前: x\n", "f").problem(("名前",), "t").splitlines()[1:] == [
        "    名前: x",
        "          ^",
    ]
    assert read_document_text("e\u0301: x\n", "f").problem(("e\u0301",), "t").endswith("\n       ^")
    long = read_document_text(f"a: [{'1, ' * 200}here, {'2, ' * 200}3]\n", "f").problem(("a", 200), "t").splitlines()
    assert long[0] == "f:1:605: t"
    assert long[1][long[2].index("^") :].startswith("here")
    assert len(long[1]) < 130


def test_invisible_signs_in_a_file_are_not_passed_on() -> None:
    text = "a: 'x\u200e\x85\u2028y'\nb: 1\nb: 2\n"
    assert problems(text)[0].startswith("exp.yaml:3:1")
    assert read_document_text(text.replace("b: 2", ""), "f").problem(("a",), "t") == (
        "f:1:4: t\n    a: 'x\ufffd\ufffd\ufffdy'\n       ^"
    )


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_lines_count_the_same_whatever_ends_them(newline: str) -> None:
    document = read_document_text("\ufeff" + EXAMPLE.replace("\n", newline), "exp.yaml")
    assert str(document.position(("analyzers", "vr", "backend"))) == "exp.yaml:7:14"
    assert document.problem(("analyzers", "vr", "backend"), "t").splitlines()[1] == "        backend: ripserr"


# ------------------------------------------------------------------ broken files


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("a:\n\tb: 1\n", "2:1", "a tab stands here"),
        ("a: 1\n\tb: 2\n", "2:1", "a tab stands here"),
        ("a: b: c\n", "1:5", "':' is not expected here"),
        ("a: 1\n  b: 2\n", "2:4", "':' is not expected here"),
        ("a:\n  b: 1\n c: 2\n", "3:2", "does not line up"),
        ("a: [1, 2\nb: 3\n", "1:4", "never closed"),
        ("a: {b: 1\n", "1:4", "never closed"),
        ("a: 'x\n", "1:4", "quote is never closed"),
        ("a: @x\n", "1:4", "cannot start with '@'"),
        ("a: `x\n", "1:4", "put it in quotes"),
        ("a: - b\n", "1:4", "'-' is not expected here"),
        ('a: "\\q"\n', "1:6", "no escape"),
        ("a: 1\nb: *q\n", "2:4", "alias *q has no anchor"),
        ("a: &x [1, *x]\n", "1:11", "would never end"),
        ("a: &x {b: {c: *x}}\n", "1:15", "would never end"),
        ("a: !python/object:os.system x\n", "1:4", "tag !python/object:os.system is unknown"),
        ("a: !!python/name:os.system x\n", "1:4", "tag !!python/name:os.system is unknown"),
        ("a: !!set {b}\n", "1:4", "tag !!set is unknown"),
        ("a: !!int b\n", "1:4", "is no int"),
        ("a: 1\n---\nb: 2\n", "2:1", "a second document"),
        ("a: 1\nb: 2\na: 3\n", "3:1", "key 'a' was already given at line 1"),
        ("a: {b: 1, b: 2}\n", "1:11", "key 'b' was already given"),
        ("1: a\n'1': b\n", "2:1", "key '1' was already given"),
        ("base: &x {b: 1}\na:\n  <<: *x\n", "3:3", "use extends:"),
        ("? [a, b]\n: c\n", "1:3", "a key must be plain text"),
        (": x\n", "1:1", "a key is missing"),
        ("a: \x07\n", "1:4", "not allowed in YAML"),
        ("ok: 1\na: x\x00\n", "2:5", "not allowed in YAML"),
        ('a: "\\ud800"\n', "1:4", "half a character"),
        ("a: 1e999\n", "1:4", "beyond the range of numbers"),
        ("a: " + "9" * 5000 + "\n", "1:4", "5000 digits"),
        ("%YAML 9.0\n---\na: 1\n", "1:1", "incompatible YAML document"),
        ("", "1:1", "the file is empty"),
        ("# only a comment\n", "1:1", "the file is empty"),
        ("---\n...\n", "2:1", "holds nothing"),
        ("- a\n- b\n", "1:1", "holds a list; it must hold a mapping"),
        ("just text\n", "1:1", "holds 'just text'"),
    ],
)
def test_a_broken_file_gets_a_place_and_a_plain_word(text: str, place: str, message: str) -> None:
    found = problems(text)[0]
    assert found.startswith(f"exp.yaml:{place}: ")
    assert message in found.splitlines()[0]
    assert found.splitlines()[-1].strip() == "^"


def test_all_problems_before_the_syntax_breaks_are_told_at_once() -> None:
    found = problems("a: 1\na: 2\nb: !x y\nc: *z\nd: [\n")
    assert [text.split(": ")[0] for text in found] == ["exp.yaml:2:1", "exp.yaml:3:4", "exp.yaml:4:4", "exp.yaml:5:4"]


def test_aliases_that_explode_are_refused_before_they_do() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{k}: &a{k} [{', '.join([f'*a{k - 1}'] * 9)}]" for k in range(1, 40)]
    assert "use fewer aliases" in problems("\n".join(lines))[0]


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "a:\n"])
def test_endless_nesting_is_refused(opening: str) -> None:
    nested = "".join(" " * k + "a:\n" for k in range(500)) if opening == "a:\n" else "k: " + opening * 3000
    if opening == "- ":
        nested = "k:\n  " + opening * 3000
    assert "nested deeper than 64" in problems(nested)[0]


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.text(st.sampled_from(list("ab01 \n\t:-[]{},&*!|>'\"#%@?<~.\\é\x85\u2028\x01")), max_size=40))
def test_no_text_gives_anything_but_a_document_or_a_config_error(text: str) -> None:
    try:
        document = read_document_text(text, "exp.yaml")
    except ConfigError as error:
        assert all(problem.startswith("exp.yaml:") for problem in error.problems)
    else:
        assert isinstance(document.value, dict)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(0, len(EXAMPLE) - 1), st.sampled_from(list("\t:-[]{}&*'\"x \n")))
def test_one_wrong_sign_in_a_good_file_is_survived(place: int, sign: str) -> None:
    try:
        read_document_text(EXAMPLE[:place] + sign + EXAMPLE[place:], "exp.yaml")
    except ConfigError as error:
        assert error.problems


# ------------------------------------------------------------------ files


def write(folder: Path, **texts: str) -> None:
    for name, text in texts.items():
        (folder / f"{name}.yaml").write_text(text)


def test_a_missing_file_names_the_nearest(tmp_path: Path) -> None:
    write(tmp_path, quickstart="a: 1\n", other="a: 1\n")
    with pytest.raises(ConfigError, match=r"quickstrat.yaml: no such file. Did you mean '.*quickstart.yaml'"):
        read_document(tmp_path / "quickstrat.yaml")
    with pytest.raises(ConfigError, match=r"holds other.yaml, quickstart.yaml"):
        read_document(tmp_path / "zzz")
    with pytest.raises(ConfigError, match="does not exist"):
        read_document(tmp_path / "no" / "x.yaml")
    with pytest.raises(ConfigError, match="Give the path of a YAML file"):
        read_document(tmp_path)


def test_a_file_in_another_encoding_is_refused_at_the_first_bad_byte(tmp_path: Path) -> None:
    (tmp_path / "latin.yaml").write_bytes("a: 1\nb: ü, é\n".encode("latin-1"))
    with pytest.raises(ConfigError, match=r"latin.yaml:2:4: byte 0xfc is not UTF-8; save the file as UTF-8"):
        read_document(tmp_path / "latin.yaml")
    (tmp_path / "wide.yaml").write_text("a: 1\n", encoding="utf-16")
    with pytest.raises(ConfigError, match=r"wide.yaml:1:1: byte 0xff"):
        read_document(tmp_path / "wide.yaml")


def test_a_huge_file_is_refused_unread(tmp_path: Path) -> None:
    (tmp_path / "huge.yaml").write_text("a: 1\n" * 300_000)
    with pytest.raises(ConfigError, match="a page of text"):
        read_document(tmp_path / "huge.yaml")


def test_extending_merges_mappings_and_replaces_everything_else(tmp_path: Path) -> None:
    write(
        tmp_path,
        base="a: {x: 1, y: [1, 2, 3], z: {p: 1}}\nb: 1\nc: {k: 1}\n",
        more="a: {x: 2}\nb: 2\n",
        exp="extends: [base.yaml, more.yaml]\na: {y: [9], z: {q: 2}}\nc: plain\nd: new\n",
    )
    document = read_document(tmp_path / "exp.yaml")
    assert document.value == {"a": {"x": 2, "y": [9], "z": {"p": 1, "q": 2}}, "b": 2, "c": "plain", "d": "new"}
    assert [Path(source.name).name for source in document.sources] == ["exp.yaml", "base.yaml", "more.yaml"]


def test_every_key_of_a_composed_document_points_into_its_own_file(tmp_path: Path) -> None:
    write(tmp_path, base="\na:\n  x: 1\n  y: 2\n", exp="extends: base.yaml\na:\n  y: 3\n")
    document = read_document(tmp_path / "exp.yaml")
    assert str(document.position(("a", "x"))) == f"{tmp_path / 'base.yaml'}:3:6"
    assert str(document.position(("a", "y"))) == f"{tmp_path / 'exp.yaml'}:3:6"
    assert str(document.position(("a", "z"))) == f"{tmp_path / 'exp.yaml'}:2:1"
    assert document.problem(("a", "x"), "t").splitlines()[1] == "      x: 1"


def test_paths_of_bases_are_relative_to_the_file_that_names_them(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    write(tmp_path, root="a: 1\n", exp="extends: deep/mid.yaml\n")
    write(tmp_path / "deep", mid="extends: ../root.yaml\nb: 2\n")
    assert read_document(tmp_path / "exp.yaml").value == {"a": 1, "b": 2}


def test_a_base_shared_by_two_files_is_no_circle(tmp_path: Path) -> None:
    write(tmp_path, root="a: 1\n", left="extends: root.yaml\n", right="extends: root.yaml\nb: 1\n")
    write(tmp_path, exp="extends: [left.yaml, right.yaml]\n")
    assert read_document(tmp_path / "exp.yaml").value == {"a": 1, "b": 1}


def test_files_that_extend_each_other_are_refused(tmp_path: Path) -> None:
    write(tmp_path, one="extends: two.yaml\n", two="x: 1\nextends: [one.yaml]\n", me="extends: me.yaml\n")
    with pytest.raises(ConfigError, match=r"two.yaml:2:11: .*circle: one.yaml -> two.yaml -> one.yaml"):
        read_document(tmp_path / "one.yaml")
    with pytest.raises(ConfigError, match=r"me.yaml:1:10: .*circle"):
        read_document(tmp_path / "me.yaml")


def test_problems_of_all_bases_are_told_at_once(tmp_path: Path) -> None:
    write(tmp_path, good="a: 1\n", bad="a: [\n", exp="extends: [goood.yaml, bad.yaml, 3, good.yaml]\n")
    with pytest.raises(ConfigError) as caught:
        read_document(tmp_path / "exp.yaml")
    missing, bad, number = caught.value.problems
    assert "exp.yaml:1:11: " in missing
    assert "Did you mean" in missing
    assert "bad.yaml:1:4" in bad
    assert "exp.yaml:1:33: extends holds 3" in number


# ------------------------------------------------------------------ --set


@pytest.fixture
def document() -> Document:
    return read_document_text(EXAMPLE, "exp.yaml")


@pytest.mark.parametrize(
    ("text", "path", "expected"),
    [
        ("seed=8", ("seed",), 8),
        ("analyzers.vr.backend=gudhi", ("analyzers", "vr", "backend"), "gudhi"),
        ("analyzers.vr.new.deep=1e-3", ("analyzers", "vr", "new", "deep"), 0.001),
        ("analyzers.vr={use: x, k: [1]}", ("analyzers", "vr"), {"use": "x", "k": [1]}),
        ("axes.seeds.1.a=no", ("axes", "seeds", 1, "a"), "no"),
        ("axes.seeds=[]", ("axes", "seeds"), []),
        ("name=a=b", ("name",), "a=b"),
        ("name='#1: x'", ("name",), "#1: x"),
        ("name=", ("name",), None),
        ("name=null", ("name",), None),
    ],
)
def test_one_value_is_replaced_and_points_to_the_option(
    document: Document, text: str, path: tuple[str | int, ...], expected: object
) -> None:
    changed = override(document, text)
    found: object = changed.value
    for step in path:
        found = found[step]  # type: ignore[index]
    assert found == expected
    assert str(changed.position(path)) == f"--set {text}"
    assert document.value == read_document_text(EXAMPLE).value
    assert str(changed.position(("analyzers", "vr", "use"))).startswith(("exp.yaml", "--set analyzers.vr="))


def test_a_problem_with_an_option_shows_the_option(document: Document) -> None:
    shown = override(document, "analyzers.vr.backend=gudi").problem(("analyzers", "vr", "backend"), "unknown.")
    assert shown == (
        "--set analyzers.vr.backend=gudi: unknown.\n"
        "    analyzers.vr.backend=gudi\n"
        "                         ^"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("seed", "the rule is path=value"),
        ("=3", "the rule is path=value"),
        ("a..b=3", "the rule is path=value"),
        ("a b=3", "the rule is path=value"),
        ("extends=x.yaml", "the rule is path=value"),
        ("seed.x=3", "asked of 7, which has no parts"),
        ("axes.seeds.2=3", "'2' must be the number of an item, 0 to 1"),
        ("axes.seeds.x=3", "must be the number of an item"),
        ("seed=[1", "never closed"),
        ("seed=a: b", "write a list as [a, b]"),
        ("seed=- a", "write a list as [a, b]"),
        ("seed=#fff", "in quotes when it starts with '#'"),
        ("seed=1\nb: 2", "must fit on one line"),
        ("seed={a: 1, a: 2}", "already given"),
        ("seed=*x", "has no anchor"),
    ],
)
def test_an_option_of_another_form_is_refused(document: Document, text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        override(document, text)
    assert message in str(caught.value)
    assert str(caught.value).startswith(f"--set {text}: ")


def test_later_options_win(document: Document) -> None:
    assert override(override(document, "seed=1"), "seed=2").value["seed"] == 2


def test_the_yaml_library_is_loaded_only_when_a_file_is_read() -> None:
    script = (
        "import sys, tda_latent.experiment.file.documents; sys.exit(any(n.startswith('ruamel.') for n in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
