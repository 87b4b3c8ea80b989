"""All tables of RESULTS.md and of the README, by name.

Each function returns a table in Markdown with the source of its figures below it, as
the stamp in the JSON says: command, machine, commit and date.
"""

import json

from build_tables import builds, builds_fine
from cluster_tables import CLUSTER_TABLES
from markup import (
    HERE,
    columns_of,
    listed,
    markdown,
    read,
    source,
    sourced,
    written,
)
from quality_tables import (
    evaluations,
    floor,
    measures_at_100,
    precision,
    quality,
    quality_at_100,
    quality_sourced,
)
from speed_tables import machines, speed

__all__ = ["README_TABLES", "TABLES", "apps_figures"]

PAIRS = ("energy", "grains")  # of which apps.json has ratios
COSTS = {  # of a command that writes a file
    "s": ("seconds", ".1f"),
    "CPU s": ("processor_seconds", ".1f"),
    "GB": ("gb", ".2f"),
    "file, MB": ("file_mb", ",.0f"),
}
ARRAYS = {"color": "40 colors", "grain_id": "grain IDs", "tag": "tags"}


def multiple(ratio):
    """Return a ratio, whole if it is large."""
    if ratio is None:
        return ""
    return f"{ratio:,.0f}" if ratio > 100 else f"{ratio:.1f}"


def peers():
    """Return speeds of this model, the paper's networks and the simulation."""
    content = read("vs_peers")
    ratios = {r["name"]: r["ratio"] for r in content["ratios"]}
    rows = [
        [
            r["name"],
            f"{r['speed']:,.1f}" if r["speed"] < 1000 else f"{r['speed']:,.0f}",
            multiple(ratios.get(r["name"])),
        ]
        for r in content["voxels_a_second"]
    ]
    heads = ["", "voxels a second", "this model is faster by"]
    return sourced(content["stamp"], heads, rows)


def meshes():
    """Return what meshes cost, and what the command printed of each."""
    content = read("meshes")
    names = list(dict.fromkeys(name for r in content["rows"] for name in r["printed"]))
    heads = [
        f"{r['volume']}, {'tetrahedra' if r['filled'] else 'triangles'}"
        for r in content["rows"]
    ]
    rows = [
        [head, *(written(r[key], form) for r in content["rows"])]
        for head, (key, form) in COSTS.items()
    ]
    rows += [
        [name, *(r["printed"].get(name, "") for r in content["rows"])] for name in names
    ]
    return sourced(content["stamp"], ["", *heads], rows)


# Large volumes, windows, parts


def large():
    """Return what large boxes take."""
    content = read("scale")["box"]
    names = [name for name in content["rows"][0] if name != "edge"]
    rows = [[name, *(f"{r[name]:,}" for r in content["rows"])] for name in names]
    heads = ["", *(f"{r['edge']}^3" for r in content["rows"])]
    return sourced(content["stamp"], heads, rows)


def seams():
    """Return the tests of the faces of windows."""
    columns = {
        "windows of": ("windows of", ""),
        "faces": ("faces", ""),
        "p of the worst face": ("p of the worst face", ".2g"),
    }
    return columns_of("scale", columns, part="seams")


def extended():
    """Return the tests of faces between known grains and new ones."""
    content = read("extend")
    rows = []
    for r in content["rows"]:
        pairs = zip(r["goes_on"] or (), r["simulated"] or ())
        cells = [f"{a:.3f} ({b:.3f})" for a, b in pairs] or [""] * len(content["lags"])
        p = [f"{r['smallest_p']:.2g}", f"{r['p_of_all']:.2g}"]
        rows.append([f"{r['time']:g}", r["first_seed"], *p, *cells])
    heads = ["t", "first seed", "smallest p of a volume", "p of all ten"]
    lags = [f"{n} apart" for n in content["lags"]]
    return sourced(content["stamp"], [*heads, *lags], rows)


def parts():
    """Return what parts and their boxes take."""
    content = read("scale")["parts"]
    rows = [
        [
            r["part"],
            r["longest"],
            r["share inside"],
            r["share grown"],
            "{} of {}".format(*r["refinement windows, of"]),
            r["base, s"],
            r["refinement, s"],
            r["refinement of the box, s"],
        ]
        for r in content["rows"]
    ]
    heads = ["part", "voxels along the longest side", "share inside", "share grown"]
    heads += ["windows", "base, s", "refinement, s", "of the whole box, s"]
    return sourced(content["stamp"], heads, rows)


