"""Make the example parts, the six of Figure 7 of the GrainPaint paper (mm).

Run: python examples/make_parts.py (it needs trimesh: pip install trimesh)

Each is a row of rings with equally many points, joined to a skin.
"""

from pathlib import Path

import numpy as np
import trimesh

N_TEETH = 18
POINTS_PER_TOOTH = 8
ROOT_MM, TIP_MM, BORE_MM, WIDTH_MM = 1.5, 1.8, 0.5, 1.4
HELIX_DEGREES = 25
UP = np.array([0.0, 0.0, 1.0])


def skin(rings: list[np.ndarray], closed: bool) -> trimesh.Trimesh:
    """Join rings of points to a closed surface that faces outward.

    Parameters
    ----------
    rings : list of numpy.ndarray, shape (n, 3)
        Counterclockwise as seen from the next ring.
    closed : bool
        The last ring is joined to the first; otherwise both are capped, in strips from
        point i to point n - 1 - i.
    """
    n, n_rings = len(rings[0]), len(rings)
    i = np.arange(n)
    j = (i + 1) % n
    faces = []
    for ring in range(n_rings if closed else n_rings - 1):
        a, b = ring * n, (ring + 1) % n_rings * n
        faces += [np.column_stack([a + i, a + j, b + j])]
        faces += [np.column_stack([a + i, b + j, b + i])]
    if not closed:
        low = np.arange(n // 2 - 1)
        high, top = n - 1 - low, (n_rings - 1) * n
        strips = [[low, high, low + 1], [low + 1, high, high - 1]]
        faces += [np.column_stack(strip) for strip in strips]
        faces += [top + np.column_stack(strip[::-1]) for strip in strips]
    return trimesh.Trimesh(np.concatenate(rings), np.concatenate(faces), process=False)


def circle(radius: float | np.ndarray, angle: np.ndarray, z: float) -> np.ndarray:
    """Return points at some angles, all at one height; a radius for all or each."""
    x, y = radius * np.cos(angle), radius * np.sin(angle)
    return np.column_stack([x, y, np.full(len(angle), z)])


def angles(n: int) -> np.ndarray:
    """Return n equal steps of a turn."""
    return 2 * np.pi * np.arange(n) / n


def teeth() -> np.ndarray:
    """Return the radius of a gear at each of its angles."""
    # A tooth: three points at the tip, three at the root, the flanks between.
    tooth = np.array([ROOT_MM, ROOT_MM, (ROOT_MM + TIP_MM) / 2, *[TIP_MM] * 3])
    tooth = np.append(tooth, [(ROOT_MM + TIP_MM) / 2, ROOT_MM])
    return np.tile(tooth, N_TEETH)


def gear() -> trimesh.Trimesh:
    """Return a spur gear; outline and bore share their angles."""
    angle = angles(N_TEETH * POINTS_PER_TOOTH)
    bore = np.full(len(angle), BORE_MM)
    pairs = ((teeth(), 0.0), (teeth(), WIDTH_MM), (bore, WIDTH_MM), (bore, 0.0))
    return skin([circle(radius, angle, z) for radius, z in pairs], closed=True)


def helical_gear() -> trimesh.Trimesh:
    """Return a gear whose teeth run along a helix."""
    angle = angles(N_TEETH * POINTS_PER_TOOTH)
    heights = np.linspace(0, WIDTH_MM, 5)
    turn = np.tan(np.radians(HELIX_DEGREES)) / ROOT_MM  # radians per mm
    outside = [circle(teeth(), angle + turn * z, z) for z in heights]
    bore = [circle(BORE_MM, angle + turn * z, z) for z in heights[::-1]]
    return skin(outside + bore, closed=True)


def tube() -> trimesh.Trimesh:
    """Return a tube."""
    angle, height = angles(96), 3.2
    pairs = ((1.3, 0.0), (1.3, height), (0.9, height), (0.9, 0.0))
    return skin([circle(radius, angle, z) for radius, z in pairs], closed=True)


def dog_bone() -> trimesh.Trimesh:
    """Return a flat tensile specimen with fillets between its grips and its gauge."""
    length, grip, gauge, thickness, radius = 4.8, 0.7, 0.35, 0.8, 0.8
    rise = np.arccos(1 - (grip - gauge) / radius) * np.linspace(0, 1, 12)
    x, half = radius * np.sin(rise), gauge + radius * (1 - np.cos(rise))
    x = np.append(x + 1.1, length / 2)
    half = np.append(half, grip)
    x, half = np.append(-x[::-1], x), np.append(half[::-1], half)
    rings = [
        np.array([[a, -w, 0], [a, w, 0], [a, w, thickness], [a, -w, thickness]])
        for a, w in zip(x, half)
    ]
    return skin(rings, closed=False)


def spring() -> trimesh.Trimesh:
    """Return a helical spring: a circle that is moved along a helix."""
    radius, wire, pitch, turns = 1.1, 0.24, 0.85, 4
    section = angles(12)
    rings = []
    for turn in 2 * np.pi * np.linspace(0, turns, 24 * turns + 1):
        outward = np.array([np.cos(turn), np.sin(turn), 0.0])
        along = np.array([-radius * np.sin(turn), radius * np.cos(turn), 0.0])
        across = np.cross(along + pitch / (2 * np.pi) * UP, outward)
        across /= np.linalg.norm(across)
        middle = radius * outward + pitch * turn / (2 * np.pi) * UP
        rings.append(
            middle
            + wire * np.outer(np.cos(section), outward)
            + wire * np.outer(np.sin(section), across)
        )
    return skin(rings, closed=False)


def turbo_blade() -> trimesh.Trimesh:
    """Return a twisted, tapered blade on a foot."""
    angle = angles(64) + np.pi / 64  # from the trailing edge to the leading one
    along = (1 + np.cos(angle)) / 2
    thick = 0.9 * np.sqrt(along) - 0.38 * along - 0.52 * along**2  # 0 at both ends
    # The leading edge is at 1, where the section is round.
    thick = thick[::-1] if thick[0] > thick[32] else thick
    camber = 0.45 * along * (1 - along)
    y = camber + np.where(np.sin(angle) > 0, 0.5, -0.5) * np.abs(thick)
    section = np.column_stack([along - 0.5, y - camber.mean()])
    edge = np.stack([np.cos(angle), np.sin(angle)], 1)
    edge *= (np.abs(edge) ** 8).sum(1, keepdims=True) ** (-1 / 8)  # nearly a rectangle
    foot = edge * [1.15, 0.6]
    rings = [np.column_stack([foot, np.full(64, z)]) for z in (0.0, 0.45)]
    for share in np.linspace(0, 1, 20):
        twist = np.radians(-12 + 50 * share)
        turn = np.array(
            [[np.cos(twist), -np.sin(twist)], [np.sin(twist), np.cos(twist)]]
        )
        flat = 1.9 * (1 - 0.35 * share) * section @ turn.T
        rings.append(np.column_stack([flat, np.full(64, 0.6 + 2.8 * share)]))
    return skin(rings, closed=False)


PARTS = {
    "dog_bone": dog_bone,
    "gear": gear,
    "helical_gear": helical_gear,
    "spring": spring,
    "tube": tube,
    "turbo_blade": turbo_blade,
}

if __name__ == "__main__":
    folder = Path(__file__).with_name("parts")
    folder.mkdir(exist_ok=True)
    for name, make in PARTS.items():
        part = make()
        assert part.is_watertight, name
        assert part.volume > 0, name
        part.export(folder / f"{name}.stl")
        print(f"{name}.stl", f"{part.volume:.3f} mm^3, {len(part.faces)} triangles")
