"""Sets of neighbors of a site, found by comparing all neighbors with a value at once.

The 3 x 3 x 3 places around a site form nine rows along z. Each row is read with one
extra place, as a vector of four, so a set of places is a word with four bits per row,
of which the highest has no meaning. The row through the site comes last: the other
eight fill a vector.
"""

import numba as nb
from llvmlite import ir
from numba.extending import intrinsic

from grainpaint.simulate.iso.lattice import kernel

__all__ = ["count_like", "holding", "lowest_place", "n_places"]


@kernel(forceinline=True)
def holding(lattice, flat, i, value):
    """Return the set of neighbors of a site that hold a value.

    Parameters
    ----------
    lattice : Lattice
    flat : numpy.ndarray, integer, shape (n,)
        Values of the sites; one place beyond the neighbors is read, too.
    i : uint64
        Index of the site.
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
    """Count the neighbors of a site that have a given spin."""
    return n_places(holding(lattice, lattice.spin, i, value))


@intrinsic
def _equal_rows(typingctx, flat, middles, value):
    """Return the set of places in nine rows that hold a value."""
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
def n_places(typingctx, places):
    """Return the number of places in a set."""

    def codegen(context, builder, signature, arguments):
        return builder.ctpop(arguments[0])

    return nb.int64(nb.uint64), codegen


@intrinsic
def lowest_place(typingctx, places):
    """Return the number of the lowest bit of a non-empty set."""

    def codegen(context, builder, signature, arguments):
        return builder.cttz(arguments[0], ir.IntType(1)(1))

    return nb.uint64(nb.uint64), codegen
