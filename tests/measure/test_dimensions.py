"""Volumes with flat axes: sections as plane figures, lines as lengths."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage.measure import regionprops_table

from grainpaint import Microstructure
from grainpaint.measure.chords import chords
from grainpaint.measure.correlation import two_point
from grainpaint.measure.dimensions import described, diameters_are, named
from grainpaint.measure.grain_table import contacts, table
from grainpaint.measure.integrity import integrity
from grainpaint.measure.measured import measure
from grainpaint.measure.volume_measures import volume_measures
from grainpaint.segmentation.pieces import label_pieces
from grainpaint.simulate.iso.isotropic import isotropic

AXES = {0: "yz", 1: "xz", 2: "xy"}


@pytest.fixture(scope="module")
def plane():
    """A periodic section with about 60 grains."""
    grown = isotropic((48, 40, 1), time=15, seed=2, lattice="sq/8n")
    return label_pieces(grown.grain_id, grown.periodic, corners=True)[:, :, 0]


def section(plane, flat, edges=(1.0, 1.0), thick=1.0, periodic=(False,) * 3):
    """A plane as a volume whose axis `flat` has one voxel, `thick` µm wide."""
    spacing = list(edges)
    spacing.insert(flat, thick)
    return Microstructure(
        np.expand_dims(plane, flat), tuple(spacing), periodic=periodic
    )


def test_a_rectangle_has_the_figures_of_its_closed_form():
    plane = np.zeros((20, 12), int)
    plane[2:12, 3:9] = 1
    row = table(section(plane, 1, (2.0, 0.5), 7.0)).iloc[0]
    assert row.area_um2 == 60
    assert row.diameter_um == pytest.approx(np.sqrt(4 * 60 / np.pi))
    assert row[["x_um", "z_um"]].tolist() == [14.0, 3.0]
    # variance of n places in a row: (n^2 - 1) / 12; full axes are 4 deviations
    expected = [4 * s * np.sqrt((n**2 - 1) / 12) for n, s in ((10, 2), (6, 0.5))]
    assert np.allclose(row[["a_um", "b_um"]].astype(float), expected)
    assert row.edge_length_um == 2 * (20 + 3)
    assert row.circularity == pytest.approx(4 * np.pi * 60 / row.perimeter_um**2)
    assert row[["axis_x", "axis_z", "extent_x", "extent_z"]].tolist() == [1, 0, 10, 6]
    gone = {"volume_um3", "c_um", "c_over_a", "sphericity", "axis_y", "extent_y"}
    assert not gone & set(row.index)


def test_sections_agree_with_scikit_image_in_two_dimensions(plane):
    names = (
        "label",
        "area",
        "centroid",
        "equivalent_diameter_area",
        "axis_major_length",
        "axis_minor_length",
        "perimeter_crofton",
    )
    whole = label_pieces(plane[:, :, None], corners=True)[:, :, 0]
    theirs = regionprops_table(whole, properties=names)
    mine = table(section(whole, 2, thick=5.0))
    assert mine["grain"].tolist() == theirs["label"].tolist()
    assert mine["area_um2"].tolist() == theirs["area"].tolist()
    assert np.allclose(mine["diameter_um"], theirs["equivalent_diameter_area"])
    assert np.allclose(mine["a_um"], theirs["axis_major_length"])
    assert np.allclose(mine["b_um"], theirs["axis_minor_length"], atol=1e-6)
    assert np.allclose(mine["x_um"] - 0.5, theirs["centroid-0"])
    assert np.allclose(mine["y_um"] - 0.5, theirs["centroid-1"])
    assert np.allclose(mine["perimeter_um"], theirs["perimeter_crofton"])


@given(
    flat=st.integers(0, 2),
    thick=st.sampled_from([1e-3, 1.0, 1e3]),
    closed=st.booleans(),
    wraps=st.tuples(st.booleans(), st.booleans()),
)
def test_nothing_depends_on_the_flat_axis_or_its_thickness(
    plane, flat, thick, closed, wraps
):
    edges = (1.5, 0.5)
    expected = measure(section(plane, 2, edges, periodic=(*wraps, False)))
    periodic = list(wraps)
    periodic.insert(flat, closed)
    volume = section(plane, flat, edges, thick, tuple(periodic))
    found = measure(volume)
    names = dict(zip("xy", AXES[flat]))
    renamed = {
        f"{kind}{old}{end}": f"{kind}{new}{end}"
        for old, new in names.items()
        for kind, end in (("", "_um"), ("axis_", ""), ("extent_", ""))
    }
    drop = "xyz"[flat] + "_um"
    theirs = expected.table.drop(columns="z_um").rename(columns=renamed)
    mine = found.table.drop(columns=drop)
    assert mine.columns.tolist() == theirs.columns.tolist()
    assert np.allclose(mine.astype(float), theirs.astype(float), equal_nan=True)
    assert found.measures == pytest.approx(expected.measures)
    assert np.allclose(found.correlation.radial, expected.correlation.radial)
    for i, axis in enumerate(volume.axes):
        line = found.correlation.along[axis]
        assert np.array_equal(line, expected.correlation.along[i])
        assert np.array_equal(found.chords[axis], expected.chords[i])
    counts = contacts(volume)["edge_length_um"]
    assert np.allclose(
        counts,
        contacts(section(plane, 2, edges, periodic=(*wraps, False)))["edge_length_um"],
    )
    assert volume.diameters() == pytest.approx(mine["diameter_um"].to_numpy())


def test_only_the_rim_of_a_section_is_its_border(plane):
    found = table(section(plane, 0)).set_index("grain")
    rim = {*plane[0], *plane[-1], *plane[:, 0], *plane[:, -1]}
    assert set(found.index[found["touches_border"]]) == rim
    assert 0 < len(rim) < len(found)
    assert not table(section(plane, 0, periodic=(False, True, True)))[
        "touches_border"
    ].any()


def test_a_prism_of_many_layers_has_the_figures_of_its_section(plane):
    edges, height = (1.5, 0.5), 6
    flat = section(plane, 2, edges, periodic=(True, True, False))
    prism = Microstructure(
        np.repeat(plane[:, :, None], height, 2), flat.spacing, periodic=(True,) * 3
    )
    mine, theirs = table(flat), table(prism)
    assert np.allclose(mine["area_um2"] * height, theirs["volume_um3"])
    assert np.allclose(mine["edge_length_um"] * height, theirs["face_area_um2"])
    for name in ("x_um", "y_um", "neighbors", "touches_border", "extent_x", "extent_y"):
        assert np.allclose(mine[name], theirs[name]), name
    shared = contacts(flat)["edge_length_um"] * height
    assert np.allclose(shared, contacts(prism)["face_area_um2"])
    for axis in (0, 1):
        assert np.array_equal(chords(flat)[axis] * height, chords(prism)[axis])
        lines = [two_point(v, 12).along[axis] for v in (flat, prism)]
        assert np.array_equal(*lines)
    # Sections across z see all triple lines, the others none: L_V = 2 P_A / 3.
    points = volume_measures(flat)["triple_points_per_um2"]
    lines = volume_measures(prism)["triple_lines_per_um2"]
    assert lines == pytest.approx(2 / 3 * points)


def test_measures_of_a_section_obey_euler_and_count_per_area():
    x, y = np.indices((32, 32))  # bricks of 8 x 4
    row = y // 4
    plane = (x + 4 * (row % 2)) % 32 // 8 + 4 * row + 1
    volume = section(plane, 0, (2.0, 0.5), periodic=(False, True, True))
    found = volume_measures(volume)
    n, area = volume.n_grains, plane.size * 1.0
    assert found["grains_per_mm2"] == pytest.approx(n / area * 1e6)
    assert found["mean_area_um2"] == pytest.approx(area / n)
    # On a torus, faces - edges + vertices = 0, and three edges meet in a vertex.
    assert found["triple_points_per_um2"] == pytest.approx(2 * n / area)
    lengths = table(volume)["perimeter_um"].sum() / 2
    assert found["boundary_length_per_um"] == pytest.approx(lengths / area)
    doubled = np.kron(plane, np.ones((2, 2), int))
    fine = section(doubled, 0, (1.0, 0.25), periodic=(False, True, True))
    again = volume_measures(fine)
    expected = again["boundary_length_per_um"] / found["boundary_length_per_um"]
    assert again["roughness"] == pytest.approx(expected)


def test_a_line_of_voxels_has_lengths():
    ids = np.array([1, 1, 2, 3, 3, 3, 3, 1])
    for axis in range(3):
        shape = [1, 1, 1]
        shape[axis] = 8
        spacing, periodic = [7.0] * 3, [True] * 3
        spacing[axis] = 2.0
        volume = Microstructure(ids.reshape(shape), tuple(spacing), periodic=periodic)
        found = table(volume)
        assert found["length_um"].tolist() == [6, 2, 8]
        assert found["diameter_um"].tolist() == volume.diameters().tolist() == [6, 2, 8]
        assert found["ends"].tolist() == [2, 2, 2]
        assert contacts(volume)["ends"].tolist() == [1, 1, 1]
        assert found[f"{'xyz'[axis]}_um"].tolist() == [1.0, 5.0, 10.0]
        assert not found["touches_border"].any()
        assert volume_measures(volume) == pytest.approx(
            {
                "grains_per_mm": 187.5,
                "mean_length_um": 16 / 3,
                "weighted_length_um": 6.5,
            }
        )
        assert np.array_equal(chords(volume)[axis], [0, 1, 0, 1, 1, 0, 0, 0, 0])
        assert found.attrs["diameters"] == "lengths (a line)"


def test_a_lone_voxel_is_found_in_a_section_that_is_periodic_across():
    plane = np.ones((6, 6), int)
    plane[2, 3] = 2
    for periodic in (True, False):
        volume = section(plane, 2, periodic=(True, True, periodic))
        assert integrity(volume).isolated.tolist() == [[2, 3, 0]]


def test_the_words_for_what_a_volume_is():
    assert described((8, 8, 8)) is None
    assert named((1, 8, 8)) == "a section across x"
    assert diameters_are((0, 1, 2)) == "of balls of equal volume"
    one = table(Microstructure(np.ones((1, 1, 1), int), (2.0,) * 3)).iloc[0]
    assert one.volume_um3 == 8
    assert one.touches_border
