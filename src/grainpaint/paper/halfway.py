"""A volume of the paper's method that is half painted, kept beside what it will be."""

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from grainpaint.errors import InputError
from grainpaint.formats.files import replace_with

__all__ = ["Halfway", "halfway_path", "kept_precision"]


def halfway_path(output: Path) -> Path:
    """Return where a volume is kept until it is done."""
    return output.with_name(output.name + ".halfway.npz")


def kept_precision(output: Path) -> str | None:
    """Return the precision of a volume that is half painted, None if there is none."""
    try:
        with halfway_path(output).open("rb") as file, np.load(file) as kept:
            found = json.loads(str(kept["recipe"])).get("precision")
    except (zipfile.BadZipFile, EOFError, OSError, ValueError, KeyError):
        return None
    return str(found)


@dataclass(frozen=True)
class Halfway:
    """Values painted so far, and in which blocks.

    Parameters
    ----------
    path : Path
        The file; see `halfway_path`.
    recipe : str
        What the volume is made by, as JSON.
    """

    path: Path
    recipe: str

    def load(self, values: np.ndarray, done: np.ndarray) -> None:
        """Fill in the values and the blocks of an earlier run, if there was one.

        Raises
        ------
        InputError
            If the file is damaged, or of a volume by another recipe.
        """
        if not self.path.exists():
            return
        try:
            with self.path.open("rb") as file, np.load(file) as kept:
                same = str(kept["recipe"]) == self.recipe
                if same:
                    values[...], done[...] = kept["values"], kept["done"]
        except (zipfile.BadZipFile, EOFError, OSError, ValueError, KeyError) as error:
            raise InputError(
                f"{self.path} is damaged ({error}): delete it to begin again"
            ) from None
        if not same:
            raise InputError(
                f"{self.path} holds a volume of other settings, half painted: go on "
                "with the command that began it, delete it, or choose another output"
            )

    def save(self, values: np.ndarray, done: np.ndarray) -> None:
        """Keep what is painted."""

        def write(aside: Path) -> None:
            with aside.open("wb") as file:
                np.savez(file, values=values, done=done, recipe=self.recipe)

        replace_with(self.path, write)

    def delete(self) -> None:
        """Forget it: the volume is done."""
        self.path.unlink(missing_ok=True)
