import numpy as np
import pytest
from samples import POTTS

from grainpaint.segmentation.pieces import label_pieces
from grainpaint.simulate.iso.random_spins import random_spins
from grainpaint.simulate.iso.rejection import sweep_sites
from grainpaint.simulate.spparks import read_script
from grainpaint.simulate.spparks.potts_run import effective_lattice
from grainpaint.simulate.spparks.runner import run_simulation
from grainpaint.simulate.spparks.simulation import SimulationBox


def run(tmp_path, text, all_times=True):
    path = tmp_path / "in.script"
    path.write_text(text)
    return list(run_simulation(read_script(path), all_times))


@pytest.mark.parametrize(("lattice", "reach"), [("sc/26n", 3), ("sc/6n", 1)])
def test_a_single_periodic_layer_is_its_own_neighbor(rng, lattice, reach):
    """Rises of energy by brute force over the images, as SPPARKS counts them."""
    box = SimulationBox((5, 4, 1), (0, 0, 0), 1.0, lattice, (False, False, True))
    flat, periodic, copies = effective_lattice(box)
    assert (flat, periodic) == ("sq/8n" if reach == 3 else "sq/4n", (False,) * 3)
    spin = rng.integers(0, 3, (5, 4))
    steps = [(a, b, c) for a in (-1, 0, 1) for b in (-1, 0, 1) for c in (-1, 0, 1)]
    steps = [s for s in steps if any(s) and (reach == 3 or sum(map(abs, s)) == 1)]

    def unlike(x, y, value):
        """Count unlike neighbors; the site's own images change with it."""
        around = [(x + a, y + b) for a, b, _ in steps]
        return sum(
            spin[p] != value
            for p in around
            if p != (x, y) and 0 <= p[0] < 5 and 0 <= p[1] < 4
        )

    plane = {(a, b) for a, b, _ in steps} - {(0, 0)}
    for x, y in np.ndindex(5, 4):
        near = [(x + a, y + b) for a, b in plane]
        near = [p for p in near if 0 <= p[0] < 5 and 0 <= p[1] < 4]
        rise = sum(int(spin[p] != 1) - int(spin[p] != spin[x, y]) for p in near)
        assert unlike(x, y, 1) - unlike(x, y, spin[x, y]) == copies * rise


def test_a_script_with_raster_sweeps_is_swept_so(tmp_path):
    text = POTTS.replace("potts 50", "potts/neighonly 50").replace(
        "solve_style tree", "sector yes\nsweep raster"
    )
    ((_, volume),) = run(tmp_path, text)
    start = random_spins((12, 10, 8), 50, 7)
    (spin,) = sweep_sites(
        start,
        [105],  # SPPARKS' log of 4 units of time: rounding costs a sweep
        seed=7,
        order="raster",
        periodic=(True, True, False),
        temperature=0.4,
    )
    expected = label_pieces(spin, (True, True, False), corners=True)
    np.testing.assert_array_equal(volume.grain_id, expected)
