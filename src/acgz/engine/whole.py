"""Thirty-two small integers at once, the same on every CPU: exact products for Numba kernels.

A *short32* is thirty-two int16, a *whole16* sixteen int32. `dot` multiplies two short32 and adds
neighbours, which LLVM maps to one instruction (``vpmaddwd``, with its sum ``vpdpwssd``) where the
processor has it for 512 bits, to two where for 256, to others where it has not. Integers that do
not overflow have one sum, so nothing depends on the order in which they are added.

These exist only compiled. Indices are not checked, as in `simd`.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import extending, types
from numba.extending import models, register_model

from acgz.engine import simd

intrinsic: Any = extending.intrinsic

_I8, _I16, _I32 = ir.IntType(8), ir.IntType(16), ir.IntType(32)
_V32S = ir.VectorType(_I16, 32)
_V32I = ir.VectorType(_I32, 32)
_V16I = ir.VectorType(_I32, 16)


class Short32(types.Type):
    """Numba type of thirty-two int16."""

    def __init__(self):
        super().__init__(name="short32")


class Whole16(types.Type):
    """Numba type of sixteen int32."""

    def __init__(self):
        super().__init__(name="whole16")


short32, whole16 = Short32(), Whole16()


@register_model(Short32)
class _Short32Model(models.PrimitiveModel):
    def __init__(self, dmm, fe_type):
        super().__init__(dmm, fe_type, _V32S)


@register_model(Whole16)
class _Whole16Model(models.PrimitiveModel):
    def __init__(self, dmm, fe_type):
        super().__init__(dmm, fe_type, _V16I)


def _places(numbers):
    return ir.Constant(_V16I, [ir.Constant(_I32, number) for number in numbers])


def spread(builder, number):
    """Sixteen times an int32, in LLVM's terms."""
    empty = ir.Constant(_V16I, ir.Undefined)
    one = builder.insert_element(empty, number, ir.Constant(_I32, 0))
    return builder.shuffle_vector(one, empty, _places([0] * 16))


def dot_of(builder, sums, a, b):
    """What `dot` does, in LLVM's terms."""
    a, b = (builder.sext(vector, _V32I) for vector in (a, b))
    products, empty = builder.mul(a, b), ir.Constant(_V32I, ir.Undefined)
    even = builder.shuffle_vector(products, empty, _places(range(0, 32, 2)))
    odd = builder.shuffle_vector(products, empty, _places(range(1, 32, 2)))
    return builder.add(sums, builder.add(even, odd))


def place_in(context, builder, sig, args, kind):
    """To the element of an array (argument 0) that argument 1 says, as one to ``kind``."""
    at = context.cast(builder, args[1], sig.args[1], types.intp)
    data = context.make_array(sig.args[0])(context, builder, args[0]).data
    return builder.bitcast(builder.gep(data, [at]), kind.as_pointer())


@intrinsic
def shorts(typingctx, array, at):
    """The short32 ``array[at:at + 32]`` of an int8 array."""

    def codegen(context, builder, sig, args):
        pointer = place_in(context, builder, sig, args, ir.VectorType(_I8, 32))
        return builder.sext(builder.load(pointer, align=1), _V32S)

    return short32(array, at), codegen


@intrinsic
def wide_shorts(typingctx, array, at):
    """The short32 ``array[at:at + 32]`` of an int16 array."""

    def codegen(context, builder, sig, args):
        pointer = place_in(context, builder, sig, args, _V32S)
        return builder.load(pointer, align=2)

    return short32(array, at), codegen


@intrinsic
def pair(typingctx, array, at):
    """The short32 that holds ``array[at]``, ``array[at + 1]`` (int16) sixteen times."""

    def codegen(context, builder, sig, args):
        value = builder.load(place_in(context, builder, sig, args, _I32), align=2)
        return builder.bitcast(spread(builder, value), _V32S)

    return short32(array, at), codegen


@intrinsic
def whole(typingctx, value):
    """The whole16 that holds ``value`` sixteen times."""

    def codegen(context, builder, sig, args):
        return spread(builder, context.cast(builder, args[0], sig.args[0], types.int32))

    return whole16(value), codegen


@intrinsic
def dot(typingctx, sums, a, b):
    """The whole16 ``sums[j] + a[2 * j] * b[2 * j] + a[2 * j + 1] * b[2 * j + 1]``."""

    def codegen(context, builder, sig, args):
        return dot_of(builder, *args)

    return whole16(sums, a, b), codegen


@intrinsic
def held(typingctx, array, at):
    """The whole16 ``array[at:at + 16]`` of an int32 array."""

    def codegen(context, builder, sig, args):
        return builder.load(place_in(context, builder, sig, args, _V16I), align=4)

    return whole16(array, at), codegen


@intrinsic
def hold(typingctx, array, at, numbers):
    """Write a whole16 to ``array[at:at + 16]`` (int32)."""

    def codegen(context, builder, sig, args):
        builder.store(args[2], place_in(context, builder, sig, args, _V16I), align=4)
        return context.get_dummy_value()

    return types.void(array, at, whole16), codegen


@intrinsic
def both(typingctx, a, b):
    """The sum of two whole16."""

    def codegen(context, builder, sig, args):
        return builder.add(*args)

    return whole16(a, b), codegen


@intrinsic
def floats(typingctx, array, at):
    """The float8 ``array[at:at + 8]`` of an int32 array, each number rounded to the nearest."""

    def codegen(context, builder, sig, args):
        pointer = place_in(context, builder, sig, args, ir.VectorType(_I32, 8))
        return builder.sitofp(builder.load(pointer, align=4), ir.VectorType(ir.FloatType(), 8))

    return simd.float8(array, at), codegen
