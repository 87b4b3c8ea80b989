"""Simulate the builds that the model `am` learns from: recipes drawn over a range.

Run: python examples/make_builds.py FOLDER [--count 160] [--share 1/2]. Each build is a
Zarr set of one volume, with its recipe; a run that was stopped goes on. Columns widen
all the way up, so builds are tall; but those whose sites move often take long to
simulate, and are short.
"""

import argparse
from pathlib import Path

import numpy as np

from grainpaint.simulate.am.build import prepare, simulate_am_set
from grainpaint.simulate.am.exposure import expose
from grainpaint.simulate.am.recipe_range import draw_recipe

SHORT, TALL = (64, 64, 96), (64, 64, 224)
FEW_MOVES = 60  # a site, on average


def moves_of(recipe):
    """Return how often a site moves after it has solidified for the last time."""
    axes = [np.arange(2.0, n, 4) for n in recipe.shape]
    exposure = expose(axes, prepare(recipe).path, recipe.pool, recipe.haz)
    return exposure.dose[exposure.melted].mean()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=160)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--share", default="1/1", help="K/N: every N-th build, from K")
    options = parser.parse_args()
    k, n = map(int, options.share.split("/"))
    options.folder.mkdir(parents=True, exist_ok=True)
    for number in range(options.first + k - 1, options.first + options.count, n):
        place = options.folder / f"{number:05d}.zarr"
        if place.exists():
            continue
        recipe = draw_recipe(number, SHORT)
        if moves_of(recipe) < FEW_MOVES:
            recipe = draw_recipe(number, TALL)
        simulate_am_set(recipe, place, seed=number)
        print(number, recipe.shape, flush=True)


if __name__ == "__main__":
    main()
