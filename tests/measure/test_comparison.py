"""Distances against the paper's recipe and scipy; floors against what they promise."""

import json

import numpy as np
import pytest
from naive import paper_kl_line, paper_kl_plane
from scipy import stats

from grainpaint import InputError, Microstructure
from grainpaint.measure.comparison import compare
from grainpaint.measure.descriptors import DESCRIPTORS, Population, measure, population
from grainpaint.measure.distances import distances, plane_density
from grainpaint.segmentation.pieces import label_pieces
from grainpaint.simulate.iso.isotropic import isotropic


def sample(values, n_volumes=8, weight=None):
    """A population of values dealt to volumes in turn."""
    values = np.asarray(values, float)
    if values.ndim == 1:
        values = values[:, None]
    n = len(values)
    return Population(
        values,
        np.ones(n),
        np.ones(n) if weight is None else weight,
        np.arange(n) % n_volumes,
        n_volumes,
        n,
    )


def ratios(rng, n, shift=0.0):
    """Pairs like (b/a, c/a)."""
    b = np.clip(rng.beta(8, 3, n) + shift, 0.01, 1)
    return np.stack([b, b * rng.beta(9, 3, n)], 1)


@pytest.fixture(scope="module")
def measured():
    """Fourteen small open volumes, each with a few hundred grains."""
    whole = [isotropic((32, 32, 32), time=12, seed=s) for s in range(14)]
    return [measure(Microstructure(label_pieces(v.grain_id))) for v in whole]


@pytest.mark.parametrize("shift", [0.0, 0.3])
def test_kl_of_lengths_is_the_papers(rng, shift):
    p, q = rng.lognormal(6 + shift, 1, 1500), rng.lognormal(6, 1, 900)
    found = distances(sample(p), sample(q), is_length=True)["kl"]
    assert found == pytest.approx(paper_kl_line(p, q), rel=2e-3)


@pytest.mark.parametrize("shift", [0.0, -0.1])
def test_kl_of_aspect_ratios_is_the_papers(rng, shift):
    p, q = ratios(rng, 1500, shift), ratios(rng, 900)
    found = distances(sample(p), sample(q), is_length=False)["kl"]
    assert found == pytest.approx(paper_kl_plane(p, q), rel=0.02)


def test_wasserstein_and_ks_are_scipys(rng):
    p, q = rng.normal(0, 1, 300), rng.normal(0.2, 1.3, 200)
    found = distances(sample(p), sample(q), is_length=False)
    assert found["wasserstein"] == pytest.approx(stats.wasserstein_distance(p, q))
    assert found["ks"] == pytest.approx(stats.ks_2samp(p, q).statistic)


def test_ks_counts_equal_values_once(rng):
    p, q = rng.integers(0, 6, 300), rng.integers(0, 5, 200)
    found = distances(sample(p), sample(q), is_length=False)
    assert found["ks"] == pytest.approx(stats.ks_2samp(p, q).statistic)


def test_weights_of_two_are_two_grains(rng):
    p, q = rng.lognormal(5, 1, 200), rng.lognormal(5.2, 1, 300)
    double = Population(
        *(x[:, None] if x.ndim == 1 and i == 0 else x for i, x in enumerate([p])),
        np.full(200, 2.0),
        np.ones(200),
        np.zeros(200, int),
        1,
        400,
    )
    a = distances(double, sample(q), is_length=False)
    b = distances(sample(np.repeat(p, 2)), sample(q), is_length=False)
    assert a == pytest.approx(b)


def test_plane_density_is_scipys_kernel_density(rng):
    values = ratios(rng, 800)
    low, high = values.min(0), values.max(0)
    found = plane_density(sample(values), low, high)
    axes = [np.linspace(low[i], high[i], 100) for i in (0, 1)]
    grid = np.stack([g.ravel() for g in np.meshgrid(*axes, indexing="ij")])
    expected = stats.gaussian_kde(values.T)(grid).reshape(100, 100)
    expected /= expected.sum() * np.prod((high - low) / 99)
    assert np.abs(found - expected).max() < 0.01 * expected.max()


def test_a_set_beside_itself_has_no_distance(measured):
    for name, descriptor in DESCRIPTORS.items():
        p = population(measured, name)
        found = distances(p, p, descriptor.dimension > 0)
        assert found == pytest.approx({"kl": 0, "wasserstein": 0, "ks": 0}, abs=1e-8)


