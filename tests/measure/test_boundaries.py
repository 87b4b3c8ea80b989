"""Area and roughness of grain boundaries: closed forms and scaling."""

import numpy as np
import pytest

from grainpaint import Microstructure
from grainpaint.measure.boundaries import boundary_density, roughness
from grainpaint.simulate.iso.isotropic import isotropic

PERIODIC = (True, True, True)


def test_boundary_density_of_a_lattice_of_balls_is_their_surface():
    x = np.indices((48,) * 3) + 0.5 - 24
    ball = (x**2).sum(0) < 18**2
    volume = Microstructure(np.where(ball, 1, 2), periodic=PERIODIC)
    expected = 4 * np.pi * 18**2 / 48**3
    assert boundary_density(volume) == pytest.approx(expected, rel=0.02)
    # the surface of a part is no grain boundary
    assert boundary_density(Microstructure(ball.astype(int))) == 0


def test_boundary_density_scales_with_the_voxel():
    a = isotropic((24, 24, 24), time=10)
    b = Microstructure(a.grain_id, (4.0,) * 3, periodic=PERIODIC)
    assert boundary_density(b) == pytest.approx(boundary_density(a) / 4)


def test_smooth_boundaries_have_roughness_one_and_rough_ones_more(rng):
    x = np.indices((48,) * 3) + 0.5 - 24
    smooth = np.where((x**2).sum(0) < 18**2, 1, 2)
    assert roughness(Microstructure(smooth)) == pytest.approx(1, abs=0.03)
    radius = 18 + rng.normal(0, 1.5, (48,) * 3)
    rough = np.where((x**2).sum(0) < radius**2, 1, 2)
    assert roughness(Microstructure(rough)) > 1.3


def test_a_volume_too_thin_to_be_halved_has_no_roughness():
    assert np.isnan(roughness(Microstructure(np.ones((1, 4, 4), int))))


def test_roughness_of_few_layers_is_unknown(rng):
    thin = Microstructure(rng.integers(1, 5, (16, 16, 3)))
    assert np.isnan(roughness(thin))  # half of it would be a section
    assert np.isnan(roughness(Microstructure(np.ones((16, 16, 1), int))))
