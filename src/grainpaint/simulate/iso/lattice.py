"""A lattice of sites and the neighbors of each, compared with a value all at once.

What the sites hold (spins, alarms) lies in flat arrays, z fastest, with a layer of
ghosts around the box. The 3 x 3 x 3 places around a site are nine rows along z. Each is
read with one place more, as a vector of four, and a set of places is a word with four
bits a row, of which the highest means nothing. The row through the site comes last: the
eight others fill a vector.
"""

import itertools
from typing import Any, NamedTuple

import numba as nb
import numpy as np
from llvmlite import ir
from numba.extending import intrinsic

from grainpaint.compiled import inner
from grainpaint.errors import InputError

__all__ = [
    "LATTICES",
    "Lattice",
    "count",
    "count_like",
    "first",
    "holding",
    "kernel",
    "neighbor_offsets",
    "neighborhood",
]

_CUBE = [o for o in itertools.product((-1, 0, 1), repeat=3) if any(o)]
LATTICES = {
    "sc/26n": np.array(_CUBE),
    "sc/6n": np.array([o for o in _CUBE if sum(map(abs, o)) == 1]),
    "sq/8n": np.array([o for o in _CUBE if o[2] == 0]),
    "sq/4n": np.array([o for o in _CUBE if o[2] == 0 and sum(map(abs, o)) == 1]),
}
_ROWS = [(x, y) for x in (-1, 0, 1) for y in (-1, 0, 1) if x or y] + [(0, 0)]


class Lattice(NamedTuple):
    """Sites with a layer of ghosts around them; flat arrays."""

    spin: np.ndarray  # 0 = no site
    alarm: np.ndarray  # uint8
    alarms: np.ndarray  # the alarms as words of eight
    mobility: np.ndarray  # of the sites, shape (nx, ny, nz), or empty
    near: np.uint64  # the set of the neighbors
    offsets: np.ndarray  # int64, shape (36, 3): the places of the bits of a set
    steps: np.ndarray  # the same in the flat arrays, uint64 (modulo 2^64)
    stride_x: np.uint64  # from a site to the next along x
    stride_y: np.uint64
    periodic: np.ndarray  # three bools
    nx: int
    ny: int
    nz: int
    place_x: np.ndarray  # of the sites in a larger volume: random numbers follow it
    place_y: np.ndarray  # uint64
    place_z: np.ndarray


def neighbor_offsets(lattice: str) -> np.ndarray:
    """Return the neighbors of a site as steps along x, y, z.

    Parameters
    ----------
    lattice : {'sc/26n', 'sc/6n', 'sq/8n', 'sq/4n'}
        As SPPARKS names them; those that begin with sq lie in the plane z = 0.

    Returns
    -------
    numpy.ndarray, int64, shape (n, 3)

    Raises
    ------
    InputError
        If the lattice is unknown.
    """
    if lattice not in LATTICES:
        raise InputError(
            f"the lattice is one of {', '.join(LATTICES)}; got {lattice!r}"
        )
    return LATTICES[lattice]


def kernel(from_python: bool = False, **options: Any) -> Any:
    """Return numba's decorator for functions that take a `Lattice`.

    The arrays outlive every kernel, so their uses are not counted: counts inside of
    loops (https://github.com/numba/numba/issues/2345) would take half of the time.
    """
    options["_nrt"] = False
    return nb.njit(cache=True, **options) if from_python else inner(**options)


def neighborhood(
    lattice: str, stride_x: int, stride_y: int
) -> tuple[np.uint64, np.ndarray, np.ndarray, np.uint64, np.uint64]:
    """Return the five fields of `Lattice` that say where neighbors are.

    Parameters
    ----------
    lattice : str
        As in `neighbor_offsets`.
    stride_x, stride_y : int
        From a site to the next along x and y in the flat arrays.
    """
    places = np.array([(x, y, z) for x, y in _ROWS for z in (-1, 0, 1, 2)])
    is_near = (places[:, None] == neighbor_offsets(lattice)).all(2).any(1)
    near = sum(1 << int(bit) for bit in np.flatnonzero(is_near))
    steps = (places @ np.array([stride_x, stride_y, 1])).astype(np.uint64)
    return np.uint64(near), places, steps, np.uint64(stride_x), np.uint64(stride_y)


@kernel(forceinline=True)
def holding(lattice, flat, i, value):
    """Return the set of the neighbors of a site that hold a value.

    Parameters
    ----------
    lattice : Lattice
    flat : numpy.ndarray, integer, shape (n,)
        What is held. One place behind the neighbors is read, too.
    i : uint64
        The site.
    value : integer

    Returns
    -------
    uint64
    """
    low, high, y = i - lattice.stride_x, i + lattice.stride_x, lattice.stride_y
    rows = (low - y, low, low + y, i - y, i + y, high - y, high, high + y, i)
    return _equal_rows(flat, rows, flat.dtype.type(value)) & lattice.near


@kernel(forceinline=True)
def count_like(lattice, i, value):
    """Count the neighbors of a site that have a spin."""
    return count(holding(lattice, lattice.spin, i, value))


@intrinsic
def _equal_rows(typingctx, flat, middles, value):
    """Return the set of the places of nine rows that hold a value."""
    i32, u64 = ir.IntType(32), ir.IntType(64)

    def codegen(context, builder, signature, arguments):
        flat, middles, value = arguments
        array, number = signature.args[0], context.get_value_type(signature.args[2])
        data = context.make_array(array)(context, builder, flat).data

        def load(row):
            start = builder.sub(builder.extract_value(middles, row), u64(1))
            place = builder.bitcast(
                builder.gep(data, [start]), ir.VectorType(number, 4).as_pointer()
            )
            return builder.load(place, align=number.width // 8)

        def join(a, b):
            order = ir.VectorType(i32, 2 * a.type.count)
            return builder.shuffle_vector(a, b, order(list(range(order.count))))

        def equal(numbers):
            n = numbers.type.count
            one = builder.insert_element(numbers.type(ir.Undefined), value, i32(0))
            all_ = builder.shuffle_vector(one, one, ir.VectorType(i32, n)([0] * n))
            same = builder.icmp_unsigned("==", numbers, all_)
            return builder.zext(builder.bitcast(same, ir.IntType(n)), u64)

        rows = [load(row) for row in range(8)]
        while len(rows) > 1:
            rows = [join(a, b) for a, b in zip(rows[::2], rows[1::2])]
        return builder.or_(equal(rows[0]), builder.shl(equal(load(8)), u64(32)))

    return nb.uint64(flat, middles, value), codegen


@intrinsic
def count(typingctx, places):
    """Return how many places are in a set."""

    def codegen(context, builder, signature, arguments):
        return builder.ctpop(arguments[0])

    return nb.int64(nb.uint64), codegen


@intrinsic
def first(typingctx, places):
    """Return the number of the lowest bit of a set that is not empty."""

    def codegen(context, builder, signature, arguments):
        return builder.cttz(arguments[0], ir.IntType(1)(1))

    return nb.uint64(nb.uint64), codegen