def gear():
    """Return the plan of a gear of 1 cm, and its pieces."""
    content = {k: v for k, v in read("scale")["gear"].items() if k != "stamp"}
    names = {
        "n_base_windows": "base windows",
        "n_windows": "windows",
        "n_windows_box": "windows of the whole box",
        "n_shards": None,
        "n_blocks": None,
        "n_waves": None,
        "grown": "share of the box that grows",
        "n_evaluations": "evaluations of windows",
        "core_seconds": "core-hours, estimated",
        "memory_bytes": "memory of a worker, GB",
        "disk_bytes": "disk, GB",
    }
    scales = {"core_seconds": 3600, "memory_bytes": 1e9, "disk_bytes": 1e9}

    def scaled(key, value):
        return round(value / scales[key], 2) if key in scales else value

    rows = [
        [names.get(key, key), f"{scaled(key, value):,}"]
        for key, value in content.items()
        if names.get(key, key) and value is not None
    ]
    return sourced(read("scale")["gear"]["stamp"], ["what", "figure"], rows)


# Simulators and store


def potts():
    """Return the agreement of isotropic growth with SPPARKS."""
    content = read("potts")["agreement"]
    rows = [
        [
            f"{r['name']}, t = {r['time']}",
            *(f"{r[key]:,.0f}" for key in ("ours", "sd", "spparks")),
            r["runs_of_spparks"],
            f"{r['z']:+.1f}",
        ]
        for r in content["rows"]
    ]
    heads = ["", "ours, mean", "standard deviation", "SPPARKS", "its runs", "z"]
    p = [
        [name, f"{p['smallest']:.2f}", f"{p['median']:.2f}"]
        for name, p in content["p_of_ks"].items()
    ]
    tests = markdown(["at the last time", "smallest p", "median p"], p)
    return markdown(heads, rows) + "\n\n" + tests + "\n\n" + source(content["stamp"])


def additive():
    """Return the agreement of additive builds with SPPARKS."""
    content = read("additive")["grains"]
    rows = content["rows"]
    return sourced(content["stamp"], [*rows[0]], [[*r.values()] for r in rows])


def apps(name="apps"):
    """Return the agreement of applications with SPPARKS, at two sizes."""
    content = read(name)
    rows = [
        [
            r["style"],
            " x ".join(map(str, r["box"])),
            *(f"{r[key]['ratio']:.3f} ({r[key]['p']:.2g})" for key in PAIRS),
            f"{r['ks']:.2g}",
            *(f"{s:.1f}" for s in r["seconds"]),
        ]
        for r in content["rows"]
    ]
    heads = ["style", "sites", *(f"{key}: ratio (p)" for key in PAIRS)]
    heads += ["p of volumes", "SPPARKS, s", "ours, s"]
    return sourced(content["stamp"], heads, rows)


def apps_figures():
    """Return how many values of p there are, and how many are small, by name."""
    rows = read("apps")["rows"]
    p = [r[key]["p"] for r in rows for key in PAIRS] + [r["ks"] for r in rows]
    return {
        "p of apps": len(p),
        "p of apps above 0.01": sum(value > 0.01 for value in p),
        "smallest p of apps": f"{min(p):.2g}",
    }


def store():
    """Return sizes and speeds by chunk and level."""
    content = read("store")
    rows = [
        [
            ARRAYS[r["array"]],
            f"{r['chunk']}^3",
            r["level"],
            f"{r['bytes_per_voxel']:.3f}",
            r["write_Mvoxel_s"],
            r["read_Mvoxel_s"],
            r["box_32_ms"],
        ]
        for r in content["codecs"]
    ]
    heads = ["array", "chunk", "level", "bytes a voxel", "write, Mvoxel/s"]
    heads += ["read, Mvoxel/s", "a box of 32^3, ms"]
    return sourced(content["stamp"], heads, rows)


def store_speed():
    """Return what a store in files takes, by array."""
    content = read("store")
    names = [name for name in content["store"][0] if name != "array"]
    rows = [[name, *(row[name] for row in content["store"])] for name in names]
    heads = ["", *(ARRAYS[row["array"]] for row in content["store"])]
    return sourced(content["stamp"], heads, rows)


def index():
    """Return all files with their stamps."""
    rows = []
    for path in sorted([*HERE.glob("*.json"), *HERE.glob("paper/*.json")]):
        content = json.loads(path.read_text())
        found = [content] if "stamp" in content else content
        found = found.values() if isinstance(found, dict) else found
        for stamp in dict.fromkeys(json.dumps(each["stamp"]) for each in found):
            known = json.loads(stamp)
            commit = known["commit"] or "not recorded"
            if known["dirty"]:
                commit += ", changed"
            name = path.relative_to(HERE)
            row = [f"[{name}]({name})", f"`{known['command']}`", known["machine"]]
            row += [commit, known["date"], known.get("note", "")]
            rows += [row] if row not in rows else []
    return markdown(["file", "command", "machine", "commit", "date", "note"], rows)


