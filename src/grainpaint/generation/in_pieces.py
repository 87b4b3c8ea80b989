"""A volume of Python that is made piece by piece, by any executor."""

from concurrent.futures import Executor
from pathlib import Path
from tempfile import TemporaryDirectory

from grainpaint import formats
from grainpaint.errors import InputError
from grainpaint.executors.hands import KEPT
from grainpaint.generation.on_disk import run
from grainpaint.generation.recipe import Recipe
from grainpaint.microstructure import Microstructure
from grainpaint.network.devices import find_device
from grainpaint.progress import Progress
from grainpaint.store import create

__all__ = ["paint_in_pieces"]

_NOTHING_KEPT = "without a store, what was done is lost"


def paint_in_pieces(
    recipe: Recipe,
    path: Path | None,
    device: str,
    progress: Progress,
    executor: Executor | None = None,
    kept: str = KEPT,
) -> Microstructure:
    """Make the volume of a recipe in a store, or go on with it, and load it.

    Parameters
    ----------
    recipe : Recipe
    path : Path, optional
        The store, NAME.zarr; without it, one in a temporary folder.
    device, progress, executor, kept
        As in `grainpaint.generation.on_disk.run`.

    Raises
    ------
    InputError
        As `run`; if another volume is there, or an axis is periodic.
    """
    if any(recipe.periodic):
        raise InputError(
            "a volume with periodic axes is made at once: leave out the executor and "
            "the store"
        )
    if path is None:
        with TemporaryDirectory(prefix="grainpaint-") as folder:
            place, kept = Path(folder) / "volume.zarr", _NOTHING_KEPT
            return paint_in_pieces(recipe, place, device, progress, executor, kept)
    if path.suffix != ".zarr":
        raise InputError(f"{path}: a store is a folder NAME.zarr")
    if executor is None:
        find_device(device)  # before a store is made
    spacing = (recipe.spacing,) * 3
    settings = recipe.model_dump(mode="json")
    try:
        store = create(path, recipe.shape, spacing, recipe.origin, settings)
    except InputError as error:  # programs have no force: they remove what is there
        told = str(error).replace("use force to", "remove the folder to")
        raise InputError(told) from None
    run(recipe, store, 1, device, progress, executor, kept)
    return formats.load(path)
