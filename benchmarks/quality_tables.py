"""Tables of the quality of generated grains, and of the floors of distances."""

from markup import markdown, read, source, sourced

__all__ = ["evaluations", "floor", "measures_at_100", "precision", "quality"]
__all__ += ["quality_at_100", "quality_sourced"]

TIMES = (25, 50, 100, 200)
TITLES = {
    "volume": "grain volume",
    "nearest": "nearest centroid",
    "area": "surface area",
    "neighbors": "neighbors",
    "sphericity": "sphericity",
    "aspect_ratio": "aspect ratios (b/a, c/a)",
    "b_over_a": "b/a alone",
    "c_over_a": "c/a alone",
    "direction_x": "long axis, x",
    "direction_y": "long axis, y",
    "direction_z": "long axis, z",
    "chord_x": "chords along x",
    "chord_y": "chords along y",
    "chord_z": "chords along z",
}
SHOWN = ("volume", "nearest", "area", "neighbors", "sphericity")
SHOWN += ("aspect_ratio", "b_over_a", "c_over_a")


def read_quality():
    """Return the figures of `quality.py` by time."""
    return {t: read("quality" if t == 100 else f"quality_{t}") for t in TIMES}


def beside_floor(row):
    """Return a relative entropy and its floor, bold where it is more than chance."""
    text = f"{row['kl']:.4f} ({row['kl_floor']:.4f})"
    if row["verdict"] == "different":
        return f"**{text}, {row['ratio_to_floor']:.0f} times**"
    return text


def quality():
    """Return the README's table of quality: all that failed is in it."""
    found = read_quality()
    rows = {t: {row["name"]: row for row in q["rows"]} for t, q in found.items()}
    failed = [
        name
        for name in TITLES
        if any(r[name]["verdict"] == "different" for r in rows.values())
    ]
    names = [*SHOWN, *(name for name in failed if name not in SHOWN)]
    lines = [
        [
            "grain diameter, voxels",
            *(f"{q['grain_diameter']:.1f}" for q in found.values()),
        ]
    ]
    for name in names:
        cells = [beside_floor(rows[t][name]) for t in TIMES]
        lines.append([TITLES[name], *cells])
    for name, title in (
        ("mean volume", "mean volume, against 36 boxes"),
        ("volume-weighted mean", "volume-weighted mean, the same"),
    ):
        means = [q["beside_36"][name] for q in found.values()]
        lines.append([title, *(f"{m - 1:+.1%} ± {e:.1%}" for m, e in means)])
    specks = [q["specks"] for q in found.values()]
    lines.append(
        [
            "single voxels per box (simulated)",
            *(f"{a:.0f} ({b:.0f})" for a, b in specks),
        ]
    )
    return markdown(["", *(f"t = {t}" for t in TIMES)], lines)


def quality_sourced():
    """Return the table of quality at all times, with two more rows."""
    found = read_quality()
    area = [q["measures"]["boundary_per_um"]["ratio"] for q in found.values()]
    gaps = [(q["two_point"], q["two_point_floor"]) for q in found.values()]
    rows = [
        ["boundary area, against 9 boxes", *(f"{a - 1:+.1%}" for a in area)],
        ["two-point correlation", *(f"{g:.4f} ({f:.4f})" for g, f in gaps)],
    ]
    more = ["| " + " | ".join(row) + " |" for row in rows]
    stamps = [q["stamp"] for q in found.values()]
    return "\n".join([quality(), *more]) + "\n\n" + source(*stamps)


def quality_at_100():
    """Return distances of all descriptors at t = 100."""
    content = read("quality")
    rows = []
    for r in content["rows"]:
        low, high = r["kl_interval"]
        rows.append(
            [
                TITLES[r["name"]],
                f"{r['kl']:.4f}",
                f"{low:.4f} to {high:.4f}",
                f"{r['kl_floor']:.4f}",
                f"{r['ratio_to_floor']:.1f}",
                f"{r['wasserstein']:.4g}",
                f"{r['ks']:.4f}",
                r["verdict"],
            ]
        )
    heads = ["descriptor", "KL", "95 %", "floor", "times the floor", "Wasserstein-1"]
    return sourced(content["stamp"], [*heads, "KS", "verdict"], rows)


def measures_at_100():
    """Return what describes whole volumes, at t = 100."""
    content = read("quality")
    rows = [
        [name, f"{m['generated']:.4g}", f"{m['reference']:.4g}", f"{m['ratio']:.3f}"]
        for name, m in content["measures"].items()
    ]
    for name, (a, b) in (
        ("share of grains under 50 voxels", content["small_share"]),
        ("single voxels before cleaning", content["specks"]),
    ):
        rows.append([name, f"{a:.4g}", f"{b:.4g}", f"{a / b:.3f}"])
    return sourced(
        content["stamp"], ["per volume", "generated", "simulated", "ratio"], rows
    )


def floor():
    """Return the distances of simulated sets."""
    content = read("floor")
    rows = [
        [
            TITLES[r["name"]],
            "{:.4f} ({:.4f})".format(*r["kl"]),
            f"{r['kl_estimated_from_9']:.4f}",
            f"{r['wasserstein'][0]:.4g}",
            f"{r['ks'][0]:.4f}",
        ]
        for r in content["rows"]
    ]
    heads = ["descriptor", "KL, mean (largest)", "estimated", "Wasserstein-1", "KS"]
    return sourced(content["stamp"], heads, rows)


def precision():
    """Return the distances of boxes in both precisions."""
    content = read("precision")
    rows = [
        [
            TITLES[r["name"]],
            f"{r['kl']:.4f}",
            f"{r['kl_floor']:.4f}",
            f"{r['ratio_to_floor']:.2f}",
            f"{r['p']:.2g}",
            r["verdict"],
        ]
        for r in content["rows"]
    ]
    heads = ["descriptor", "KL", "floor", "times the floor", "p", "verdict"]
    return sourced(content["stamp"], heads, rows)


def evaluations():
    """Return quality by sampler and number of evaluations."""
    content = read("evaluations")
    samplers = {"ddim": "DDIM, first order", "2m": "DPM-Solver++(2M)"}
    rows = [
        [
            samplers[r["sampler"]],
            r["evaluations"],
            *(f"{kl:.4f}" for kl in r["kl"].values()),
            f"{r['mean'] - 1:+.1%}",
            f"{r['weighted'] - 1:+.1%}",
            f"{r['seconds']:.1f}",
        ]
        for r in content["rows"]
    ]
    last = content["rows"][-1]["floor"]
    rows.append(["floor", "", *(f"{kl:.4f}" for kl in last.values()), "", "", ""])
    names = [TITLES[name].split(" (")[0] for name in last]
    heads = ["sampler", "evaluations", *names, "mean volume", "volume-weighted", "s"]
    return sourced(content["stamp"], heads, rows)
