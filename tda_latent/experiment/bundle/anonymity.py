"""A bundle for double-blind review: nothing in it tells who ran it, on which machine, and in which folders.

Manifest and facts keep a list of harmless entries, everything else goes; texts lose names and absolute paths. What is
named by its content (results, input files, labels) cannot change without changing a number: where a name is found
there, the bundle is refused. At the end every byte is searched, packed streams of figures and archives included.
"""

from __future__ import annotations

import ast
import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tda_latent.errors import InvalidInput
from tda_latent.experiment.bundle.archive import Content
from tda_latent.experiment.proof.manifest import Manifest
from tda_latent.experiment.store import Action

REMOVED = "[removed]"
_KEPT = (
    "format", "name", "root", "complete", "interrupted", "counts", "experiment", "document", "settings", "resolved",
    "plugins", "modules", "tasks", "skipped", "notices", "claims", "files",
)  # fmt: skip
_OF_TASKS = (
    "kind",
    "use",
    "inputs",
    "stream",
    "state",
    "key",
    "digest",
    "reason",
    "seconds",
    "peak_bytes",
    "shape",
    "caveat",
)
_OF_CIRCUMSTANCES = ("time", "python", "threads_per_task")
_FACTS = ("label", "seconds", "peak_bytes", "shape", "caveat")
_STRUCTURE = ("inputs", "stream", "key", "digest", "state", "kind", "use")  # never text of a person
_PATH = re.compile(r"(?<![\w.:/<\]\\])(?:~|[A-Za-z]:)?[/\\](?:[\w.@+-]+[/\\])+[\w.@+-]*")
_REPORT = re.compile(r"<dt>(?!time<|python<)[^<]*</dt><dd>.*?</dd>", re.S)
_IN_CODE = "{} names a person, a machine or a folder in its code; take that out and run again."
_IN_FILE = (
    "{} holds {!r}, which would tell who made the run and cannot be taken out without changing what it is; take it out "
    "of labels, captions or input files and run again."
)
_LARGEST_PART = 1 << 28  # bytes of one packed stream that are looked at


