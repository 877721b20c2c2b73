"""Experiment file -> plan -> keys -> store -> run -> record."""
