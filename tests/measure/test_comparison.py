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


@pytest.fixture
def few_intervals(monkeypatch):
    """Let intervals come from few draws; floors, which decide, have all of theirs."""
    monkeypatch.setattr("grainpaint.measure.floors._N_BOOTSTRAP", 4)


def test_two_samples_of_one_population_lie_about_a_floor_apart(measured, few_intervals):
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
    result = compare(other, measured, ["volume"])
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
    with pytest.raises(InputError, match="the seed must be a whole number"):
        compare(measured, measured, seed=-1)
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


@pytest.fixture(scope="module")
def sections():
    """Twelve sections of 48 x 48 voxels."""
    grown = [isotropic((48, 48, 1), time=8, seed=s, lattice="sq/8n") for s in range(12)]
    return [Microstructure(label_pieces(v.grain_id, corners=True)) for v in grown]


def test_sections_are_compared_as_plane_figures(sections, few_intervals):
    sets = [measure(v) for v in sections]
    result = compare(sets[:5], sets[5:])
    assert set(result.descriptors) == {
        "area", "diameter", "nearest", "b_over_a", "circularity", "perimeter",
        "neighbors", "direction_x", "direction_y", "chord_x", "chord_y",
    }  # fmt: skip
    assert set(result.correlation) == {"radial", "x", "y"}
    assert "triple_points_per_um2" in result.measures
    assert result.notes[0] == "Measured as a section of 48 x 48 voxels: circles, areas."
    found = result.descriptors.values()
    assert all(0.2 < entry.ratio_to_floor < 4 for entry in found)
    assert all(entry.interior for name, entry in result.descriptors.items()
               if not name.startswith("chord"))  # fmt: skip
    whole = result.to_dict()
    assert whole["area"]["title"] == "Grain area"
    json.dumps(whole, allow_nan=False)


def test_the_thickness_of_a_section_changes_nothing(sections, few_draws):
    thick = [Microstructure(v.grain_id, (1.0, 1.0, 30.0)) for v in sections[:4]]
    expected = compare(sections[4:6], sections[:4]).to_dict()
    found = compare(sections[4:6], thick).to_dict()
    assert found["area"] == expected["area"]
    assert found["perimeter"] == expected["perimeter"]


def test_flat_and_solid_volumes_are_not_compared(measured, sections):
    with pytest.raises(InputError) as caught:
        compare(measured, sections[:1])
    assert str(caught.value) == (
        "a solid (32 x 32 x 32 voxels) cannot be compared with a section across z "
        "(48 x 48 x 1 voxels): compare solids with solids, and sections with sections "
        "across the same axis"
    )
    turned = Microstructure(sections[0].grain_id.transpose(0, 2, 1))
    with pytest.raises(InputError, match="a section across y"):
        compare(sections[:1], turned)
    with pytest.raises(InputError, match="of a section across z is named 'volume'"):
        compare(sections[:1], sections[1:2], ["volume"])


def test_lines_are_compared_by_length(rng, few_draws):
    lines = [
        Microstructure(np.repeat(np.arange(1, 61), rng.integers(1, 9, 60))[None, None])
        for _ in range(2)
    ]
    result = compare(*lines)
    assert set(result.descriptors) == {"length", "nearest", "chord_z"}
    assert all(entry.kl is not None for entry in result.descriptors.values())
