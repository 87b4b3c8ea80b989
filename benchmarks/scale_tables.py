"""Tables of large volumes: boxes, faces of windows, what is extended, parts."""

from markup import columns_of, read, sourced

__all__ = ["extended", "gear", "large", "parts", "seams"]


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
