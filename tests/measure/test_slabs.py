"""A volume that is read as it is needed has the measures of one in memory."""

import dataclasses

import numpy as np
import pytest

from grainpaint import Microstructure, formats
from grainpaint.formats.slabs import Slabs, of_volume
from grainpaint.measure import junctions
from grainpaint.measure import tally as tallies
from grainpaint.measure.grain_table import table
from grainpaint.measure.tally import tally
from grainpaint.measure.volume_measures import volume_measures
from grainpaint.segmentation.pieces import label_pieces
from grainpaint.store import create


def grains(rng, shape, outside):
    """Pieces of random cells, and some voxels outside."""
    cells = rng.integers(1, 5, [-(-n // 3) for n in shape])
    for axis in range(3):
        cells = cells.repeat(3, axis)
    color = cells[tuple(slice(n) for n in shape)]
    color = np.where(rng.random(shape) < 0.1, rng.integers(1, 5, shape), color)
    color[rng.random(shape) < outside] = 0
    return label_pieces(color)


@pytest.mark.parametrize("shape", [(17, 12, 9), (8, 9, 21), (3, 2, 2)])
@pytest.mark.parametrize("outside", [0.0, 0.1])
def test_measures_in_slabs_are_those_of_the_whole(rng, shape, outside, monkeypatch):
    monkeypatch.setattr(tallies, "_FETCHED", (5, 4, 7))
    monkeypatch.setattr(junctions, "_PLANES", 3)
    volume = Microstructure(grains(rng, shape, outside), (1.0, 2.0, 0.5))
    read = []

    def fetch(here):
        found = volume.grain_id[here]
        read.append(found.size)
        return found

    slabs = dataclasses.replace(of_volume(volume), fetch=fetch)
    whole, counted = tally(volume), tally(slabs)
    for name, expected in vars(whole).items():
        np.testing.assert_array_equal(vars(counted)[name], expected, err_msg=name)
    assert table(slabs, counted).equals(table(volume, whole))
    measures = volume_measures(slabs, counted)
    assert measures == pytest.approx(volume_measures(volume, whole), nan_ok=True)
    assert shape == (3, 2, 2) or max(read[1:]) < volume.grain_id.size


def test_ids_with_gaps_keep_their_names(rng):
    named = grains(rng, (9, 9, 9), 0.0) * 1000
    volume = Microstructure(named)
    assert table(of_volume(volume)).equals(table(volume))


def test_slabs_of_a_torus_are_refused(rng):
    volume = Microstructure(grains(rng, (6, 6, 6), 0.0), periodic=(True,) * 3)
    with pytest.raises(ValueError, match="periodic"):
        tally(of_volume(volume))


def test_a_store_is_measured_without_its_labels_at_once(
    rng, run, tmp_path, monkeypatch
):
    volume = Microstructure(grains(rng, (70, 20, 20), 0.0))
    path = tmp_path / "a.zarr"
    store = create(path, volume.shape, volume.spacing, volume.origin, {})
    store.write_shard("grain_id", (0, 0, 0), volume.grain_id)
    store.finish()
    saved = tmp_path / "a.npz"
    volume.save(saved)
    expected = run("stats", saved, "-o", tmp_path / "memory.csv")
    monkeypatch.setattr(formats, "read", None)  # which would read all of it
    found = run("stats", path, "-o", tmp_path / "slabs.csv")
    assert found[0] == expected[0] == 0
    texts = [(tmp_path / f"{n}.csv").read_text() for n in ("memory", "slabs")]
    assert texts[0] == texts[1]
    assert found[1].replace("slabs.csv", "memory.csv") == expected[1]


def test_slabs_say_how_many_axes_they_have():
    def nothing(here):
        raise AssertionError

    slabs = Slabs((4, 1, 4), (1.0,) * 3, (0.0,) * 3, (False,) * 3, nothing)
    assert slabs.axes == (0, 2)
