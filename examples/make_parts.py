"""Make the example part: a spur gear with a bore (examples/parts/gear.stl, mm).

Run: python examples/make_parts.py
"""

from pathlib import Path

import numpy as np
import trimesh

N_TEETH = 18
POINTS_PER_TOOTH = 8
ROOT_MM, TIP_MM, BORE_MM, WIDTH_MM = 1.5, 1.8, 0.5, 1.4


def gear() -> trimesh.Trimesh:
    """Return a closed spur gear; outline and bore share their angles."""
    n = N_TEETH * POINTS_PER_TOOTH
    angle = 2 * np.pi * np.arange(n) / n
    # A tooth: three points at the tip, three at the root, the flanks between.
    tooth = np.array([ROOT_MM, ROOT_MM, (ROOT_MM + TIP_MM) / 2, *[TIP_MM] * 3])
    tooth = np.append(tooth, [(ROOT_MM + TIP_MM) / 2, ROOT_MM])
    outer = np.tile(tooth, N_TEETH)
    rings = []
    for radius, z in (
        (outer, 0.0),
        (outer, WIDTH_MM),
        (np.full(n, BORE_MM), WIDTH_MM),
        (np.full(n, BORE_MM), 0.0),
    ):
        x, y = radius * np.cos(angle), radius * np.sin(angle)
        rings.append(np.column_stack([x, y, np.full(n, z)]))
    i = np.arange(n)
    j = (i + 1) % n
    faces = []
    for ring in range(4):  # outside, top, bore, bottom
        a, b = ring * n, (ring + 1) % 4 * n
        faces += [np.column_stack([a + i, a + j, b + j])]
        faces += [np.column_stack([a + i, b + j, b + i])]
    return trimesh.Trimesh(np.concatenate(rings), np.concatenate(faces), process=False)


if __name__ == "__main__":
    path = Path(__file__).with_name("parts") / "gear.stl"
    path.parent.mkdir(exist_ok=True)
    part = gear()
    assert part.is_watertight
    assert part.volume > 0
    part.export(path)
    print(path, f"{part.volume:.3f} mm^3, {len(part.faces)} triangles")
