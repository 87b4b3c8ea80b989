"""Tables of the simulators beside SPPARKS: growth, builds, applications."""

from markup import markdown, read, source, sourced

__all__ = ["additive", "apps", "apps_figures", "potts"]

PAIRS = ("energy", "grains")  # of which apps.json has ratios


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
