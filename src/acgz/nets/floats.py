"""Eight float32 or bfloat16 at once, read and written as a float8 (`acgz.engine.simd`).

Arrays of bfloat16 are uint16; what is written is rounded to nearest even. For training only: what
a codec computes has no bfloat16.
"""

from __future__ import annotations

import numpy as np

from acgz.kernel import compiles_here

if not compiles_here():
    from acgz.engine.simd import Plain

    def read(array, at):
        """The float8 of ``array[at:at + 8]``, float32 or bfloat16."""
        part = array[at : at + 8]
        if array.dtype == np.uint16:
            part = (part.astype(np.uint32) << 16).view(np.float32)
        return part.copy().view(Plain)

    def write(array, at, vector):
        """Write a float8 of finite numbers to ``array[at:at + 8]``, as above."""
        bits = np.asarray(vector, np.float32).view(np.uint32)
        if array.dtype == np.uint16:
            array[at : at + 8] = (bits + (bits >> 16 & 1) + 0x7FFF) >> 16
        else:
            array[at : at + 8] = bits.view(np.float32)

else:
    from llvmlite import ir  # type: ignore[import-untyped]
    from numba import types
    from numba.extending import intrinsic

    from acgz.engine.simd import float8
    from acgz.engine.whole import place_in

    _V8 = ir.VectorType(ir.FloatType(), 8)
    _V8I = ir.VectorType(ir.IntType(32), 8)
    _V8S = ir.VectorType(ir.IntType(16), 8)

    def _each(value):
        return ir.Constant(_V8I, [value] * 8)

    @intrinsic
    def read(typingctx, array, at):
        """The float8 of ``array[at:at + 8]``, float32 or bfloat16."""

        def of_floats(context, builder, sig, args):
            return builder.load(place_in(context, builder, sig, args, _V8), align=4)

        def of_bfloats(context, builder, sig, args):
            short = builder.load(place_in(context, builder, sig, args, _V8S), align=2)
            return builder.bitcast(builder.shl(builder.zext(short, _V8I), _each(16)), _V8)

        return float8(array, at), of_bfloats if array.dtype == types.uint16 else of_floats

    @intrinsic
    def write(typingctx, array, at, vector):
        """Write a float8 of finite numbers to ``array[at:at + 8]``, as above."""

        def to_floats(context, builder, sig, args):
            pointer = place_in(context, builder, sig, args, _V8)
            builder.store(args[2], pointer, align=4)
            return context.get_dummy_value()

        def to_bfloats(context, builder, sig, args):
            bits = builder.bitcast(args[2], _V8I)
            odd = builder.and_(builder.lshr(bits, _each(16)), _each(1))
            bits = builder.lshr(builder.add(bits, builder.add(odd, _each(0x7FFF))), _each(16))
            pointer = place_in(context, builder, sig, args, _V8S)
            builder.store(builder.trunc(bits, _V8S), pointer, align=2)
            return context.get_dummy_value()

        result = types.void(array, at, vector)
        return result, to_bfloats if array.dtype == types.uint16 else to_floats
