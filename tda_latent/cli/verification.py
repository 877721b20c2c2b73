"""``tda-latent verify``, ``diff`` and ``explain``: call the API, print, give the exit code."""

from __future__ import annotations

import argparse
import sys
from argparse import Namespace
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tda_latent.api.verification import Verification
    from tda_latent.experiment.proof.differences import Difference
    from tda_latent.experiment.proof.explain import Chain, Explanation
    from tda_latent.experiment.proof.judgement import Verdict
    from tda_latent.experiment.proof.recomputation import Recomputation
    from tda_latent.experiment.proof.verify import Integrity

SHOWN = 8  # lines of one kind; --all shows every one
STATES = {
    "identical": "the same to the last bit",
    "within the bound": "other last bits, by no more than a theorem allows for the measured change of the inputs",
    "within the tolerance": "other last bits; a declared tolerance, no theorem",
    "different": "not the result of the run",
    "not judged": "could not be computed or compared here",
}
VERIFY_CODES = """exit codes:
  0   verified: everything matches, and what was recomputed came out again
  1   not verified: something is missing or has no result, or could not be judged here
  2   the input is wrong: no such run or store, or a store of another format
  3   not verified: something differs from what the run wrote, or came out differently
  130 interrupted"""
DIFF_CODES = """exit codes:
  0   the results of both runs are the same
  2   the input is wrong: no such run or store
  3   results differ, or only one of the runs has them"""
_RUN = "folder or id of a run, or an experiment: name or file (its newest run)"


def verify_arguments(sub: argparse.ArgumentParser) -> None:
    """Arguments of ``tda-latent verify``."""
    sub.epilog, sub.formatter_class = VERIFY_CODES, argparse.RawDescriptionHelpFormatter
    sub.add_argument("run", metavar="RUN", help=_RUN)
    sub.add_argument(
        "--recompute", nargs="?", const="", default=None, metavar="K%|all",
        help="carry out a sample (10%% unless said) or all of the tasks again and judge them",
    )  # fmt: skip
    sub.add_argument(
        "--from-sources",
        action="store_true",
        help="with --recompute: compute the inputs again as well, from the sources",
    )
    sub.add_argument(
        "--store", default=None, help="folder of the store (default: .tda-latent, or where the run was made)"
    )
    sub.add_argument("--workers", type=int, default=None, help="processes, one thread each (default: the cores)")
    sub.add_argument("--memory", default=None, metavar="8GB", help="memory that one task may use")
    sub.add_argument("--task-time", default=None, metavar="10min", help="time that one task may take")
    sub.add_argument("--all", action="store_true", help="show every line, not the first few of a kind")


def diff_arguments(sub: argparse.ArgumentParser) -> None:
    """Arguments of ``tda-latent diff``."""
    sub.epilog, sub.formatter_class = DIFF_CODES, argparse.RawDescriptionHelpFormatter
    sub.add_argument("first", metavar="A", help=_RUN)
    sub.add_argument("second", metavar="B", help="the other run")
    sub.add_argument("--store", default=None, help="folder of the store (default: .tda-latent, or where each was made)")
    sub.add_argument("--other-store", default=None, metavar="STORE", help="folder of the store of B, if it is another")
    sub.add_argument("--all", action="store_true", help="show every line, not the first few of a kind")


def explain_arguments(sub: argparse.ArgumentParser) -> None:
    """Arguments of ``tda-latent explain``."""
    sub.add_argument("task", metavar="TASK", help="label of a task, as record.json and the report name it")
    sub.add_argument(
        "file", nargs="?", default=None, help="experiment file (default: that of the newest run with this task)"
    )
    sub.add_argument(
        "--set", action="append", default=[], metavar="A.B=C", help="change a value of the file; repeatable"
    )
    sub.add_argument("--store", default=".tda-latent", help="folder of the store (default: %(default)s)")


