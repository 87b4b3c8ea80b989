"""Kernel average misorientation."""

import numpy as np
import pytest
from oriented import oriented, without

from grainpaint import Microstructure
from grainpaint.measure.grain_table import table
from grainpaint.measure.kernel_average import kernel_averages
from grainpaint.orientations import Orientations
from grainpaint.orientations.disorientation import disorientations


def slow(volume):
    """Return the mean over the voxels of each grain of the mean over neighbors."""
    ids, known = volume.grain_id, volume.orientations
    sums, n = np.zeros(len(known) + 1), np.zeros(len(known) + 1)
    for place in np.ndindex(ids.shape):
        g, angles = ids[place], []
        for axis in volume.axes:
            for step in (-1, 1):
                other = list(place)
                other[axis] += step
                if volume.periodic[axis]:
                    other[axis] %= ids.shape[axis]
                if not 0 <= other[axis] < ids.shape[axis]:
                    continue
                h = ids[tuple(other)]
                if g and h and known.phase[g - 1] == known.phase[h - 1]:
                    p, q = known.quaternion[[g - 1]], known.quaternion[[h - 1]]
                    symmetry = known.symmetry[known.phase[g - 1] - 1]
                    angles.append(np.degrees(disorientations(p, q, symmetry)[0]))
        if angles:
            sums[g] += np.mean(angles)
            n[g] += 1
    with np.errstate(invalid="ignore"):
        return sums / n


@pytest.mark.parametrize("shape", [(5, 4, 3), (6, 1, 5), (1, 1, 9)])
def test_the_slow_version_finds_the_same_averages(shape):
    volume = oriented(void=shape == (5, 4, 3), shape=shape)
    np.testing.assert_allclose(kernel_averages(volume), slow(volume), atol=1e-5)


def test_halves_have_the_angle_over_six_beside_their_boundary():
    ids = np.ones((4, 6, 6), int)
    ids[2:] = 2
    known = Orientations.from_euler(np.radians([[0, 0, 0], [30, 0, 0]]))
    halves = Microstructure(ids, periodic=(False, True, True), orientations=known)
    # Of two layers, one has 1 of 6 neighbors in the other grain.
    found = table(halves)["kernel_average_deg"]
    np.testing.assert_allclose(found, 30 / 6 / 2, atol=1e-6)
    assert "kernel_average_deg" not in table(without(halves))
