"""Functions on plain arrays: NumPy and SciPy in, NumPy out; nothing here knows records or components."""
