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
from scale_tables import extended, gear, large, parts, seams
from simulator_tables import additive, apps, potts
from speed_tables import machines, speed

__all__ = ["README_TABLES", "TABLES"]

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
