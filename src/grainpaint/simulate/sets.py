"""Sets of simulated volumes in a folder, with the recipe that made them."""

import json
from pathlib import Path

from grainpaint import formats
from grainpaint.errors import InputError
from grainpaint.progress import Progress, silent
from grainpaint.simulate.potts import isotropic

__all__ = ["isotropic_set"]


def isotropic_set(
    folder: Path,
    shape: tuple[int, int, int],
    time: float,
    n_spins: int,
    seed: int,
    count: int,
    progress: Progress = silent,
) -> None:
    """Simulate volumes with seeds seed, seed + 1, ... into a folder; go on if begun.

    Parameters
    ----------
    folder : Path
        Gets 000000.npz, 000001.npz, ... and recipe.json.
    shape, time, n_spins, seed
        As in `grainpaint.simulate.isotropic`.
    count : int
        Number of volumes, at least 1.
    progress : Progress
        Told the volumes done.

    Raises
    ------
    InputError
        If the folder holds a set made by another recipe, or a setting is out of range.
    """
    if count < 1:
        raise InputError(f"--count must be at least 1, got {count}")
    recipe = {
        "kind": "isotropic",
        "lattice": "sc/26n",
        "shape": list(shape),
        "time": time,
        "n_spins": n_spins,
        "temperature": 0,
        "seed": seed,
        "spacing_um": 1.0,
    }
    note = folder / "recipe.json"
    if note.is_file():
        found = json.loads(note.read_text())
        odd = [k for k in recipe if found.get(k) != recipe[k]]
        if odd:
            raise InputError(
                f"{folder} holds a set with another recipe ({odd[0]} = "
                f"{found.get(odd[0])}, not {recipe[odd[0]]}): choose another folder"
            )
    elif folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"{folder} exists and is no set of volumes: choose another")
    with progress("simulate", count) as bar:
        for i in range(count):
            path = folder / f"{i:06d}.npz"
            if not path.exists():
                volume = isotropic(shape, time, n_spins, seed + i)
                if i == 0:
                    folder.mkdir(parents=True, exist_ok=True)
                    note.write_text(json.dumps(recipe) + "\n")
                formats.write(volume, path)
            bar.update(i + 1)
