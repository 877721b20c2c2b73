"""Processes that do the work, and what is said to them."""

GREETING = "greeting"  # kind of a request for version, code and libraries; a task has its component's kind
