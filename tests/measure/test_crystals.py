"""The crystals of volumes and sets."""

from dataclasses import replace

import numpy as np
import pytest
from oriented import oriented, without

from grainpaint import Microstructure
from grainpaint.measure.connected import as_pieces
from grainpaint.measure.crystals import beside, phases_of
from grainpaint.measure.grain_table import phase_rows, table
from grainpaint.measure.measured import measure
from grainpaint.measure.misorientation import misorientations
from grainpaint.orientations import Orientations
from grainpaint.orientations.disorientation import disorientations


@pytest.mark.parametrize("gaps", [False, True])
def test_angles_between_neighbors_are_those_of_their_voxels(gaps):
    volume = oriented(void=True, gaps=gaps)
    known, found = volume.orientations, measure(volume).crystals
    table, ids = {}, volume.grain_id
    for axis, step in enumerate(volume.spacing):
        face = np.prod(volume.spacing) / step
        for place in np.ndindex(ids.shape):
            other = list(place)
            other[axis] += 1
            if other[axis] == ids.shape[axis]:
                if not volume.periodic[axis]:
                    continue
                other[axis] = 0
            g, h = sorted((ids[place], ids[tuple(other)]))
            same = g and g != h and known.phase[g - 1] == known.phase[h - 1]
            if same:
                table[g, h] = table.get((g, h), 0.0) + face
    expected = []
    for (g, h), area in table.items():
        q = known.quaternion
        symmetry = known.symmetry[known.phase[g - 1] - 1]
        angle = disorientations(q[g - 1][None], q[h - 1][None], symmetry)[0]
        expected.append((np.degrees(angle), area))
    np.testing.assert_allclose(
        sorted(zip(found.angle, found.area)), sorted(expected), atol=1e-9
    )
    assert len(found.known) == len(found.size) == volume.n_grains
    np.testing.assert_array_equal(found.size, volume.grain_volumes())
    share = np.histogram(found.angle, 90, (0, 180), weights=found.area)[0]
    np.testing.assert_allclose(share / share.sum(), misorientations(volume))


def test_sets_have_phases_if_all_volumes_have_orientations():
    volume = oriented()
    members = [measure(v).crystals for v in (volume, volume)]
    aluminum, titanium = phases_of(members)
    assert (aluminum.name, titanium.symmetry) == ("Al", "622")
    assert len(aluminum.size) == 2 * (volume.orientations.phase == 1).sum()
    assert aluminum.volume.tolist() == [0, 0, 0, 0, 1, 1, 1, 1]
    assert titanium.size.sum() + aluminum.size.sum() == 2 * volume.n_voxels
    plain = measure(without(volume)).crystals
    assert plain is None
    assert phases_of([members[0], plain]) == []
    assert phases_of([None]) == []


def test_pieces_of_an_id_have_its_orientation():
    volume = oriented()
    pieces, count = as_pieces(volume)
    assert count.n_pieces > count.n_ids
    for place in np.ndindex(volume.shape):
        old, new = volume.grain_id[place] - 1, pieces.grain_id[place] - 1
        one, other = volume.orientations, pieces.orientations
        assert (one.quaternion[old] == other.quaternion[new]).all()
        assert one.phase[old] == other.phase[new]
    whole = Microstructure(np.ones((2, 2, 2), int))
    assert as_pieces(whole)[0] is whole


def test_phases_of_a_set_are_told_by_their_names():
    volume = oriented()
    known = volume.orientations
    swapped = Orientations(
        known.quaternion, known.symmetry[::-1], 3 - known.phase, known.names[::-1]
    )
    other = replace(volume, orientations=swapped)
    one, two = (measure(v).crystals for v in (volume, other))
    for found, alone in zip(phases_of([one, two]), phases_of([one])):
        assert found.symmetry == alone.symmetry
        np.testing.assert_array_equal(found.size, np.tile(alone.size, 2))
        np.testing.assert_array_equal(found.angle, np.tile(alone.angle, 2))
    turned = beside(phases_of([one]), phases_of([two]))
    assert [phase.name for phase in turned] == ["Al", "Ti alpha"]


def test_the_table_has_the_phase_of_each_grain_if_there_are_several():
    volume = oriented()
    found = table(volume)
    expected = volume.orientations.phase[found["grain"] - 1]
    assert found["phase"].tolist() == expected.tolist()
    n = int(np.isin(volume.grain_id, [1, 3, 5, 7]).sum())
    share = f"{n / volume.n_voxels:.1%} of the voxels"
    assert phase_rows(volume, found)[0] == ("phase 1", f"Al (432): 4 grains, {share}")
    known = Orientations(volume.orientations.quaternion)
    assert "phase" not in table(replace(volume, orientations=known))
