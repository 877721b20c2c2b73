"""Torch networks: architectures, training, and the way back from a stored `Model` to encode, decode and sample."""
