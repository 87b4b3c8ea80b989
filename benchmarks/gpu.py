"""A GPU beside the processor and the paper's Table 2: the same grains, and how fast.

Run: python benchmarks/gpu.py [--device cuda] [--minutes 9]. Prints tables and writes
gpu.json after each part, so that little is lost where a call may take ten minutes.

Checks: boxes of one seed are made twice and must be equal; in float32 they are compared
with those of the processor, by the share of voxels in the same grains; boxes of other
seeds on both are compared by all descriptors of `grainpaint compare`. Then boxes of the
shapes of Table 2 are made, with the model loaded and all warm: voxels a second from the
recipe to the grains, seconds of the steps, memory of the card. Shapes for which
--minutes leaves no time are left out, and said to be. --quick runs on the processor,
as if it were a card.
"""

import math
import time
from functools import partial
from pathlib import Path

import numpy as np
import torch
from common import TABLE_2, make_parser, missing, save, show
from precision import KEYS, same_grains

from grainpaint import InputError
from grainpaint.generation import in_memory
from grainpaint.generation.domain import Domain
from grainpaint.generation.in_memory import fill
from grainpaint.generation.painter import make_painter
from grainpaint.generation.recipe import make_recipe
from grainpaint.measure.comparison import compare
from grainpaint.measure.measured import measure_all
from grainpaint.network.devices import find_device
from grainpaint.network.loading import load_any
from grainpaint.network.precision import resolve

SLOWER = 1.5  # a shape is begun only if so much more than expected would fit


class Maker:
    """Makes boxes on a device, with its model loaded."""

    def __init__(self, device, precision):
        self.device, self.precision = device, precision
        self.model = load_any("iso", device, precision)

    def __call__(self, shape, seed):
        """Return what `fill` returns for a box."""
        recipe = make_recipe(Domain(shape), seed=seed, precision=self.precision)
        painter = make_painter(recipe, self.model)
        return fill(shape, painter, recipe.core, recipe.halo)

    def volumes(self, shape, seeds):
        """Yield boxes."""
        for seed in seeds:
            yield self(shape, seed).volume


def checks(device, precision, edge, n):
    """Return what the card makes beside what the processor makes."""
    shape = (edge,) * 3
    exact, here = Maker(device, "float32"), Maker("cpu", "float32")
    one, again, other = (make(shape, 1000).volume for make in (exact, exact, here))
    repeats = np.array_equal(one.grain_id, again.grain_id)
    card, processor = Maker(device, precision), Maker("cpu", resolve("auto"))
    fast, once_more = (card(shape, 1000).volume for _ in range(2))
    sets = [
        measure_all(make.volumes(shape, range(first, first + n)), n)
        for make, first in ((card, 2000), (processor, 3000))
    ]
    found = compare(*sets).descriptors
    return {
        "edge": edge,
        "volumes": n,
        "one seed repeats": repeats
        and np.array_equal(fast.grain_id, once_more.grain_id),
        "same grains as on the processor, float32": round(
            float(same_grains(one, other)), 4
        ),
        "rows": [
            {"name": name, **{key: getattr(entry, key) for key in KEYS}}
            for name, entry in found.items()
        ],
    }


def speed(make, shape):
    """Return a row of the table of speeds."""
    on_card = make.model.base.device.type == "cuda"
    if on_card:
        torch.cuda.reset_peak_memory_stats()
    start = time.perf_counter()
    made = make(shape, 1)
    seconds = time.perf_counter() - start
    n, paper = math.prod(shape), TABLE_2.get(shape)
    peak = torch.cuda.max_memory_allocated() if on_card else 0
    return {
        "voxels": " x ".join(map(str, shape)),
        "s": round(seconds, 1),
        "voxels a second": round(n / seconds),
        "paper, two A100": round(paper / 60) if paper else None,
        "times the paper": round(60 * n / seconds / paper) if paper else None,
        "windows": made.n_windows,
        "grains": made.volume.n_grains,
        "memory of the card, GB": round(peak / 1e9, 1),
        "seconds": {name: round(s, 2) for name, s in made.seconds.items()},
    }


def main():
    begun = time.monotonic()
    parser = make_parser(__doc__, device="cpu", edge=32, volumes=2, shapes=1)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--minutes", type=float, default=9.0, help="of the whole call")
    parser.add_argument("--edge", type=int, default=128, help="of the checks, voxels")
    parser.add_argument("--volumes", type=int, default=8, help="of the checks")
    parser.add_argument("--shapes", type=int, default=4, help="of Table 2")
    options = parser.parse_args()
    try:
        place = find_device(options.device)
    except InputError as error:
        missing(f"gpu.py needs a GPU: {error}")
    if options.quick:
        in_memory.overlaps = lambda painter: True
    precision = resolve("auto", options.device)
    card = torch.cuda.get_device_name(place) if place.type == "cuda" else place.type
    figures = {"card": card, "checks": None, "speed": [], "left out": []}
    keep = partial(save, options, Path(__file__), figures, model="iso")

    figures["checks"] = checks(options.device, precision, options.edge, options.volumes)
    print({k: v for k, v in figures["checks"].items() if k != "rows"})
    for row in figures["checks"]["rows"]:
        print(f"{row['name']:16}{row['ratio_to_floor']:7.2f} floors  {row['verdict']}")
    keep(precision=precision)

    make, rate = Maker(options.device, precision), None
    shapes = [(64, 64, 32)] if options.quick else list(TABLE_2)
    for shape in [shapes[0], *shapes[: options.shapes]]:  # the first twice: to warm up
        left = 60 * options.minutes - (time.monotonic() - begun)
        if rate and SLOWER * math.prod(shape) / rate > left:
            figures["left out"].append(shape)
            continue
        row = speed(make, shape)
        if rate is not None:
            figures["speed"].append(row)
        rate = row["voxels a second"]
        keep(precision=precision)
    show([{k: v for k, v in row.items() if k != "seconds"} for row in figures["speed"]])
    for row in figures["speed"]:
        print(row["voxels"], row["seconds"])
    for shape in figures["left out"]:
        print(f"{shape} was left out: not enough of --minutes was left")


if __name__ == "__main__":
    main()