TABLES = {
    "machines": machines,
    "kernels": lambda: columns_of(
        "kernels", {"command": ("name", ""), "compiling, CPU s": ("s", "")}
    ),
    "precision": precision,
    "floor": floor,
    "quality": quality_sourced,
    "quality at 100": quality_at_100,
    "measures at 100": measures_at_100,
    "evaluations": evaluations,
    "large": large,
    "billion": lambda: columns_of(
        "billion",
        {
            "command": ("what", ""),
            "seconds": ("seconds", ",.0f"),
            "processor seconds": ("processor seconds", ",.0f"),
            "peak memory of all processes, GB": ("peak memory, GB", ".2f"),
        },
    ),
    "seams": seams,
    "halos": lambda: columns_of(
        "halos",
        {
            "halo": ("halo", ""),
            "at the face": ("at_face", ".3f"),
            "1 inside": ("1_inside", ".3f"),
            "3 inside": ("3_inside", ".3f"),
            "boundary": ("boundary", ".3f"),
            "cost": ("cost", ".3f"),
        },
        key="base",
    ),
    "extend": extended,
    "gaps": lambda: columns_of(
        "gaps",
        {
            "plan": ("name", ""),
            "boundary in faces": ("boundary", ".3f"),
            "mean": ("mean", ".3f"),
            "volume-weighted": ("weighted", ".3f"),
            "cost": ("cost", ".3f"),
        },
    ),
    "peers": peers,
    "sizes": lambda: columns_of(
        "sizes",
        {
            "asked for": ("asked", "g"),
            "edge": ("edge", ""),
            "grains": ("grains", ""),
            "found": ("found", ".2f"),
            "voxels a second": ("voxels_a_second", ",.0f"),
        },
    ),
    "parts": parts,
    "gear": gear,
    "stats": lambda: listed("stats"),
    "compare": lambda: columns_of(
        "compare",
        {
            "command": ("name", ""),
            "s": ("seconds", ""),
            "CPU s": ("processor_seconds", ""),
        },
    ),
    "orient": lambda: columns_of(
        "orient",
        {
            "texture": ("texture", ""),
            "misorientations of": ("misorientations of", ""),
            "s": ("s", ""),
            "texture, L1": ("texture L1", ".3f"),
            "drawn": ("drawn", ".3f"),
            "ratio": ("ratio", ".2f"),
            "in other cells": ("ratio, other cells", ".2f"),
            "misorientations, L1": ("misorientation L1", ".4f"),
            "over sampling": ("over sampling", ".2f"),
        },
    ),
    "solvers": lambda: columns_of("solvers", {"for": ("for", ""), **COSTS}),
    "meshes": meshes,
    "potts": potts,
    "potts speed": lambda: columns_of(
        "potts",
        {
            "edge": ("edge", ""),
            "to t": ("time", ""),
            "s": ("seconds", ".1f"),
            "µs a site": ("us_a_site", ".2f"),
            "bytes a site": ("bytes_a_site", ".1f"),
        },
        part="speed",
    ),
    "additive": additive,
    "additive speed": lambda: listed("additive", part="speed"),
    "apps": apps,
    "variants": lambda: apps("variants"),
    "busy": lambda: columns_of(
        "busy",
        {
            "run": ("run", ""),
            "busy processes": ("busy_processes", ""),
            "one thread, s": ("one_thread_s", ".2f"),
            "two threads, s": ("two_threads_s", ".2f"),
            "ratio": ("ratio", ".2f"),
        },
    ),
    "builds": lambda: builds("am"),
    "builds fine": lambda: builds_fine("am", "painted / simulated"),
    "columns": lambda: columns_of(
        "columns",
        {
            "from height": ("from", ""),
            "painted": ("painted", ".3f"),
            "simulated": ("simulated", ".3f"),
        },
    ),
    "last lives": lambda: builds("last_lives"),
    "last lives fine": lambda: builds_fine("last_lives", "last lives / sweeps"),
    "masks": lambda: listed("masks"),
    "store": store,
    "store speed": store_speed,
    "journal": lambda: listed("store", key="journal"),
    **CLUSTER_TABLES,
    "index": index,
}
README_TABLES = {"quality": quality, "speed": speed}
