"""The static report: one self-contained page from a finished run, no network, no script."""

from tda_latent.report.page import render_report, write_report

__all__ = ["render_report", "write_report"]
