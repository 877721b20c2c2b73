"""What works from the manifest of a run: verify, diff, explain, trace."""
