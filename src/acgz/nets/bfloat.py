"""Eight bfloat16 at once: read as a float8 (`acgz.engine.simd`), written rounded to nearest even.

For training only: what a codec computes has no bfloat16.
"""

from __future__ import annotations

import numpy as np

from acgz.kernel import compiles_here

if not compiles_here():
    from acgz.engine.simd import Plain

    def load_bfloats(array, at):
        """The float8 of ``array[at:at + 8]``, bfloat16 as uint16."""
        return (array[at : at + 8].astype(np.uint32) << 16).view(np.float32).view(Plain)

    def store_bfloats(array, at, vector):
        """Write a float8 of finite numbers to ``array[at:at + 8]``, as above."""
        bits = np.asarray(vector, np.float32).view(np.uint32)
        array[at : at + 8] = (bits + (bits >> 16 & 1) + 0x7FFF) >> 16

else:
    from llvmlite import ir  # type: ignore[import-untyped]
    from numba import types
    from numba.extending import intrinsic

    from acgz.engine.simd import float8

    _V8 = ir.VectorType(ir.FloatType(), 8)
    _V8I = ir.VectorType(ir.IntType(32), 8)
    _V8S = ir.VectorType(ir.IntType(16), 8)

    def _each(value):
        return ir.Constant(_V8I, [value] * 8)

    def _pointer(context, builder, sig, args):
        at = context.cast(builder, args[1], sig.args[1], types.intp)
        data = context.make_array(sig.args[0])(context, builder, args[0]).data
        return builder.bitcast(builder.gep(data, [at]), _V8S.as_pointer())

    @intrinsic
    def load_bfloats(typingctx, array, at):
        """The float8 of ``array[at:at + 8]``, bfloat16 as uint16."""

        def codegen(context, builder, sig, args):
            bits = builder.zext(builder.load(_pointer(context, builder, sig, args), align=2), _V8I)
            return builder.bitcast(builder.shl(bits, _each(16)), _V8)

        return float8(array, at), codegen

    @intrinsic
    def store_bfloats(typingctx, array, at, vector):
        """Write a float8 of finite numbers to ``array[at:at + 8]``, as above."""

        def codegen(context, builder, sig, args):
            bits = builder.bitcast(args[2], _V8I)
            odd = builder.and_(builder.lshr(bits, _each(16)), _each(1))
            bits = builder.lshr(builder.add(bits, builder.add(odd, _each(0x7FFF))), _each(16))
            pointer = _pointer(context, builder, sig, args)
            builder.store(builder.trunc(bits, _V8S), pointer, align=2)
            return context.get_dummy_value()

        return types.void(array, at, vector), codegen