def verify(options: Namespace) -> int:
    """``tda-latent verify``."""
    from tda_latent.api import experiments, verification

    fraction = None if options.recompute is None else verification.fraction(options.recompute or None)
    if options.from_sources and fraction is None:
        fraction = 1.0
    done = verification.verify(
        options.run,
        recompute_fraction=fraction,
        from_sources=options.from_sources,
        store=options.store,
        limits=experiments.limits(options.workers, options.memory, options.task_time),
        listener=_count,
    )
    most = sys.maxsize if options.all else SHOWN
    say_verification(done, options.from_sources, most)
    return done.exit_code


def _count(what: str, done: int, total: int) -> None:
    """How far a long look has come, on one line of a terminal."""
    if sys.stderr.isatty():
        sys.stderr.write("\r\x1b[K" if done == total else f"\r\x1b[K{done}/{total} {what}")
        sys.stderr.flush()


def say_verification(done: Verification, from_sources: bool, most: int) -> None:
    """What a look at a run found, and the verdict."""
    if done.run is not None:
        made = done.run.content["circumstances"]["time"]
        print(f"Run {done.run.id} of {done.run.name}, made {made}, root {done.run.root[:12]}, store {done.store}.")
    _say_integrity(done, most)
    if done.again is not None:
        _say_recomputation(done.again, from_sources, most)
        for label in done.affected[:most]:
            print(f"  rests on it: {label}")
    elif done.run is not None and any(item.numbers for item in done.integrity.changed):
        print("Nothing was recomputed from a damaged run.")
    print({
        0: "Verified.",
        1: "NOT VERIFIED: incomplete.",
        3: "NOT VERIFIED: it differs.",
        130: "Interrupted; what was judged stands above.",
    }[done.exit_code])  # fmt: skip


def _say_integrity(done: Verification, most: int) -> None:
    found: Integrity = done.integrity
    for head, items in (("CHANGED", found.changed), ("MISSING", found.missing)):
        _lines(head, (f"{item.what}: {item.text}" for item in items), most)
        for remedy in dict.fromkeys(item.remedy for item in items if item.remedy):
            print(f"  {remedy}")
    if done.run is None:
        return
    files = f"{found.files} files of {done.folder}" if done.folder else "no files (say which folder to have them read)"
    sound = "match their digests" if not found.findings else "were read"
    described = "1 description" if found.environments == 1 else f"{found.environments} descriptions"
    print(
        f"Integrity: {found.results} results in {found.blobs} blobs ({found.size:,} bytes), {described} of environment "
        f"and {files} {sound}."
    )
    if found.findings and not any(item.numbers for item in found.findings):
        print(
            "The numbers are not affected: every result matches its digest. Unproven is what the run says of its "
            "machine or code."
        )
    if found.unfinished:
        states = ", ".join(f"{count} {state}" for state, count in found.unfinished.items())
        print(f"INCOMPLETE: the run itself has no result of {sum(found.unfinished.values())} tasks ({states}).")


def _say_recomputation(again: Recomputation, from_sources: bool, most: int) -> None:
    how = "everything from the sources" if from_sources else "each from its stored inputs"
    rest = f"; {again.left} were not drawn (--recompute all)" if again.left else ""
    print(f"Recomputed {len(again.verdicts)} results, {how}{rest}:")
    for state, meaning in STATES.items():
        count = sum(verdict.state == state for verdict in again.verdicts.values())
        if count:
            print(f"  {count:>6} {state}: {meaning}")
    for state in ("within the bound", "within the tolerance", "not judged"):
        held = {label: verdict for label, verdict in again.verdicts.items() if verdict.state == state}
        _lines(state, (f"{label}: {verdict.why}" for label, verdict in _largest(held)), most)
    if again.figures:
        are = "1 figure is" if again.figures == 1 else f"{again.figures} figures are"
        print(f"{are} not recomputed: the bytes of a figure depend on the drawing library.")
    _lines("here", again.notes, most)
    if again.different:
        first, *others = again.different
        print(f"DIFFERENT, first at {first}: {again.verdicts[first].why}.")
        _lines("also different", (f"{label}: {again.verdicts[label].why}" for label in others), most)


