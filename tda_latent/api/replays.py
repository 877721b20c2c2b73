"""A bundle replayed: the run verified, its results found in the bundled store or computed again, roots compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tda_latent.api import experiments
from tda_latent.api.verification import Verification, verify
from tda_latent.errors import InvalidInput
from tda_latent.experiment.bundle.inputs import Absent, still_absent
from tda_latent.experiment.outcomes import is_figure
from tda_latent.experiment.proof.manifest import Manifest, root_digest
from tda_latent.experiment.run import Limits, Run


@dataclass(frozen=True)
class Comparison:
    """The results of a run beside those of its replay; figures, which depend on the drawing library, are left out.

    root : digest of all numbers that the replay has of the results that the run has
    lacking, different : labels of results that the replay has not, or has with other numbers, in the order of the chain
    computed, found : tasks of the replay that were computed and that were in the store
    """

    root: str
    lacking: tuple[str, ...]
    different: tuple[str, ...]
    computed: int
    found: int
    interrupted: bool = False


@dataclass(frozen=True)
class Replay:
    """What came of a replay.

    absent : input files that are not there, by name; compared : None when they, or damage, left nothing to compare
    folder : files of the replay
    """

    verification: Verification
    folder: Path
    recompute: bool
    absent: Mapping[str, Absent] = field(default_factory=dict)
    compared: Comparison | None = None

    @property
    def exit_code(self) -> int:
        """0 equal, or verified without inputs; 1 unproven, 2 nothing to compute from, 3 different, 130 interrupted.

        A run that was incomplete is equal when every result that it had is.
        """
        if not is_sound(self.verification):
            return self.verification.exit_code
        if self.compared is None:
            return 2 if self.recompute else 0
        if self.compared.interrupted:
            return 130
        return 3 if self.compared.different else 1 if self.compared.lacking else 0


def is_sound(found: Verification) -> bool:
    """Whether every result that the run had is there and nothing is changed, even if the run itself was incomplete."""
    in_doubt = found.integrity.changed or any(finding.numbers for finding in found.integrity.missing)
    return found.run is not None and not in_doubt


def replay(folder: str | Path, *, recompute: bool = False, limits: Limits | None = None) -> Replay:
    """Verify the run in an unpacked bundle, then carry it out again from what the bundle holds.

    A complete run is looked up in ``store/``; what other versions of packages would not find is computed again. Of an
    incomplete one nothing is computed, only compared. Without its input files a run is verified and no more.

    Parameters
    ----------
    folder : of the bundle; ``replayed/`` or ``recomputed/`` in it takes the files
    recompute : whether everything is computed again, into ``recomputed/store``

    Raises
    ------
    InvalidInput
        When this is no unpacked bundle.
    """
    home = Path(folder)
    if not (home / "run" / "record.json").is_file() or not (home / "experiment.yaml").is_file():
        raise InvalidInput(f"{str(folder)!r} is no unpacked bundle; unpack one with `tda-latent bundle --open`.")
    output = home / ("recomputed" if recompute else "replayed")
    checked, absent = verify(home), still_absent(home)
    if checked.run is None or not is_sound(checked) or absent:
        return Replay(checked, output, recompute, absent)
    file, store = home / "experiment.yaml", output / "store" if recompute else home / "store"
    if recompute or checked.run.complete:
        done = experiments.run(file, store=store, output=output, limits=limits or experiments.limits())
    else:
        done = experiments.write_report(file, store=store, output=output)
    return Replay(checked, output, recompute, compared=compare(checked.run, done.run))


def compare(then: Manifest, now: Run) -> Comparison:
    """Set the results that a run had beside those of its replay."""
    had = [
        label for label in then.order if then.tasks[label]["state"] in ("cached", "computed") and not is_figure(label)
    ]
    have = {label: now.outcomes[label].digest for label in had if label in now.outcomes and now.outcomes[label].done}
    return Comparison(
        root_digest(have),
        tuple(label for label in had if label not in have),
        tuple(label for label in had if label in have and have[label] != then.tasks[label]["digest"]),
        now.count("computed"),
        now.count("cached"),
        now.interrupted,
    )
