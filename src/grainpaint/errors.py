"""The one error that callers branch on: a mistake in what the user gave."""

__all__ = ["InputError"]


class InputError(ValueError):
    """What the user gave cannot work; the message says why and what to do.

    The command line prints the message as one line and exits with code 2.
    """
