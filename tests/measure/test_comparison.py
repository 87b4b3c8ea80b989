"""Comparisons: verdicts, what floors promise, and what cannot be compared."""

import json

import numpy as np
import pytest

from grainpaint import InputError, Microstructure
from grainpaint.measure.comparison import compare
from grainpaint.measure.descriptors import DESCRIPTORS
from grainpaint.measure.measured import measure
from grainpaint.segmentation.pieces import label_pieces
from grainpaint.simulate.iso.isotropic import isotropic


def test_two_samples_of_one_population_lie_about_a_floor_apart(measured):
    result = compare(measured[:7], measured[7:])
    found = result.descriptors
    ratio = [found[n].ratio_to_floor for n in ("volume", "aspect_ratio", "nearest")]
    assert all(0.3 < r < 3 for r in ratio)
    verdicts = [found[n].verdict for n in DESCRIPTORS]
    # Each has a chance of about 1 in 41 to be above all floors, and some go together.
    assert verdicts.count("as the reference") >= 10
    assert sum(found[n].p < 1e-3 for n in DESCRIPTORS) == 0
    json.dumps(result.to_dict())


def test_another_population_is_told_apart(measured):
    coarse = [isotropic((32, 32, 32), time=20, seed=s + 50) for s in range(4)]
    other = [measure(Microstructure(label_pieces(v.grain_id))) for v in coarse]
    result = compare(other, measured)
    found = result.descriptors["volume"]
    assert found.verdict == "different"
    assert found.p < 1e-6
    low, high = found.kl_interval
    assert low < found.kl < high
    mean = result.measures["mean_volume_um3"]
    assert mean.generated > 1.2 * mean.reference
    assert mean.p < 0.01


def test_what_cannot_be_compared_is_said(measured):
    grain_id = isotropic((24, 24, 24), time=5, seed=1).grain_id
    with pytest.raises(InputError, match="one voxel size"):
        compare(measured, [measure(Microstructure(grain_id, (2.0,) * 3))])
    with pytest.raises(InputError, match="no volume"):
        compare(measured, [])
    one = measure(Microstructure(np.ones((8, 8, 8), int)))
    with pytest.raises(InputError, match="has 1 grain;"):
        compare([one], measured)


def test_layers_have_no_spread_of_aspect_ratios_and_are_still_compared(
    measured, few_draws
):
    x, y, z = np.indices((32, 32, 32)) // 8
    cubes = [measure(Microstructure(x + 4 * y + 16 * z + 1))]
    result = compare(cubes, measured)
    assert result.descriptors["volume"].kl is None
    assert "all values are equal" in result.descriptors["volume"].verdict
    assert "kl_floor_largest" not in result.to_dict()["volume"]


def test_mixed_borders_shapes_and_void_are_noted(measured, few_draws):
    periodic = isotropic((32, 32, 32), time=12, seed=30)
    holed = periodic.grain_id.copy()
    holed[:4] = 0
    result = compare(
        measured, [measure(periodic), measure(Microstructure(holed[:, :, :30]))]
    )
    text = " ".join(result.notes)
    assert "periodic" in text
    assert "shape" in text
    assert "outside" in text
    assert result.descriptors["volume"].interior.n_reference > 0
    whole = result.to_dict()
    assert set(whole["volume"]["interior"]) == set(whole["volume"]) - {
        "title",
        "unit",
        "interior",
    }
    json.dumps(whole)


def test_sets_may_be_volumes_files_and_patterns(tmp_path, few_draws):
    volumes = [isotropic((16, 16, 16), time=5, seed=s) for s in range(3)]
    for i, volume in enumerate(volumes):
        volume.save(tmp_path / f"{i}.npz")
    names = ["volume", "sphericity"]
    expected = compare(volumes[:1], volumes[1:], names).to_dict()
    assert set(expected) - set(DESCRIPTORS) == {
        "measures", "correlation", "generated", "reference", "notes",
    }  # fmt: skip
    others = [tmp_path / "[12].npz"], (v for v in volumes[1:])
    for one, reference in zip((tmp_path / "0.npz", volumes[0]), others):
        assert compare(one, reference, names).to_dict() == expected
    with pytest.raises(InputError, match="no descriptor of a solid is named 'size'"):
        compare(volumes[:1], volumes[1:], ["size"])
    with pytest.raises(InputError, match="no such file"):
        compare(tmp_path / "none.npz", volumes)
    with pytest.raises(InputError, match="as a whole or not at all"):
        compare([measure(volumes[0]), volumes[1]], volumes)