def test_two_samples_of_one_population_lie_about_a_floor_apart(measured):
    result = compare(measured[:7], measured[7:])
    ratio = [result[n]["ratio_to_floor"] for n in ("volume", "aspect_ratio", "nearest")]
    assert all(0.3 < r < 3 for r in ratio)
    verdicts = [result[n]["verdict"] for n in DESCRIPTORS]
    # Each has a chance of about 1 in 41 to be above all floors, and some go together.
    assert verdicts.count("as the reference") >= 10
    assert sum(result[n]["p"] < 1e-3 for n in DESCRIPTORS) == 0
    json.dumps(result)


def test_another_population_is_told_apart(measured):
    coarse = [isotropic((32, 32, 32), time=20, seed=s + 50) for s in range(4)]
    other = [measure(Microstructure(label_pieces(v.grain_id))) for v in coarse]
    result = compare(other, measured)
    assert result["volume"]["verdict"] == "different"
    assert result["volume"]["p"] < 1e-6
    low, high = result["volume"]["kl_interval"]
    assert low < result["volume"]["kl"] < high
    mean = result["measures"]["mean_volume_um3"]
    assert mean["generated"] > 1.2 * mean["reference"]
    assert mean["p"] < 0.01


def test_interior_weights_undo_what_the_border_takes_away():
    """The mean grain of periodic boxes, from open pieces of them: within 3 sigma."""
    true, naive, weighted = [], [], []
    for seed in range(6):
        whole = isotropic((40, 40, 40), time=12, seed=seed)
        true.append(whole.grain_volumes().mean())
        opened = [measure(Microstructure(label_pieces(whole.grain_id, corners=True)))]
        inside = population(opened, "volume", interior=True)
        weighted.append(np.average(inside.values[:, 0], weights=inside.total))
        naive.append(population(opened, "volume").values.mean())
    error = np.std(np.subtract(weighted, true), ddof=1) / np.sqrt(6)
    assert abs(np.mean(weighted) - np.mean(true)) < 3 * error
    assert np.mean(naive) < 0.9 * np.mean(true)


def test_the_spacing_scales_physical_distances_only():
    whole = [isotropic((32, 32, 32), time=12, seed=s) for s in (0, 1)]
    small, large = (
        [measure(Microstructure(label_pieces(v.grain_id), (s,) * 3)) for v in whole]
        for s in (1.0, 2.0)
    )
    for name, descriptor in DESCRIPTORS.items():
        a, b = (
            distances(
                population(m[:1], name),
                population(m[1:], name),
                descriptor.dimension > 0,
            )
            for m in (small, large)
        )
        scale = 2**descriptor.dimension
        assert b["wasserstein"] == pytest.approx(scale * a["wasserstein"]), name
        assert b["ks"] == pytest.approx(a["ks"]), name
        assert b["kl"] == pytest.approx(a["kl"], rel=1e-6), name


def test_samples_without_spread_still_have_distances(rng):
    """As a resample of few different values may be."""
    p, q = rng.normal(0, 1, 30), rng.normal(0, 1, 30)
    alike = Population(
        p[:, None], np.eye(30)[3] * 25, np.ones(30), np.zeros(30, int), 1, 25
    )
    found = distances(alike, sample(q), is_length=False)
    assert all(np.isfinite(list(found.values())))
    pairs = ratios(rng, 30)
    alike = Population(pairs, np.eye(30)[3] * 25, np.ones(30), np.zeros(30, int), 1, 25)
    found = distances(alike, sample(ratios(rng, 30)), is_length=False)
    assert all(np.isfinite(list(found.values())))


def test_what_cannot_be_compared_is_said(measured):
    grain_id = isotropic((24, 24, 24), time=5, seed=1).grain_id
    with pytest.raises(InputError, match="one voxel size"):
        compare(measured, [measure(Microstructure(grain_id, (2.0,) * 3))])
    with pytest.raises(InputError, match="no volume"):
        compare(measured, [])
    one = measure(Microstructure(np.ones((8, 8, 8), int)))
    with pytest.raises(InputError, match="has 1 grains"):
        compare([one], measured)


def test_layers_have_no_spread_of_aspect_ratios_and_are_still_compared(
    measured, few_draws
):
    x, y, z = np.indices((32, 32, 32)) // 8
    cubes = [measure(Microstructure(x + 4 * y + 16 * z + 1))]
    result = compare(cubes, measured)
    assert result["volume"]["kl"] is None
    assert "all values are equal" in result["volume"]["verdict"]


def test_mixed_borders_shapes_and_void_are_noted(measured, few_draws):
    periodic = isotropic((32, 32, 32), time=12, seed=30)
    holed = periodic.grain_id.copy()
    holed[:4] = 0
    result = compare(
        measured, [measure(periodic), measure(Microstructure(holed[:, :, :30]))]
    )
    text = " ".join(result["notes"])
    assert "periodic" in text
    assert "shape" in text
    assert "outside" in text
    assert result["volume"]["interior"]["n_reference"] > 0
