"""The screen and the log of a script, which parsers of SPPARKS' logs read."""

from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from grainpaint.errors import InputError
from grainpaint.simulate.spparks.output.files import place_of

__all__ = ["LOG", "Log"]

LOG = "log.spparks"
_FIRST_LINES = (
    "SPPARKS' script, run with grainpaint's kernels",
    "Naccept is 0: flips are not counted. Nreject: all attempts of sweeps",
)


class Log:
    """The screen and the log, which begins in `LOG`.

    Parameters
    ----------
    folder : Path
        Where names of files start.
    screen : callable, optional
        Shows a line; None = no screen.
    """

    def __init__(
        self, folder: Path, screen: Callable[[str], object] | None = None
    ) -> None:
        self.folder, self.screen = folder, screen
        self.file: TextIO | None = None
        self.open(LOG)
        for line in _FIRST_LINES:
            self.say(line)

    def open(self, name: str) -> None:
        """Go on in another file; an empty name ends the log.

        Raises
        ------
        InputError
            If the file cannot be written.
        """
        self.close()
        if name:
            path = place_of(self.folder, name)
            try:
                self.file = path.open("w")
            except OSError as error:
                raise InputError(
                    f"{path}: cannot be written ({error.strerror})"
                ) from None

    def close(self) -> None:
        """Close the file."""
        if self.file is not None:
            self.file.close()
        self.file = None

    def say(self, text: str, screen: bool = True, log: bool = True) -> None:
        """Write a line."""
        if screen and self.screen is not None:
            self.screen(text)
        if log and self.file is not None:
            print(text, file=self.file, flush=True)
