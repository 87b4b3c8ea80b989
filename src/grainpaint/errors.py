"""The one exception that callers handle: a mistake in the user's input."""

__all__ = ["InputError"]


class InputError(ValueError):
    """The user's input cannot work; the message says why and what to do.

    The command line prints the message as one line and exits with code 2.
    """
