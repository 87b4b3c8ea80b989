"""Welds are molten where d1 says so, whenever something is written."""

import numpy as np
import pytest

from grainpaint.simulate.spparks import read_script
from grainpaint.simulate.spparks.runner import run_simulation

SCRIPT = """
seed 5
app_style {app}
lattice sc/26n 1.0
boundary n n n
region box block 0 20 0 26 0 5
create_box box
create_sites box
set i1 value 3
{more}
sweep {sweep}
sector yes
temperature 0.25
dump 1 text 1.0 d.dump i1 d1
run 2
run 1
"""
WELD = "potts/weld 100000 4 0.75 0.5 6 5\n"
ON_A_PATH = "potts/am/weld 100000 0.75 0.5 5\nweld_shape_teardrop width 9 case II"
PATH = """
am path 1 start 4 4 end 4 24 speed 30
am path_layer 1 num_paths 1 path_ids 1 thickness 2
am build start 3 num_layers 2
"""


@pytest.mark.parametrize("sweep", ["random", "raster"])
@pytest.mark.parametrize(
    ("app", "more"),
    [
        (WELD + "weld_shape_ellipse 9 12\npulse 0.2 9", ""),
        (WELD + "weld_shape_teardrop width 9 case I", ""),
        (ON_A_PATH, PATH),
    ],
)
def test_what_is_written_is_molten_where_the_pool_is(tmp_path, app, more, sweep):
    path = tmp_path / "in.weld"
    path.write_text(SCRIPT.format(app=app, more=more, sweep=sweep))
    list(run_simulation(read_script(path), False, folder=tmp_path))
    first, *more_dumps = snapshots(tmp_path / "d.dump")
    for spin, d1 in (first, *more_dumps):
        assert ((spin != 3) & (d1 < 0)).sum() == (d1 < 0).sum() > 10
    assert (first[0] == 3).sum() > 0.99 * (first[1] >= 0).sum() > 0
    after = more_dumps[-1][0][more_dumps[-1][1] < 0]
    assert len(np.unique(after)) > 0.9 * len(after)


def snapshots(path):
    """Return the two columns of each snapshot of a dump."""
    parts = path.read_text().split("ITEM: ATOMS i1 d1\n")[1:]
    rows = [part.partition("ITEM")[0].split() for part in parts]
    return [np.array(row, float).reshape(-1, 2).T for row in rows]
