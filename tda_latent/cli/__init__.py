"""The command line: arguments in, `api` called, text out."""
