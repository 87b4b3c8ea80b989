"""Seconds of a processor that the first run of each command spends compiling.

Run: python benchmarks/kernels.py. Prints a table and writes kernels.json. Every command
runs in a process of its own with an empty cache of kernels.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from common import stamp

HERE = Path(__file__).parent
PART = HERE.parent / "examples" / "parts" / "gear.stl"
COMMANDS = [
    "generate --shape 64,64,64 -o a.npz --force",
    "generate --shape 64,64,64 --periodic xyz -o b.npz --force",
    "generate --shape 64,64,64 --grain-size 20+x/100 --voxel 2um -o c.npz --force",
    "generate --shape 64,64,64 --workers 1 -o d.zarr --force",
    f"paint {PART} --longest 48 -o e.npz --force",
    "simulate iso --shape 32,32,32 --time 10 -o f.npz --force",
    "stats a.npz",
    "compare a.npz --with b.npz",
]


def run(arguments):
    """Run a command here; print the seconds spent in numba's compiler, last."""
    from numba.core import event

    from grainpaint.cli import main

    spent, depth, begin = 0.0, 0, 0.0

    class Clock(event.Listener):
        def on_start(self, _):
            nonlocal depth, begin
            if depth == 0:
                begin = time.process_time()
            depth += 1

        def on_end(self, _):
            nonlocal depth, spent
            depth -= 1
            if depth == 0:
                spent += time.process_time() - begin

    event.register("numba:compile", Clock())
    sys.argv = ["grainpaint", *arguments]
    try:
        main()
    except SystemExit as end:
        if end.code:
            raise
    print(spent)


def main():
    """Time the commands one after the other."""
    rows = {}
    with tempfile.TemporaryDirectory() as folder:
        for command in COMMANDS:
            with tempfile.TemporaryDirectory() as cache:
                done = subprocess.run(
                    [sys.executable, __file__, *command.split()],
                    cwd=folder,
                    env=os.environ | {"NUMBA_CACHE_DIR": cache},
                    stdout=subprocess.PIPE,
                    check=True,
                )
            name = command.replace(str(PART), PART.name)
            rows[name] = round(float(done.stdout.split()[-1]), 1)
            print(f"{rows[name]:6.1f} s  {name}", flush=True)
    result = stamp() | {"compile_s": rows}
    (HERE / "kernels.json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    run(sys.argv[1:]) if sys.argv[1:] else main()
