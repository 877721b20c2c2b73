"""Code as data: where modules lie, what they import, and digests that change when what they compute can change."""
