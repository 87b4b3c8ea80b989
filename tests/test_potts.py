import numba as nb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive import allowed_spins, energy

from grainpaint.errors import InputError
from grainpaint.simulate import isotropic
from grainpaint.simulate.potts import _DT, _allowed_spins, _count_like, grow


def padded(spin):
    return np.pad(spin, 1, mode="wrap").astype(np.int32)


@given(st.integers(0, 2**32 - 1), st.integers(2, 6))
@settings(max_examples=20)
def test_allowed_spins_are_those_of_the_slow_rule(seed, n_spins):
    spin = np.random.default_rng(seed).integers(1, n_spins + 1, (4, 6, 4))
    ghost = padded(spin)
    candidate, count = np.empty(26, np.int32), np.empty(26, np.int32)
    like = np.empty(ghost.shape[2], np.int32)
    for x, y, z in np.ndindex(spin.shape):
        _count_like(ghost, x + 1, y + 1, like)
        n_like = like[z + 1]
        n = _allowed_spins(ghost, x + 1, y + 1, z + 1, n_like, candidate, count)
        assert set(candidate[:n].tolist()) == allowed_spins(spin, x, y, z)
        assert n_like <= 13 or n == 0  # the shortcut of the sweep


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=10)
def test_energy_never_rises_at_zero_temperature(seed):
    spin = np.random.default_rng(seed).integers(1, 8, (8, 10, 6), dtype=np.int32)
    last = energy(spin)
    for step in range(4):
        spin = grow(spin, _DT, seed=seed + step)
        assert energy(spin) <= last
        last = energy(spin)


def test_flips_come_at_rate_one_for_each_allowed_spin():
    """One lone site of spin 2 among 1: its only allowed spin is 1, at rate 1.

    n = 40,000 sites apart from each other, alpha = 1e-4 (3.9 sigma): catches a rate
    wrong by 3 %.
    """
    spin = np.ones((160, 160, 100), np.int32)
    spin[2::4, 2::4, 2::4] = 2
    n = int((spin == 2).sum())
    left = int((grow(spin, _DT, seed=5)[2::4, 2::4, 2::4] == 2).sum())
    p = np.exp(-_DT)
    assert abs(left - n * p) < 3.9 * np.sqrt(n * p * (1 - p))


def test_result_does_not_depend_on_threads():
    start = np.random.default_rng(0).integers(1, 50, (16, 16, 16), dtype=np.int32)
    before = nb.get_num_threads()
    try:
        nb.set_num_threads(1)
        one = grow(start, 5, seed=1)
    finally:
        nb.set_num_threads(before)
    np.testing.assert_array_equal(one, grow(start, 5, seed=1))


def test_grains_are_as_large_as_those_of_spparks(shared):
    """Mean grain of 64^3 to t = 25, three seeds, against 100^3 of SPPARKS: 4 %."""
    from grainpaint.segment import label_pieces

    spin = np.load(shared / "spparks" / "iso_7.npz")["t25"].astype(np.int32)
    theirs = spin.size / label_pieces(spin, (True,) * 3, corners=True).max()
    ours = [
        64**3 / isotropic((64,) * 3, time=25, n_spins=1000, seed=s).n_grains
        for s in range(3)
    ]
    assert np.mean(ours) == pytest.approx(theirs, rel=0.04)


@pytest.mark.parametrize("shape", [(15, 16, 16), (2, 16, 16)])
def test_odd_or_tiny_boxes_are_refused(shape):
    with pytest.raises(InputError, match="even and at least 4"):
        isotropic(shape, time=1)


def test_bad_settings_are_refused():
    with pytest.raises(InputError, match="spins"):
        isotropic((8, 8, 8), n_spins=1)
    with pytest.raises(InputError, match="time"):
        isotropic((8, 8, 8), time=float("nan"))
