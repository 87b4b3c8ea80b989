"""Bodies that follow each other in a list of triangles."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from solids import box

from grainpaint.cad.edges import find_edges
from grainpaint.cad.runs import closed_runs, first_alike

CUBE = np.asarray(box().faces)


@given(st.lists(st.booleans(), min_size=1, max_size=5), st.integers(0, 2**32 - 1))
def test_a_run_ends_wherever_all_edges_so_far_are_even(touching, seed):
    """Bodies of the same vertices, or of others; triangles in any order within each."""
    rng = np.random.default_rng(seed)
    bodies = [
        rng.permutation(CUBE) + (0 if t else 8 * i) for i, t in enumerate(touching)
    ]
    faces = np.concatenate(bodies)
    run = closed_runs(find_edges(faces), len(faces))
    closed = [not find_edges(faces[: i + 1]).odd.any() for i in range(len(faces))]
    np.testing.assert_array_equal(run, np.cumsum([False, *closed])[:-1])


def test_what_does_not_close_is_one_run():
    faces = np.concatenate([CUBE, CUBE[:-1] + 8])
    assert not closed_runs(find_edges(faces), len(faces)).any()
    assert len(closed_runs(find_edges(faces[:0]), 0)) == 0


def test_runs_of_the_same_triangles_are_kept_once():
    run = np.array([0, 0, 1, 1, 2, 2, 3, 3])
    number = np.array([0, 1, 1, 0, 4, 1, 1, 4])
    kept = first_alike(run, number)
    assert kept.tolist() == [True, True, False, False, True, True, False, False]
