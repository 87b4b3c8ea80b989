"""Slow, obvious versions of what the package does fast: oracles for the tests."""
