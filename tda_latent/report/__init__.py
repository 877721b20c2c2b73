"""The static report: one self-contained page from a finished run."""
