import numpy as np

from grainpaint.palette import palette
from grainpaint.paper.data import (
    encode_block,
    lattice_blocks,
    load_blocks,
    random_blocks,
)


def test_a_volume_of_the_paper_gives_27_disjoint_blocks_and_56_on_their_boundaries(rng):
    starts = lattice_blocks((100, 100, 100), 32, rng)
    apart, between = starts[:27], starts[27:]
    assert len(set(starts)) == 83
    assert max(map(max, starts)) == 64
    covered = np.zeros((100,) * 3, int)
    for x, y, z in apart:
        covered[x : x + 32, y : y + 32, z : z + 32] += 1
    assert covered.max() == 1
    assert covered.sum() == 96**3
    for start in between:  # centered on a boundary along an axis or more
        odd = [a % 32 for a in start]
        assert set(odd) <= {0, 16}
        assert 16 in odd


def test_random_blocks_reach_every_corner_alike(rng):
    starts = np.concatenate([random_blocks((18, 17, 16), 16, rng) for _ in range(200)])
    assert len(random_blocks((100,) * 3, 32, rng)) == 40
    counts = np.bincount(starts[:, 0], minlength=3), np.bincount(starts[:, 1])
    assert (starts[:, 2] == 0).all()
    for n in counts:  # 8,000 draws: 5 deviations are p = 1e-6
        expected = starts.shape[0] / n.size
        assert (abs(n - expected) < 5 * expected**0.5).all()


def test_periodic_volumes_get_the_lattice_and_open_ones_random_blocks(volumes):
    trained, held, description = load_blocks(volumes, 16)
    lattice, drawn = 8 + 19, 40  # 2^3 blocks in 32^3, and all that lie between them
    assert len(held.places) == lattice  # the first volume
    assert len(trained.places) == lattice + 2 * drawn
    assert description["n_blocks"] == 2 * lattice + 2 * drawn
    names = [(s["folder"], s["n_volumes"]) for s in description["sets"]]
    assert names == [("closed", 2), ("open", 2)]
    assert trained.draw(np.random.default_rng(0)).shape == (16, 16, 16)


def test_a_palette_block_gives_touching_grains_different_colors(rng):
    block = np.arange(64).reshape(4, 4, 4).repeat(2, 0)
    field = encode_block(block, 5, rng)
    assert field.shape == (5, 8, 4, 4)
    nearest = (np.moveaxis(field, 0, -1) @ palette(5).T).argmax(-1)
    for axis in range(3):
        alike = np.diff(block, axis=axis) == 0
        assert ((np.diff(nearest, axis=axis) == 0) == alike).all()
