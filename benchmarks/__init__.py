"""Times that the project promises and comparisons with peers, printed with accuracy beside speed; never tests."""
