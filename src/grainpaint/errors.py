"""What concerns a user's input: the exception for mistakes, the warning for notes."""

__all__ = ["InputError", "InputNote"]


class InputError(ValueError):
    """The user's input cannot work; the message says why and what to do.

    The command line prints the message as one line and exits with code 2.
    """


class InputNote(UserWarning):
    """Something about the input that a user should know, such as an assumed unit.

    The command line prints it as one line on standard error.
    """