def _largest(held: dict[str, Verdict]) -> Sequence[tuple[str, Verdict]]:
    """Those that moved most, compared with what they may, first."""
    return sorted(held.items(), key=lambda item: -((item[1].change or 0.0) / (item[1].bound or 1.0)))


def _lines(head: str, found: Iterable[str], most: int) -> None:
    """Some lines under one head, and how many more there are."""
    texts = [*found]
    for text in texts[:most]:
        print(f"{head}: {text}")
    if len(texts) > most:
        print(f"{head}: and {len(texts) - most} more (--all shows them).")


def diff(options: Namespace) -> int:
    """``tda-latent diff``."""
    from tda_latent.api import verification

    found = verification.diff(options.first, options.second, store=options.store, other_store=options.other_store)
    most = sys.maxsize if options.all else SHOWN
    for name, run in (("A", found.first), ("B", found.second)):
        state = "complete" if run.complete else "INCOMPLETE"
        print(f"{name}: {run.id} of {run.name}, {state}, root {run.root[:12]}")
    for head in ("configuration", "environment", "code"):
        texts = getattr(found, head)
        _lines(head, texts or ["the same"], most)
    _say_results(found, most)
    return 0 if found.same_results else 3


def _say_results(found: Difference, most: int) -> None:
    _lines("unknown", found.unknown, most)
    for name, labels in zip("AB", found.only, strict=True):
        _lines(f"only in {name}", labels, most)
    if found.same_results:
        print("results: the same, root digests are equal.")
        return
    for stage, (equal, differing) in found.stages.items():
        print(
            f"results: {stage}: {differing} of {equal + differing} differ"
            if differing
            else f"results: {stage}: the same"
        )
    parting = found.parting
    if parting is None:
        print("results: every result that both have is the same.")
        return
    print(f"DIFFERENT, first at {parting.label}")
    if parting.moved is not None:
        size = f"by {parting.moved.largest:.3g}: " if parting.moved.largest < float("inf") else ": "
        print(f"  moved {size}{parting.moved.where}")
    for text in parting.why:
        print(f"  because {text}")
    if parting.fields_known and not parting.why:
        print("  with the same key fields: another machine, or a component that does not repeat itself")


def explain(options: Namespace) -> int:
    """``tda-latent explain``."""
    from tda_latent.api import verification

    chain = verification.explain(options.task, options.file, options.set, store=options.store)
    _say_task(chain.asked)
    _say_causes(chain)
    return 0


def _say_task(item: Explanation) -> None:
    if item.state == "failed":
        print(f"{item.label} cannot run: {item.reason}")
    elif item.state == "cached":
        since = f" since the run {item.since}" if item.since else ""
        print(f"{item.label} is in the store{since}; it will not run again.")
        if item.against:
            print(f"Before that it had another result, in {item.against}; since then:")
    else:
        print(f"{item.label} will run.")
        if item.against:
            other = f", where {item.other} used the same component" if item.other else ""
            print(f"Compared with {item.against}{other}:")
    for text in item.changes:
        print(f"  {text}")
    if item.reason and item.state != "failed":
        print(f"  {item.reason}")


def _say_causes(chain: Chain) -> None:
    asked = chain.asked
    if asked.inputs:
        more = f" and {len(asked.inputs) - 3} more" if len(asked.inputs) > 3 else ""
        print(f"  its input changed: {', '.join(asked.inputs[:3])}{more}, because")
    for texts, labels in chain.first_causes.items():
        more = f" and {len(labels) - 1} more" if len(labels) > 1 else ""
        print(f"    {labels[0]}{more}: {' | '.join(texts)}")
