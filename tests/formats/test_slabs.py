"""Volumes slab by slab, from memory and from a store."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oriented import oriented
from samples import example_volume

from grainpaint import InputError, Microstructure
from grainpaint.formats import open_slabs
from grainpaint.formats.slabs import of_volume


@pytest.fixture
def thin(monkeypatch):
    """Make slabs of a few voxels, so that a small volume has several."""
    monkeypatch.setattr("grainpaint.formats.slabs._SLAB", 40)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_slabs_add_up_to_the_volume(thin, axis):
    volume = oriented(shape=(5, 4, 9))
    layers = [*of_volume(volume).layers(axis)]
    assert len(layers) > 1
    np.testing.assert_array_equal(np.concatenate(layers, axis), volume.grain_id)


@pytest.mark.parametrize("scale", [1, 7, 300_000_000])
def test_grains_are_counted_and_numbered(thin, scale):
    ids = example_volume().grain_id.astype(np.int64) // 4 * scale
    volume = Microstructure(ids)
    slabs = of_volume(volume)
    known, counts = slabs.counted
    wanted = np.unique(ids, return_counts=True)
    np.testing.assert_array_equal(known, wanted[0])
    np.testing.assert_array_equal(counts, wanted[1])
    assert slabs.numbered == (scale == 1)
    rows = np.concatenate([*slabs.rows()])
    np.testing.assert_array_equal(np.append(0, slabs.ids)[rows], ids.transpose(2, 1, 0))


def test_few_and_large_ids_are_counted_together(thin):
    ids = np.zeros((4, 6, 200), np.int32)
    ids[:, :, 70:] = 3
    ids[:, :, 140:] = 300_000_000
    known, counts = of_volume(Microstructure(ids)).counted
    assert known.tolist() == [0, 3, 300_000_000]
    assert counts.tolist() == [24 * 70, 24 * 70, 24 * 60]


@pytest.mark.parametrize("shape", [(130, 512, 512), (512, 512, 130), (4000, 3000, 1)])
def test_counting_reads_every_chunk_of_a_store_once(shape):
    read = []

    def fetch(box):
        read.append(box)
        return np.ones([s.stop - s.start for s in box], np.int32)

    slabs = replace(of_volume(Microstructure(np.ones((2, 2, 2), int))), fetch=fetch)
    known, counts = replace(slabs, shape=shape).counted
    assert (known.tolist(), counts.tolist()) == ([1], [np.prod(shape)])
    assert all(side.start % 64 == 0 for box in read for side in box)
    assert len(read) < 12


@given(
    st.integers(1, 12),
    st.tuples(*[st.tuples(st.integers(0, 8), st.integers(0, 8))] * 3),
)
def test_part_and_stride_are_those_of_numpy(stride, box):
    box = [(min(p), max(p) + 1) for p in box]
    stride = min([stride, *(b - a for a, b in box if b - a > 1)])
    volume = Microstructure(np.arange(1, 730).reshape(9, 9, 9), (1.0, 2.0, 3.0))
    part = of_volume(volume).part(box, stride).volume()
    index = []
    for a, b in box:
        step = min(stride, b - a)
        index.append([a + step // 2 + i * step for i in range((b - a) // step)])
    np.testing.assert_array_equal(part.grain_id, volume.grain_id[np.ix_(*index)])
    first = [i[0] + 0.5 for i in index]  # in voxels, the center of the first one
    if stride % 2:
        center = [o + s / 2 for o, s in zip(part.origin, part.spacing)]
        steps = [min(stride, b - a) for a, b in box]
        odd = [k for k in range(3) if steps[k] % 2]
        np.testing.assert_allclose(
            np.array(center)[odd], np.array(first)[odd] * np.array(volume.spacing)[odd]
        )


def test_axes_that_are_cut_are_no_longer_periodic():
    volume = Microstructure(np.ones((6, 6, 6), int), periodic=(True, True, True))
    slabs = of_volume(volume)
    assert slabs.part(None, 2).periodic == (True,) * 3
    assert slabs.part(None, 4).periodic == (False,) * 3
    assert slabs.part([(0, 6), (1, 6), (0, 5)]).periodic == (True, False, False)


def test_regions_beyond_the_volume_are_refused():
    slabs = of_volume(example_volume())
    with pytest.raises(InputError, match="1:4 along y is not within the volume, 0:3"):
        slabs.part([(0, 2), (1, 4), (0, 1)])
    with pytest.raises(InputError, match="stride"):
        slabs.part(None, 0)


def test_a_stride_beyond_an_axis_is_refused_but_flat_axes_stay():
    slabs = of_volume(Microstructure(np.ones((8, 4, 1), int)))
    assert slabs.part(None, 4).shape == (2, 1, 1)
    with pytest.raises(InputError, match=r"stride of 5 .* 4 voxels along y"):
        slabs.part(None, 5)
    with pytest.raises(InputError, match=r"stride of 4 .* 2 voxels along x"):
        slabs.part([(1, 3), (0, 4), (0, 1)], 4)


def test_a_store_is_read_as_it_is_needed(thin, tmp_path):
    volume = example_volume()
    slabs, notes = open_slabs(volume.save(tmp_path / "a.zarr"))
    assert notes == []
    assert (slabs.spacing, slabs.origin) == (volume.spacing, volume.origin)
    np.testing.assert_array_equal(slabs.volume().grain_id, volume.grain_id)
    part = slabs.part([(0, 2), (1, 3), (0, 4)], 2)
    np.testing.assert_array_equal(
        part.volume().grain_id, volume.grain_id[1::2, 2::2, 1::2]
    )


def test_a_lost_chunk_of_a_store_is_noticed(tmp_path):
    path = Microstructure(np.ones((70, 3, 3), int)).save(tmp_path / "a.zarr")
    (path / "grain_id" / "c" / "1" / "0" / "0").unlink()
    with pytest.raises(InputError, match="files of it are missing"):
        open_slabs(path)
