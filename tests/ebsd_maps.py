"""Small maps of orientations with known grains, as EBSD systems write them."""

import io

import numpy as np

STEP = 0.5
GRAINS = np.array(  # a known picture, [y, x]
    [
        [1, 1, 1, 1, 2, 2, 2, 2],
        [1, 1, 1, 1, 2, 2, 2, 2],
        [1, 1, 1, 3, 3, 2, 2, 2],
        [3, 3, 3, 3, 3, 3, 2, 2],
        [3, 3, 3, 3, 3, 3, 3, 2],
    ]
)
# phi1, Phi, phi2 of grains 1, 2, 3, degrees: far from each other
ANGLES = np.array([[10.0, 20, 30], [100, 45, 60], [200, 70, 5]])


def angles_of(grains=GRAINS, noise=0.0, seed=0):
    """Return Euler angles of each point [y, x, 3], degrees, with noise."""
    rng = np.random.default_rng(seed)
    return ANGLES[grains - 1] + rng.normal(0, noise, (*grains.shape, 3))


def ang(
    angles=None,
    confidence=None,
    symmetry="43",
    phases=("1",),
    phase=0,
    grid="SqrGrid",
    header=None,
):
    """Return an .ang file of angles in degrees [y, x, 3]."""
    angles = angles_of() if angles is None else angles
    rows, columns = angles.shape[:2]
    if header is None:
        header = ["# TEM_PIXperUM          1.000000", "#"]
        for number in phases:
            header += [f"# Phase {number}", "# MaterialName  \tNickel"]
            header += [f"# Symmetry              {symmetry}", "#"]
        header += [f"# GRID: {grid}", f"# XSTEP: {STEP:.6f}", f"# YSTEP: {STEP:.6f}"]
        header += [f"# NCOLS_ODD: {columns}", f"# NCOLS_EVEN: {columns}"]
        header += [f"# NROWS: {rows}", "#"]
    y, x = np.indices((rows, columns)).reshape(2, -1) * STEP
    flat = np.radians(angles).reshape(-1, 3)
    sure = np.full(x.size, 0.5) if confidence is None else np.ravel(confidence)
    kind = np.broadcast_to(phase, (rows, columns)).ravel()
    table = np.column_stack([flat, x, y, np.full(x.size, 90.0), sure, kind])
    text = io.StringIO()
    np.savetxt(text, table, "%9.5f %9.5f %9.5f %12.5f %12.5f %6.1f %6.3f %2d")
    return ("\n".join([*header, ""]) + text.getvalue()).encode()


def ctf(angles=None, phase=1, laue=11, comma=False, cells=None):
    """Return a .ctf file of angles in degrees [y, x, 3]."""
    angles = angles_of() if angles is None else angles
    rows, columns = angles.shape[:2]
    nx, ny = cells or (columns, rows)
    lines = ["Channel Text File", "JobMode\tGrid", f"XCells\t{nx}", f"YCells\t{ny}"]
    lines += [f"XStep\t{STEP}", f"YStep\t{STEP}", "AcqE1\t0", "AcqE2\t0", "AcqE3\t0"]
    lines += ["Phases\t1", f"3.2;3.2;5.1\t90;90;120\tZircaloy\t{laue}\t0\t\t\t"]
    lines += ["Phase\tX\tY\tBands\tError\tEuler1\tEuler2\tEuler3\tMAD\tBC\tBS"]
    kind = np.broadcast_to(phase, (rows, columns))
    for row in range(rows):
        for column in range(columns):
            a = "\t".join(f"{v:.4f}" for v in angles[row, column])
            where = f"{column * STEP:.4f}\t{row * STEP:.4f}"
            lines.append(f"{kind[row, column]}\t{where}\t8\t0\t{a}\t0.6000\t98\t0")
    text = "\r\n".join([*lines, ""])
    return (text.replace(".", ",") if comma else text).encode()
