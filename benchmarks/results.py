"""Make RESULTS.md, and the tables of the README, from the JSON files.

Run: python benchmarks/results.py [--readme] [--check]. The text of RESULTS.md lies in
results.template.md, with `{{table: NAME}}` for each table and `{{NAME}}` for a figure.
With --readme, also writes the tables of ../README.md, each between `<!-- table: NAME
-->` and `<!-- end -->`. With --check, writes nothing and exits with code 1 if a file
is not as it would be made.
"""

import argparse
import re
import sys
from pathlib import Path

from markup import read
from simulator_tables import apps_figures
from tables import README_TABLES, TABLES

__all__ = ["README", "RESULTS", "figures", "make_readme", "make_results"]

HERE = Path(__file__).parent
RESULTS, README = HERE / "RESULTS.md", HERE.parent / "README.md"
TEMPLATE = HERE / "results.template.md"


def figures():
    """Return the figures that stand in running text, by name."""
    quality, sizes, peers = read("quality"), read("sizes"), read("vs_peers")
    additive, stats, billion = read("additive"), read("stats"), read("billion")
    told = dict(re.split("  +", line, maxsplit=1) for line in billion["stats"])
    mean, weighted = quality["beside_36"].values()
    p = [
        value
        for row in additive["grains"]["rows"]
        for key, value in row.items()
        if key.startswith("p ")
    ]
    drift, error = quality["drift"]
    return {
        "same grains": f"{read('precision')['same_grains']:.1%}",
        "trace": f"{quality['trace']:.4f}",
        "drift": f"{drift:.4f} ± {error:.4f}",
        "mean volume": f"{mean[0] - 1:+.1%} ± {mean[1]:.1%}",
        "weighted volume": f"{weighted[0] - 1:+.1%} ± {weighted[1]:.1%}",
        "r2": f"{sizes['r2']['plain']:.4f}",
        "r2 of logarithms": f"{sizes['r2']['log']:.4f}",
        "agreement 4 and 2": f"{sizes['agreement'][0]:.1%}",
        "agreement 2 and 1": f"{sizes['agreement'][1]:.1%}",
        "early diameter": f"{peers['diameters']['early']:.1f}",
        "late diameter": f"{peers['diameters']['late']:.1f}",
        "p-values": len(p),
        "p-values above 0.01": sum(value > 0.01 for value in p),
        "p-values above 0.1": sum(value > 0.1 for value in p),
        "grains measured": f"{stats['rows']['grains']:,}",
        "billion grains": told["grains"],
        "billion diameter": told["mean diameter_um"],
        "billion rate": f"{billion['voxels a second']:,}",
        "billion bytes": billion["bytes a voxel on disk"],
        "billion verify": billion["verify"],
        **apps_figures(),
    }


def make_results():
    """Return the text of RESULTS.md."""
    known = figures()

    def filled(match):
        name = match[1]
        table = name.removeprefix("table: ")
        return TABLES[table]() if table != name else str(known[name])

    return re.sub(r"\{\{(.+?)\}\}", filled, TEMPLATE.read_text())


def make_readme(text):
    """Return the text of the README with its tables made anew."""

    def filled(match):
        return f"{match[1]}\n{README_TABLES[match[2]]()}\n{match[3]}"

    pattern = r"(<!-- table: (.+?) -->)\n.*?(<!-- end -->)"
    return re.sub(pattern, filled, text, flags=re.DOTALL)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--readme", action="store_true", help="the README, too")
    parser.add_argument("--check", action="store_true", help="write nothing")
    options = parser.parse_args()
    made = {RESULTS: make_results()}
    if options.readme:
        made[README] = make_readme(README.read_text())
    changed = [path for path, text in made.items() if path.read_text() != text]
    if options.check and changed:
        names = " and ".join(path.name for path in changed)
        sys.exit(f"{names}: run python benchmarks/results.py --readme")
    for path in changed:
        path.write_text(made[path])


if __name__ == "__main__":
    main()
