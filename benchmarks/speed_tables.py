"""Tables of speed and memory, by machine."""

from markup import markdown, read, source, written

__all__ = ["machines", "speed"]


def one_machine():
    """Return the rows of speed.json that share the first's machine and commit.

    Raises
    ------
    ValueError
        If rows of that machine come from several commits.
    """
    rows = read("speed")
    machine = rows[0]["stamp"]["machine"]
    rows = [row for row in rows if row["stamp"]["machine"] == machine]
    commits = {row["stamp"]["commit"] for row in rows}
    if len(commits) > 1 or None in commits:
        raise ValueError(f"speed.json: one commit is needed, got {commits}")
    return sorted(rows, key=lambda row: row["stamp"]["precision"], reverse=True)


def kind_of(stamp):
    """Return the precision and the instructions of a row."""
    instructions = stamp["instructions"]
    names = {
        "avx2": "AVX2",
        "avx512_bf16": "AVX-512",
        "avx512f": "AVX-512",
        "amx_bf16": "AMX",
    }
    if instructions == "limited to AVX2":
        instructions += ", as on most laptops"
    return f"{stamp['precision']}, {names.get(instructions, instructions)}"


def speed():
    """Return the README's table of speed: one machine, one commit."""
    rows = one_machine()
    names = {
        "first run, which compiles kernels: 64^3": ("first run: generate 64^3, s", "s"),
        "64^3": ("second run: 64^3, s", "s"),
        "the gear": ("second run: gear, s", "s"),
        "128^3": ("second run: 128^3, s", "s"),
        "128^3, peak memory": ("128^3, peak GB", "GB"),
        "256^3": ("256^3, s", "s"),
        "256^3, peak memory": ("256^3, peak GB", "GB"),
        "128^3, steps that make grains": ("128^3, voxel/s", "voxels/s"),
        "256^3, steps that make grains": ("256^3, voxel/s", "voxels/s"),
    }
    lines = [
        [title, *(f"{row[key]:,} {unit}" for row in rows)]
        for title, (key, unit) in names.items()
    ]
    stamp = rows[0]["stamp"]
    name = stamp["machine"].split(" (")[0]
    cores = {1: "one core", 2: "two cores"}.get(
        stamp["cores"], f"{stamp['cores']} cores"
    )
    head = f"{name}, {cores}, commit {stamp['commit']}"
    return markdown([head, *(kind_of(row["stamp"]) for row in rows)], lines)


def machines():
    """Return a row of speed for each machine, instructions and precision."""
    peaks = {place(row["stamp"]): row for row in read("peak")}
    rows, stamps = [], []
    for row in read("speed"):
        stamp = row["stamp"]
        own = peaks.get(place(stamp))
        same = own is not None and own["stamp"]["commit"] == stamp["commit"]
        peak = own if same else {}
        rows.append(
            [
                stamp["machine"],
                kind_of(stamp),
                written(peak.get("fastest convolution, GFLOP/s")),
                written(peak.get("share")),
                *(f"{row[f'{n}^3, voxel/s']:,}" for n in (128, 256)),
                *(f"{row[f'{n}^3, peak GB']}" for n in (128, 256)),
                f"{row['first run: generate 64^3, s']} "
                f"({row['of which kernels compile, s']})",
                *(row[f"second run: {n}, s"] for n in ("64^3", "128^3", "gear")),
                row["256^3, s"],
                f"{row['simulate 128^3 to t = 100, s']} ({row['simulate / generate']})",
                row["grainpaint --help, s"],
            ]
        )
        stamps += [stamp, peak["stamp"]] if peak else [stamp]
    heads = [
        *("processor", "precision", "peak, GFLOP/s", "network's share"),
        *("voxel/s, 128^3", "voxel/s, 256^3", "GB, 128^3", "GB, 256^3"),
        *("first run, 64^3, s (compiling)", "64^3, s", "128^3, s", "gear, s"),
        *("256^3, s", "simulate 128^3, s (over generate)", "--help, s"),
    ]
    return markdown(heads, rows) + "\n\n" + source(*stamps)


def place(stamp):
    """Return what tells machines apart."""
    return stamp["machine"], stamp["instructions"], stamp["precision"]
