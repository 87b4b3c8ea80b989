"""Rows of sites along z in blocks of four colors, as on a checkerboard."""

import numpy as np

__all__ = ["row_blocks"]

_WIDTH = 12  # approximate sites of a block along x and y


def row_blocks(
    shape: tuple[int, int, int],
    periodic: tuple[bool, ...] = (True, True, True),
    origin: tuple[int, ...] = (0, 0, 0),
    period: tuple[int, ...] = (0, 0, 0),
) -> list[np.ndarray]:
    """Split the rows of sites along z into blocks of four colors, like a checkerboard.

    Parameters
    ----------
    shape : three ints
        Sites along x, y, z.
    periodic : three bools
        Whether the first and last sites along x, y, z are neighbors. Along an open
        axis blocks begin at fixed positions of the larger volume.
    origin : three ints
        Position of site (0, 0, 0) in the larger volume that the box is cut from.
    period : three ints
        Number of sites after which the larger volume repeats; 0 = never.

    Returns
    -------
    list of numpy.ndarray, int64, shape (n, 4)
        The blocks of each color: start and stop along x, start and stop along y. No
        two blocks of one color contain neighboring sites, not even across periodic
        faces.
    """
    spans: list[list[np.ndarray]] = []
    for n, closed, start, length in zip(shape[:2], periodic, origin, period):
        repeat = n if closed else length
        if closed:
            start = 0
        if repeat:  # an even number, whatever the length; of 2 sites or wider if > 2
            n_blocks = min(repeat, 2 * max(1, round(repeat / (2 * _WIDTH))))
            within = np.linspace(0, repeat, n_blocks + 1).astype(int)[:-1]
            turns = np.arange(start // repeat, (start + n) // repeat + 1)
            cuts = (turns[:, None] * repeat + within).ravel() - start
            parity = int(np.count_nonzero(cuts <= 0)) - 1
        else:
            cuts = np.arange(-start % _WIDTH, n, _WIDTH)
            parity = start // _WIDTH
        cuts = np.unique([0, *cuts[(cuts > 0) & (cuts < n)], n])
        edges = np.stack([cuts[:-1], cuts[1:]], 1)
        spans.append([edges[parity % 2 :: 2], edges[1 - parity % 2 :: 2]])
    found = [
        np.array([(*x, *y) for x in xs for y in ys], np.int64).reshape(-1, 4)
        for xs in spans[0]
        for ys in spans[1]
    ]
    return [blocks for blocks in found if len(blocks)]
