"""Tables of clusters, and of the model of many workers."""

from markup import columns_of, markdown, read, source, sourced

__all__ = ["CLUSTER_TABLES"]

WHAT = {
    "base": "a window of the base, s",
    "growth": "a window of growth, s",
    "label": "grain IDs of a shard, s",
    "start": "a worker until it has the model, s",
    "hand_out": "a task handed out, ms",
    "journal": "journal, entries that came together, ms",
    "join": "a tile joined, ms",
    "remove": "a file removed, ms",
    "base_bytes": "file of a base window, MB",
    "tag_bytes": "tags of a shard, MB",
    "grain_bytes": "grain IDs of a shard, MB",
    "survey_bytes": "survey of a shard, MB",
    "disk": "disk, MB/s (assumed)",
}


def lost():
    """Return what runs lose whose workers or scheduler are killed, as far as known."""
    content = read("cluster")
    rows, sources = [], []
    for part in ("workers", "schedulers"):
        if part not in content:
            continue
        found = content[part]
        if part == "workers":
            told = f"{found['seconds']:.0f} s, {found['undisturbed_s']:.0f} without"
        else:
            kept = ", ".join(map(str, found["files_kept"]))
            told = f"files there after each: {kept}"
        rows.append([f"{found['kills']} {part}", found["tasks"], told])
        sources.append(found["stamp"])
    return (
        markdown(["killed", "tasks of the run", ""], rows) + "\n\n" + source(*sources)
    )


def costs():
    """Return what the model is fed with."""
    content = read("cluster_model")["model"]
    edges = list(content["costs"])

    def written(key, value):
        scale = 1e-6 if key == "disk" or key.endswith("bytes") else 1.0
        scale = 1e3 if WHAT[key].endswith(", ms") else scale
        return f"{scale * value:.3g}"

    rows = [
        [what, *(written(key, content["costs"][edge][key]) for edge in edges)]
        for key, what in WHAT.items()
    ]
    return sourced(content["stamp"], ["", *(f"{edge}^3" for edge in edges)], rows)


CLUSTER_TABLES = {
    "cluster times": lambda: columns_of(
        "cluster",
        {
            "workers": ("workers", ""),
            "tasks": ("tasks", ""),
            "own processes, s": ("own_s", ".1f"),
            "Dask, s": ("dask_s", ".1f"),
            "ratio": ("dask_over_own", ".2f"),
            "a task, core-s": ("task_s", ".2f"),
            "handing out, own, ms": ("overhead_own_ms", ".2f"),
            "Dask, ms": ("overhead_dask_ms", ".2f"),
            "of a task": ("overhead_dask_share", ".2%"),
        },
        part="times",
    ),
    "cluster lost": lost,
    "cluster join": lambda: columns_of(
        "cluster_model",
        {
            "edge": ("edge", ","),
            "tiles": ("tiles", ","),
            "grains": ("grains", ","),
            "surveys, MB": ("surveys_MB", ",.1f"),
            "CPU s": ("join_s", ".1f"),
            "memory, GB": ("memory_GB", ".2f"),
        },
        part="join",
    ),
    "cluster statistics": lambda: columns_of(
        "cluster_model",
        {
            "edge": ("edge", ","),
            "grains": ("grains", ","),
            "s": ("statistics_s", ".1f"),
            "all labels, GB": ("labels_GB", ".2f"),
            "memory, GB": ("memory_GB", ".2f"),
        },
        part="statistics",
    ),
    "cluster costs": costs,
    "cluster model": lambda: columns_of(
        "cluster_model",
        {
            "edge": ("edge", ",.0f"),
            "workers": ("workers", ",.0f"),
            "tasks": ("tasks", ",.0f"),
            "s": ("total_s", ",.0f"),
            "times as fast as one": ("speedup", ",.0f"),
            "joining, s": ("join_s", ",.1f"),
            "without handing out, s": ("without_scheduler_s", ",.0f"),
            "without the disk, s": ("without_store_s", ",.0f"),
            "without joining, s": ("without_joining_s", ",.0f"),
        },
        part="model",
    ),
}
