"""Speed and memory of the descriptors of grains, beside scikit-image.

Run: python benchmarks/stats.py [--volumes 25]. Prints a table and writes
stats.json. The volume of 256^3 is a simulated one of 128^3 (t = 100), repeated
with fresh grain IDs. The comparison takes 16 and 9 of the volumes of
benchmarks/floor.py, from the files to the report.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
import tracemalloc
from pathlib import Path

import numpy as np
from floor import FOLDER, N_A, N_B, simulated
from skimage.measure import regionprops_table

from grainpaint import Microstructure, formats
from grainpaint.measure.grains import table
from grainpaint.segmentation.pieces import label_pieces
from grainpaint.simulate.iso.isotropic import isotropic

HERE = Path(__file__).parent
EDGE = 256
PEER = ("label", "area", "centroid", "inertia_tensor_eigvals", "bbox")


def large_volume():
    """Return a volume of 256^3 with grains of about 800 voxels."""
    half = isotropic((EDGE // 2,) * 3, 100, 1000, 1).grain_id
    return Microstructure(label_pieces(np.tile(half, (2, 2, 2)), corners=True))


def seconds(work, runs=3):
    """Return the shortest time of a few runs."""
    found = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        found.append(time.perf_counter() - start)
    return min(found)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--volumes", type=int, default=N_A + N_B)
    options = parser.parse_args()
    volume = large_volume()
    table(Microstructure(volume.grain_id[:16, :16, :16]))  # compile
    ours = seconds(lambda: table(volume))
    tracemalloc.start()
    table(volume)
    extra = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    theirs = seconds(lambda: regionprops_table(volume.grain_id, properties=PEER), 1)
    rows = {
        f"grains in {EDGE}^3": volume.n_grains,
        "table, s": round(ours, 2),
        "table, million voxels/s": round(EDGE**3 / ours / 1e6, 1),
        "table, bytes a voxel beside the input": round(extra / EDGE**3, 2),
        "regionprops_table (five of its properties), s": round(theirs, 2),
        "regionprops_table / table": round(theirs / ours, 1),
    }
    for _ in simulated(options.volumes):
        pass
    paths = sorted(map(str, FOLDER.glob("*.npz")))[: N_A + N_B]
    with tempfile.TemporaryDirectory() as folder:
        opened = []
        for path in paths:
            grain_id = label_pieces(formats.load(path).grain_id, corners=True)
            opened.append(str(Path(folder) / Path(path).name))
            formats.write(Microstructure(grain_id), Path(opened[-1]))
        command = [sys.executable, "-m", "grainpaint", "compare", *opened[:N_A]]
        command += ["--with", *opened[N_A:], "-o", f"{folder}/r.json"]
        start = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        rows[f"compare {N_A} with {N_B} volumes of 100^3, s"] = round(
            time.perf_counter() - start, 1
        )
    for name, value in rows.items():
        print(f"{name:<50}{value:>12}")
    (HERE / "stats.json").write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
