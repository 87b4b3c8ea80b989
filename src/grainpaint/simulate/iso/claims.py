"""Memory that kernels in several threads share: claims and published numbers."""

import numba as nb
from llvmlite import ir
from numba.extending import intrinsic

__all__ = ["claim", "publish", "published"]

_BYTES = 8  # of the integers


def _place(context, builder, signature, arguments):
    """Return the address of an item of an array of int64."""
    array = context.make_array(signature.args[0])(context, builder, arguments[0])
    return builder.gep(array.data, [arguments[1]])


@intrinsic
def claim(typingctx, flags, i):
    """Set flags[i], int64, from 0 to 1; return whether it was 0.

    What other threads wrote before they published 0 there can be read from then on.
    """

    def codegen(context, builder, signature, arguments):
        place = _place(context, builder, signature, arguments)
        zero, one = ir.IntType(64)(0), ir.IntType(64)(1)
        found = builder.cmpxchg(place, zero, one, "acq_rel", "monotonic")
        return builder.zext(builder.extract_value(found, 1), ir.IntType(64))

    return nb.int64(flags, nb.int64), codegen


@intrinsic
def published(typingctx, numbers, i):
    """Return numbers[i], int64; what was written before it was published is seen."""

    def codegen(context, builder, signature, arguments):
        place = _place(context, builder, signature, arguments)
        return builder.load_atomic(place, "acquire", _BYTES)

    return nb.int64(numbers, nb.int64), codegen


@intrinsic
def publish(typingctx, numbers, i, value):
    """Set numbers[i], int64, after all that this thread wrote before."""

    def codegen(context, builder, signature, arguments):
        place = _place(context, builder, signature, arguments)
        builder.store_atomic(arguments[2], place, "release", _BYTES)
        return context.get_dummy_value()

    return nb.void(numbers, nb.int64, nb.int64), codegen
