"""Chords: runs counted one by one, and through periodic faces."""

import itertools

import numpy as np

from grainpaint import Microstructure
from grainpaint.measure.chords import chords

PERIODIC = (True, True, True)


def test_chords_are_the_runs_that_no_face_cuts(rng):
    grain_id = rng.integers(0, 3, (5, 6, 20))
    counts = np.zeros(21, int)
    for row in grain_id.reshape(-1, 20):
        runs = [(g, len(list(r))) for g, r in itertools.groupby(row)]
        for g, n in runs[1:-1]:
            counts[n] += g > 0
    assert chords(Microstructure(grain_id))[2].tolist() == counts.tolist()


def test_chords_go_on_through_periodic_faces():
    ring = Microstructure(np.array([[[1, 2, 2, 3, 1, 1]]]), periodic=PERIODIC)
    assert chords(ring)[2].tolist() == [0, 1, 1, 1, 0, 0, 0]
    assert chords(ring)[0].sum() == 0  # one grain all round: no chord ends