@dataclass(frozen=True)
class Anonymity:
    """What must not be told: names (found as whole words, in any case) and longer texts (found as they are).

    asked : those of the names that somebody wants out of our own public code as well
    """

    names: frozenset[str] = field(default_factory=frozenset)
    texts: frozenset[str] = field(default_factory=frozenset)
    asked: frozenset[str] = field(default_factory=frozenset)

    def text(self, text: str) -> str:
        """The text without names, texts and absolute paths."""
        for secret in sorted(self.texts, key=len, reverse=True):
            text = text.replace(secret, REMOVED)
        text = _PATH.sub(REMOVED, text)
        for name in sorted(self.names, key=len, reverse=True):
            text = re.sub(_word(name), REMOVED, text, flags=re.IGNORECASE)
        return text

    def file(self, name: str, content: Content) -> Content:
        """A file of the run's folder, stripped if it is text."""
        data = content if isinstance(content, bytes) else content.read_bytes()
        if not name.endswith((".html", ".yaml", ".csv", ".json", ".txt", ".md")):
            return data
        text = data.decode()
        return self.text(_REPORT.sub("", text) if name.endswith("report.html") else text).encode()

    def source(self, name: str, content: Content) -> Content:
        """A file of code without names in comments, documentation and bibliography; ours loses only what was asked.

        Raises
        ------
        InvalidInput
            When the code itself would change.
        """
        if _is_ours(name):
            return Anonymity(self.asked)._source(name, content) if self.asked else content
        return content if isinstance(content, Path) else self._source(name, content)

    def _source(self, name: str, content: Content) -> Content:
        data = content if isinstance(content, bytes) else content.read_bytes()
        if not name.endswith((".py", ".bib")):
            return content  # what stands there is found by `check`
        before = data.decode()
        after = "\n".join(self._line(line) for line in before.split("\n"))
        if before == after:
            return content
        if name.endswith(".py") and _without_words(before) != _without_words(after):
            raise InvalidInput(self._refusal(name, before) if _is_ours(name) else _IN_CODE.format(name))
        return after.encode()

    def _refusal(self, name: str, source: str) -> str:
        found = sorted(secret for secret in self.names if re.search(_word(secret), source, re.IGNORECASE))
        return (
            f"{name}, a part of tda_latent that everybody has, holds {', '.join(map(repr, found))} in its code, which "
            "cannot be taken out; it tells nobody who made the run, so leave it out of --strip."
        )

    def _line(self, line: str) -> str:
        """A line of code; its paths stay where they name nobody."""
        for secret in (*self.texts, *self.names):
            if secret.lower() in line.lower():
                return self.text(line)
        return line

    def action(self, action: Action) -> Action:
        """An action with no fact that tells of a machine; its identity and its result stay."""
        return replace(action, facts=self.value({name: action.facts[name] for name in _FACTS if name in action.facts}))

    def value(self, value: Any) -> Any:
        """A tree of plain values with every text stripped; keys stay."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {key: item if key in _STRUCTURE else self.value(item) for key, item in value.items()}
        return [self.value(item) for item in value] if isinstance(value, list) else value

    def content(
        self, run: Manifest, moved: Mapping[str, str], inputs: Mapping[str, str], packages: Mapping[str, str]
    ) -> dict[str, Any]:
        """The content of a manifest that tells nothing; its root digest stays.

        Parameters
        ----------
        moved : paths in the bundle by paths as they were written; inputs : by task, the file in the bundle
        packages : what the bundle needs; others would tell of other work
        """
        content = {name: run.content[name] for name in _KEPT if name in run.content}
        content["tasks"] = {label: self._task(task, inputs.get(label)) for label, task in run.tasks.items()}
        for name in ("document", "experiment"):
            text = str(content[name])
            for old in sorted(moved, key=len, reverse=True):
                text = text.replace(old, moved[old])
            content[name] = text
        for name in set(content) - {"format", "name", "root", "counts", "tasks", "files", "modules", "plugins"}:
            content[name] = self.value(content[name])
        content["plugins"] = {name: self._plugin(plugin) for name, plugin in content.get("plugins", {}).items()}
        facts = run.content["circumstances"]
        content["circumstances"] = {name: facts[name] for name in _OF_CIRCUMSTANCES if name in facts}
        content["circumstances"]["packages"] = dict(packages)
        return content | {"folder": "", "output": "run", "store": "store", "anonymised": True}

    def _task(self, task: Mapping[str, Any], given: str | None) -> dict[str, Any]:
        kept = {name: task[name] for name in _OF_TASKS if name in task}
        return {**self.value(kept), **({} if given is None else {"path": given})}

    def _plugin(self, plugin: Mapping[str, Any]) -> dict[str, Any]:
        return {**plugin, "sources": dict.fromkeys(plugin["sources"], "")}  # they stand in code/

    def check(self, files: Mapping[str, Content]) -> None:
        """Search every byte of a bundle for what must not be told, our own code for what was asked.

        Raises
        ------
        InvalidInput
            Naming the file and what was found in it.
        """
        ours, others = Anonymity(self.asked)._patterns(), self._patterns()
        for name, content in files.items():
            plain, names = ours if _is_ours(name) else others
            if not plain and not names:
                continue
            data = content if isinstance(content, bytes) else content.read_bytes()
            for part in (name.encode(), *parts(data)):
                hit = next((text for text in plain if text in part), None) or next(
                    (match[0] for word in names if (match := word.search(part))), None
                )
                if hit is not None:
                    shown = hit.replace(b"\0", b"").decode(errors="replace")
                    raise InvalidInput(self._refusal(name, shown) if _is_ours(name) else _IN_FILE.format(name, shown))

    def _patterns(self) -> tuple[list[bytes], list[re.Pattern[bytes]]]:
        """Bytes to find as they are, and names to find as words."""
        names = [re.compile(_word(name).encode(), re.IGNORECASE) for name in self.names]
        wide = [
            secret.encode(code)
            for secret in (*self.names, *self.texts)
            for code in ("utf-16-be", "utf-16-le", "utf-32-le")
        ]
        return [text.encode() for text in self.texts] + wide, names


def _is_ours(name: str) -> bool:
    return name.startswith(("code/tda_latent/", "code/tda_latent-", "code/paper/"))


def _word(name: str) -> str:
    """An expression that finds a name where it stands as a word."""
    return rf"(?<![A-Za-z0-9]){re.escape(name)}(?![A-Za-z0-9])"


def _without_words(source: str) -> str:
    """The syntax of a source without its documentation; "" for what is no source any more."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return ""
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)) and ast.get_docstring(
            node
        ):
            node.body[0] = ast.Expr(ast.Constant(""))
    return ast.dump(tree)


def parts(data: bytes) -> Iterator[bytes]:
    """Bytes as they are, and what is packed in them: members of archives, streams of PDF and PNG."""
    yield data
    if data[:4] == b"PK\x03\x04":
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                for entry in archive.infolist():
                    with archive.open(entry) as member:
                        inner = member.read(_LARGEST_PART)
                    yield from _inflated(inner)
                    if entry.compress_type != zipfile.ZIP_STORED:
                        yield inner
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError):
            pass
    yield from _inflated(data)


def _inflated(data: bytes) -> Iterator[bytes]:
    if b"%PDF" not in data[:1024] and b"\x89PNG" not in data[:1024]:
        return
    for match in re.finditer(rb"\x78[\x01\x5e\x9c\xda]", data):
        try:
            yield zlib.decompressobj().decompress(data[match.start() :], _LARGEST_PART)
        except zlib.error:
            continue
