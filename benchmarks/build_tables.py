"""Tables of RESULTS.md on painted builds."""

from markup import read, sourced

__all__ = ["builds", "builds_fine"]


def builds():
    """Return distances between painted and simulated builds, by scan."""
    content = read("am")
    rows = [
        [name, *(_beside(row["distances"][name]) for row in content["rows"])]
        for name in content["rows"][0]["distances"]
    ]
    heads = ["KL (floor)", *(row["scan"] for row in content["rows"])]
    return sourced(content["stamp"], heads, rows)


def _beside(found):
    """Return a distance beside its floor."""
    return f"{found['kl']:.4f} ({found['kl_floor']:.4f})"


def builds_fine():
    """Return grains per volume and times: painted, simulated, their ratio."""
    content = read("am")
    rows = [
        [name, *(_ratio(*(f[name] for f in row["fine"])) for row in content["rows"])]
        for name in content["rows"][0]["fine"][0]
    ]
    rows.append(
        ["grains over layer faces", *(_ratio(*r["crossing"]) for r in content["rows"])]
    )
    rows.append(
        ["seconds", *(_ratio(r["paint_s"], r["simulate_s"]) for r in content["rows"])]
    )
    heads = ["painted / simulated", *(row["scan"] for row in content["rows"])]
    return sourced(content["stamp"], heads, rows)


def _ratio(made, truth):
    """Return two figures and their ratio."""
    return f"{made:.4g} / {truth:.4g} = {made / truth:.3f}"
