"""Tables of RESULTS.md on painted builds, and on builds by last lives."""

from markup import read, sourced

__all__ = ["builds", "builds_fine"]


def builds(file):
    """Return distances between two sets of builds, by scan."""
    content = read(file)
    rows = [
        [name, *(_beside(row["distances"][name]) for row in content["rows"])]
        for name in content["rows"][0]["distances"]
    ]
    heads = ["KL (floor)", *(row["scan"] for row in content["rows"])]
    return sourced(content["stamp"], heads, rows)


def _beside(found):
    """Return a distance beside its floor."""
    return f"{found['kl']:.4f} ({found['kl_floor']:.4f})"


def builds_fine(file, what):
    """Return grains per volume and times: of both sets, and their ratio."""
    content = read(file)
    rows = [
        [name, *(_ratio(*(f[name] for f in row["fine"])) for row in content["rows"])]
        for name in content["rows"][0]["fine"][0]
    ]
    rows.append(
        ["grains over layer faces", *(_ratio(*r["crossing"]) for r in content["rows"])]
    )
    rows.append(["seconds", *(_ratio(*_seconds(r)) for r in content["rows"])])
    heads = [what, *(row["scan"] for row in content["rows"])]
    return sourced(content["stamp"], heads, rows)


def _seconds(row):
    """Return the seconds of a build of both sets; of last lives, of the processor."""
    if "seconds" in row:
        return [processor for _, processor in row["seconds"]]
    return row["paint_s"], row["simulate_s"]


def _ratio(made, truth):
    """Return two figures and their ratio."""
    return f"{made:.4g} / {truth:.4g} = {made / truth:.3f}"
