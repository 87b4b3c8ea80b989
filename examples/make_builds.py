"""Simulate the builds that the model `am` learns from: recipes drawn over a range.

Run: python examples/make_builds.py FOLDER [--count 160] [--share 1/2]. Each build is a
Zarr set of one volume, with its recipe; a run that was stopped goes on. Columns widen
all the way up, so builds are tall. One takes half a minute to four minutes on a core.
"""

import argparse
from pathlib import Path

from grainpaint.simulate.am.build import simulate_am_set
from grainpaint.simulate.am.recipe_range import draw_recipe

SHAPE = (64, 64, 224)


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
        recipe = draw_recipe(number, SHAPE)
        simulate_am_set(recipe, place, seed=number)
        print(number, recipe.shape, flush=True)


if __name__ == "__main__":
    main()
