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
