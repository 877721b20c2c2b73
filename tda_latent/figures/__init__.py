"""One figure a file: a stored record in, Axes out; nothing is computed here."""
