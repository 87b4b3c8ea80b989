"""Processor seconds that the first run of each command spends compiling.

Run: python benchmarks/kernels.py. Prints a table and writes kernels.json. Every command
runs in a process of its own with an empty cache of kernels.
"""

import sys
import tempfile
from pathlib import Path

from common import REPOSITORY, Stopwatch, grainpaint, make_parser, save

SCRIPT = Path(__file__)
PART = REPOSITORY / "examples" / "parts" / "gear.stl"
COMMANDS = [
    "generate --shape 64,64,64 -o {0}/a.npz --force",
    "generate --shape 64,64,64 --periodic xyz -o {0}/b.npz --force",
    "generate --shape 64,64,64 --grain-size 20+x/100 --voxel 2um -o {0}/c.npz --force",
    "generate --shape 64,64,64 --workers 1 -o {0}/d.zarr --force",
    f"paint {PART} --longest 48 -o {{0}}/e.npz --force",
    "simulate iso --shape 32,32,32 --time 10 -o {0}/f.npz --force",
    "stats {0}/a.npz",
    "compare {0}/a.npz --with {0}/b.npz",
]


def run(arguments):
    """Run a command here; print the seconds spent in numba's compiler, last."""
    from numba.core import event

    from grainpaint.cli import main

    watch = Stopwatch()

    class Compiling(event.Listener):
        def on_start(self, _):
            watch.start()

        def on_end(self, _):
            watch.stop()

    event.register("numba:compile", Compiling())
    sys.argv = ["grainpaint", *arguments]
    try:
        main()
    except SystemExit as end:
        if end.code:
            raise
    print(watch.seconds)


def main():
    options = make_parser(__doc__).parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for command in COMMANDS:
            # Under --quick the usual cache serves, so that nothing compiles.
            with tempfile.TemporaryDirectory() as cache:
                new = {} if options.quick else {"NUMBA_CACHE_DIR": cache}
                words = ["run", *command.format(folder).split()]
                took = grainpaint(*words, script=SCRIPT, **new)
            seconds = round(float(took.output.split()[-1]), 1)
            name = command.replace("{0}/", "").replace(str(PART), PART.name)
            rows.append({"name": name, "s": seconds})
            print(f"{seconds:6.1f} s  {name}", flush=True)
            if options.quick:
                break
    save(options, SCRIPT, {"rows": rows})


if __name__ == "__main__":
    run(sys.argv[2:]) if sys.argv[1:2] == ["run"] else main()
