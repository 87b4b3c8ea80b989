"""A half-painted volume of the paper's method, kept beside its output file."""

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from grainpaint.errors import InputError
from grainpaint.formats.files import replace_with

__all__ = ["Halfway", "halfway_path", "halfway_precision"]


def halfway_path(output: Path) -> Path:
    """Return the path where the volume for an output is kept until it is done."""
    return output.with_name(output.name + ".halfway.npz")


def halfway_precision(output: Path) -> str | None:
    """Return the precision of the half-painted volume, or None if there is none."""
    try:
        with halfway_path(output).open("rb") as file, np.load(file) as kept:
            found = json.loads(str(kept["recipe"])).get("precision")
    except (zipfile.BadZipFile, EOFError, OSError, ValueError, KeyError):
        return None
    return str(found)


@dataclass(frozen=True)
class Halfway:
    """The file of a half-painted volume: its values, and which blocks are done.

    Parameters
    ----------
    path : Path
        The file; see `halfway_path`.
    recipe : str
        The recipe of the volume, as JSON.
    """

    path: Path
    recipe: str

    def load(self, values: np.ndarray, done: np.ndarray) -> None:
        """Fill in what an earlier run painted, if there was one.

        Parameters
        ----------
        values : numpy.ndarray, float32, shape (dim, nx, ny, nz)
        done : numpy.ndarray, bool, shape (n_blocks,)

        Raises
        ------
        InputError
            If the file is damaged, or holds a volume with another recipe.
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
                f"{self.path} is damaged ({error}): delete it to start again"
            ) from None
        if not same:
            raise InputError(
                f"{self.path} holds a half-painted volume with other settings: finish "
                "it with the settings that it was started with, delete it, or choose "
                "another output"
            )

    def save(self, values: np.ndarray, done: np.ndarray) -> None:
        """Write the values and the done blocks; arrays as in `load`."""

        def write(aside: Path) -> None:
            with aside.open("wb") as file:
                np.savez(file, values=values, done=done, recipe=self.recipe)

        replace_with(self.path, write)

    def delete(self) -> None:
        """Delete the file, if there is one."""
        self.path.unlink(missing_ok=True)
