"""Print the table of machines, in Markdown, from peak.json and speed.json.

Run: python benchmarks/machines.py, after peak.py and speed.py have put in their rows.
"""

import json
from pathlib import Path

HERE = Path(__file__).parent
KEYS = ("machine", "instructions", "precision")
COLUMNS = {
    "fastest convolution, GFLOP/s": "peak, GFLOP/s",
    "share": "network's share",
    "128^3, voxel/s": "voxel/s, 128^3",
    "256^3, voxel/s": "voxel/s, 256^3",
    "first run: generate 64^3, s": "first run, 64^3, s",
    "of which kernels compile, s": "of it kernels",
    "second run: 64^3, s": "second run, 64^3",
    "second run: 128^3, s": "128^3",
    "second run: gear, s": "gear",
}


def main():
    rows = {}
    for name in ("peak.json", "speed.json"):
        for row in json.loads((HERE / name).read_text()):
            rows.setdefault(tuple(row[k] for k in KEYS), {}).update(row)
    heads = [
        "processor",
        "instructions",
        "precision",
        *COLUMNS.values(),
        "commit, date",
    ]
    print("|", " | ".join(heads), "|")
    print("|" + "---|" * len(heads))
    for key, row in rows.items():
        figures = [row.get(name, "") for name in COLUMNS]
        cells = [f"{v:,}" if isinstance(v, int) else str(v) for v in figures]
        print("|", " | ".join([*key, *cells, f"{row['commit']}, {row['date']}"]), "|")


if __name__ == "__main__":
    main()
