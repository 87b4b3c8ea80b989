"""Our own files, damaged at random: refused, noted, or read as they were."""

import random
import shutil
import warnings

import numpy as np
import pytest
from samples import damaged

from grainpaint import InputError, Microstructure, load
from grainpaint.errors import InputNote

N_DAMAGES = 60


def volume():
    ids = np.random.default_rng(1).integers(1, 9, (6, 5, 4))
    return Microstructure(ids, periodic=(True, False, True))


def is_silently_changed(path, expected):
    """Return whether a file is read as something else without a word."""
    said = ""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", InputNote)
            found = load(path)
    except (InputError, InputNote) as error:
        said = str(error)
    if said:
        assert "\n" not in said
        assert len(said) < 500
        return False
    return (
        not np.array_equal(found.grain_id, expected.grain_id)
        or found.spacing != expected.spacing
        or found.origin != expected.origin
        or found.periodic != expected.periodic
    )


@pytest.mark.parametrize("suffix", [".vti", ".npz", ".sites"])
def test_no_damage_changes_a_volume_in_silence(tmp_path, suffix):
    path, rng = tmp_path / f"a{suffix}", random.Random(suffix)
    data = volume().save(path).read_bytes()
    expected = load(path)
    for _ in range(N_DAMAGES):
        path.write_bytes(damaged(data, rng))
        assert not is_silently_changed(path, expected), path.read_bytes()


def test_no_damage_changes_a_zarr_volume_in_silence(tmp_path):
    rng, path = random.Random(1), tmp_path / "b.zarr"
    whole = volume().save(tmp_path / "a.zarr")
    files = [p.relative_to(whole) for p in sorted(whole.rglob("*")) if p.is_file()]
    chunks = [p for p in files if p.suffix != ".json"]
    for _ in range(N_DAMAGES // 2):
        shutil.copytree(whole, path)
        place = path / rng.choice(chunks)
        if rng.random() < 0.1:
            place.unlink()
        else:
            place.write_bytes(damaged(place.read_bytes(), rng))
        assert not is_silently_changed(path, volume()), place
        shutil.rmtree(path)
