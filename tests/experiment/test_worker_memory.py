"""A library that could not be loaded for want of memory is told as such, not as a broken installation."""

from __future__ import annotations

import pytest

from tda_latent.experiment.workers import worker


def raised(*errors: Exception) -> Exception:
    """The last error, raised while the one before it was handled."""
    before: BaseException | None = None
    for error in errors:
        error.__cause__, before = before, error
    return errors[-1]


@pytest.mark.parametrize(
    ("error", "limit", "kind"),
    [
        (ImportError("x.so: failed to map segment from shared object"), 10**8, "MemoryError"),
        (raised(ImportError("x.so: failed to map segment"), ImportError("it seems broken")), 10**8, "MemoryError"),
        (raised(MemoryError(), ImportError("the install seems broken")), 10**8, "MemoryError"),
        (ImportError("x.so: failed to map segment from shared object"), None, "ImportError"),
        (ImportError("no module named x"), 10**8, "ImportError"),
    ],
)  # fmt: skip
def test_a_library_that_found_no_memory_is_no_broken_library(monkeypatch, tmp_path, error, limit, kind) -> None:
    def fail(payload, store):
        raise error

    monkeypatch.setattr(worker, "execute", fail)
    monkeypatch.setattr(worker, "limit_memory", lambda size: None)  # it would hold for the tests after this
    reply = worker.attempt({"store": str(tmp_path / "s"), "memory": limit})
    assert (reply["ok"], reply["kind"]) == (False, kind)
    assert ("--memory" in reply["reason"]) == (kind == "MemoryError")
