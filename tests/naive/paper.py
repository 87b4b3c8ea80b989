"""The plan of blocks, from the paper's algorithms."""

import itertools


def paper_points(limit):
    """Algorithms 1 and 2 with Table 3, in units of a block: points and dependencies."""
    table = [
        ((0.00, 0.00, 0.00), (0, 0, 0)),
        ((0.00, 0.00, 0.75), (0, 0, 1)),
        ((0.75, 0.75, 0.75), (1, 1, 1)),
        ((0.75, 0.75, 0.00), (1, 1, 0)),
        ((0.75, 0.00, 0.75), (1, 0, 1)),
        ((0.00, 0.75, 0.75), (0, 1, 1)),
        ((0.75, 0.00, 0.00), (1, 0, 0)),
        ((0.00, 0.75, 0.00), (0, 1, 0)),
    ]
    points = []
    for offset, reduction in table:
        before = [p for p, _ in points]
        ranges = [range(n - r + 1) for n, r in zip(limit, reduction)]
        for index in itertools.product(*ranges):
            p = tuple(i * 1.5 + o for i, o in zip(index, offset))
            near = [q for q in before if max(abs(a - b) for a, b in zip(p, q)) <= 1]
            points.append((p, near))
    return points
