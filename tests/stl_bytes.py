"""STL files as programs write them, and as they should not."""

import numpy as np


def binary_stl(
    triangles, count=None, head=b"made for a test", payloads=None, color=0, order="<"
):
    """Return a binary file; payloads are attribute bytes behind each triangle."""
    count = len(triangles) if count is None else count
    data = head.ljust(80, b"\0") + np.array(count, order + "u4").tobytes()
    for i, triangle in enumerate(triangles):
        payload = b"" if payloads is None else payloads[i]
        size = len(payload) if payloads is not None else color
        data += bytes(12) + triangle.astype(order + "f4").tobytes()
        data += np.array(size, order + "u2").tobytes() + payload
    return data


def text_stl(
    triangles,
    name="solid x",
    end="endsolid x",
    normal="facet normal 0 0 1",
    number="%.9g",
    line="\n",
    gap=" ",
):
    """Return the text of an ASCII file."""
    lines = [name]
    for triangle in triangles:
        lines += [normal, f"{gap}outer loop"]
        lines += [
            f"{gap}vertex{gap}{gap.join(number % x for x in corner)}"
            for corner in triangle
        ]
        lines += [f"{gap}endloop", "endfacet"]
    return line.join([*lines, end, ""])
