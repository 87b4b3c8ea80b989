"""What a notebook shows of large volumes."""

import numpy as np

from grainpaint import Microstructure
from grainpaint.drawing.notebook import summary_html


def test_large_volumes_give_small_fragments_with_their_true_figures():
    ids = np.ones((600, 600, 1), int)
    ids[300:] = 2
    html = summary_html(Microstructure(ids, periodic=(True, False, True)))
    assert "600 × 600 × 1" in html
    assert "<th>periodic</th><td>x, z</td>" in html
    assert len(html) < 50_000


def test_a_section_is_shown_as_it_is_with_its_circles():
    ids = np.arange(1, 10).reshape(1, 3, 3)
    html = summary_html(Microstructure(ids, (50.0, 1.0, 1.0)))
    assert "1.128 µm, of circles of equal area (a section)" in html
    assert "Slice across x" in html
