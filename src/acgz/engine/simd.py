"""Eight float32 at once, the same on every CPU: a vector type for Numba kernels.

A loop that sums floats cannot be vectorised by a compiler without changing its result,
because the order of additions changes. Here the order is written down instead: a *float8*
is eight independent float32, every operation works element by element (IEEE 754, never
contracted to FMA), and :func:`total` adds the eight in one fixed tree. LLVM maps a float8
to one AVX register, two SSE or NEON registers, or scalar code; the bits are the same.

Where nothing is compiled (`acgz.kernel.compiles_here`), a float8 is a NumPy array of shape (8,),
and the functions below are plain Python with the same results.

Indices are not checked: they come from kernels that own the arrays.
"""

from __future__ import annotations

import operator

import numpy as np

from acgz import kernel

WIDTH = 8

if not kernel.compiles_here():

    class Plain(np.ndarray):
        """A float8 in plain Python: ``a += b`` makes a new one, as it does when compiled."""

        def __iadd__(self, other):  # type: ignore[misc]
            return self + other

    def load(array, at):
        """The float8 ``array[at:at + 8]``."""
        return array[at : at + 8].copy().view(Plain)

    def store(array, at, vector):
        """Write ``vector`` to ``array[at:at + 8]``."""
        array[at : at + 8] = vector

    def store_shorts(array, at, vector):
        """Write a float8 of whole numbers in [-32768, 32767] to ``array[at:at + 8]`` (int16)."""
        array[at : at + 8] = vector.astype(np.int16)

    def store_bytes(array, at, vector):
        """Write a float8 of whole numbers in [-128, 127] to ``array[at:at + 8]`` (int8)."""
        array[at : at + 8] = vector.astype(np.int8)

    def store_pairs(array, at, v, w):
        """Write two float8 as `store_shorts` does, side by side: v[0], w[0], v[1] …"""
        array[at : at + 16] = np.stack([v, w], axis=1).ravel().astype(np.int16)

    def splat(value):
        """A float8 that holds ``value`` eight times."""
        return np.full(8, value, dtype=np.float32).view(Plain)

    def total(v):
        """The sum ``((v0+v4)+(v2+v6)) + ((v1+v5)+(v3+v7))``."""
        return ((v[0] + v[4]) + (v[2] + v[6])) + ((v[1] + v[5]) + (v[3] + v[7]))

    def greatest(v):
        """The largest of eight numbers."""
        return max(v)

    def absolute(v):
        """Absolute values."""
        return np.abs(v)

    def root(v):
        """Square roots, each rounded to the nearest."""
        return np.sqrt(v).view(Plain)

    def larger(a, b):
        """Element-wise ``a if a > b else b``."""
        return np.where(a > b, a, b).view(Plain)

    def smaller(a, b):
        """Element-wise ``a if a < b else b``."""
        return np.where(a < b, a, b).view(Plain)

    def exponent(v):
        """Unbiased binary exponents of positive normal numbers, as float8."""
        return ((v.view(np.uint32) >> np.uint32(23)).astype(np.int32) - 127).astype(np.float32)

    def significand(v):
        """Numbers of positive normal numbers scaled to [1, 2)."""
        bits = (v.view(np.uint32) & np.uint32(0x007FFFFF)) | np.uint32(0x3F800000)
        return bits.view(np.float32)

    def power_of_two(v):
        """``2**v`` of whole numbers in [-126, 127]."""
        return ((v.astype(np.int32) + 127).astype(np.uint32) << np.uint32(23)).view(np.float32)

    def prefetch(array, at):
        """Ask for the cache line of ``array[at]``; changes nothing."""

    def count_ones(word):
        """Set bits of an unsigned 64-bit word."""
        return np.int64(int(word).bit_count())

else:
    from llvmlite import ir  # type: ignore[import-untyped]
    from numba import types
    from numba.core import cgutils
    from numba.extending import intrinsic, lower_builtin, models, register_model, type_callable

    _F32 = ir.FloatType()
    _I32 = ir.IntType(32)
    _V8 = ir.VectorType(_F32, 8)
    _V8I = ir.VectorType(_I32, 8)

    class Float8(types.Type):
        """Numba type of eight float32."""

        def __init__(self):
            super().__init__(name="float8")

    float8 = Float8()

    @register_model(Float8)
    class _Float8Model(models.PrimitiveModel):
        def __init__(self, dmm, fe_type):
            super().__init__(dmm, fe_type, _V8)

    def _whole(values):
        return ir.Constant(_V8I, [ir.Constant(_I32, v) for v in [values] * 8])

    def _vector_pointer(context, builder, array_type, array, at):
        pointer = context.make_array(array_type)(context, builder, array).data
        return builder.bitcast(builder.gep(pointer, [at]), _V8.as_pointer())

    @intrinsic
    def load(typingctx, array, at):
        """The float8 ``array[at:at + 8]``."""

        def codegen(context, builder, sig, args):
            at = context.cast(builder, args[1], sig.args[1], types.intp)
            pointer = _vector_pointer(context, builder, sig.args[0], args[0], at)
            return builder.load(pointer, align=4)

        return float8(array, at), codegen

    @intrinsic
    def store(typingctx, array, at, vector):
        """Write ``vector`` to ``array[at:at + 8]``."""

        def codegen(context, builder, sig, args):
            at = context.cast(builder, args[1], sig.args[1], types.intp)
            pointer = _vector_pointer(context, builder, sig.args[0], args[0], at)
            builder.store(args[2], pointer, align=4)
            return context.get_dummy_value()

        return types.void(array, at, vector), codegen

    def _storing(bits):
        """Code that writes float8 as integers of so many bits to ``array[at:]``, side by side."""
        kind = ir.VectorType(ir.IntType(bits), 8)

        def codegen(context, builder, sig, args):
            at = context.cast(builder, args[1], sig.args[1], types.intp)
            data = context.make_array(sig.args[0])(context, builder, args[0]).data
            whole, *more = (builder.trunc(builder.fptosi(one, _V8I), kind) for one in args[2:])
            if more:
                places = [ir.Constant(_I32, 8 * (k % 2) + k // 2) for k in range(16)]
                order = ir.Constant(ir.VectorType(_I32, 16), places)
                whole = builder.shuffle_vector(whole, *more, order)
            pointer = builder.bitcast(builder.gep(data, [at]), whole.type.as_pointer())
            builder.store(whole, pointer, align=bits // 8)
            return context.get_dummy_value()

        return codegen

    @intrinsic
    def store_shorts(typingctx, array, at, vector):
        """Write a float8 of whole numbers in [-32768, 32767] to ``array[at:at + 8]`` (int16)."""
        return types.void(array, at, vector), _storing(16)

    @intrinsic
    def store_bytes(typingctx, array, at, vector):
        """Write a float8 of whole numbers in [-128, 127] to ``array[at:at + 8]`` (int8)."""
        return types.void(array, at, vector), _storing(8)

    @intrinsic
    def store_pairs(typingctx, array, at, v, w):
        """Write two float8 as `store_shorts` does, side by side: v[0], w[0], v[1] …"""
        return types.void(array, at, v, w), _storing(16)

    @intrinsic
    def splat(typingctx, value):
        """A float8 that holds ``value`` eight times."""

        def codegen(context, builder, sig, args):
            scalar = context.cast(builder, args[0], sig.args[0], types.float32)
            one = builder.insert_element(
                ir.Constant(_V8, ir.Undefined), scalar, ir.Constant(_I32, 0)
            )
            return builder.shuffle_vector(one, ir.Constant(_V8, ir.Undefined), _whole(0))

        return float8(value), codegen

    @intrinsic
    def total(typingctx, vector):
        """The sum ``((v0+v4)+(v2+v6)) + ((v1+v5)+(v3+v7))``."""

        def codegen(context, builder, sig, args):
            v = [builder.extract_element(args[0], ir.Constant(_I32, i)) for i in range(8)]
            add = builder.fadd
            return add(add(add(v[0], v[4]), add(v[2], v[6])), add(add(v[1], v[5]), add(v[3], v[7])))

        return types.float32(vector), codegen

    @intrinsic
    def greatest(typingctx, vector):
        """The largest of eight numbers."""

        def codegen(context, builder, sig, args):
            v = [builder.extract_element(args[0], ir.Constant(_I32, i)) for i in range(8)]
            while len(v) > 1:
                pairs = zip(v[::2], v[1::2], strict=True)
                v = [builder.select(builder.fcmp_ordered(">", a, b), a, b) for a, b in pairs]
            return v[0]

        return types.float32(vector), codegen

    @intrinsic
    def absolute(typingctx, vector):
        """Absolute values."""

        def codegen(context, builder, sig, args):
            bits = builder.and_(builder.bitcast(args[0], _V8I), _whole(0x7FFFFFFF))
            return builder.bitcast(bits, _V8)

        return float8(vector), codegen

    @intrinsic
    def root(typingctx, vector):
        """Square roots, each rounded to the nearest."""

        def codegen(context, builder, sig, args):
            kind = ir.FunctionType(_V8, [_V8])
            function = builder.module.declare_intrinsic("llvm.sqrt.v8f32", (), kind)
            return builder.call(function, args)

        return float8(vector), codegen

    @intrinsic
    def larger(typingctx, a, b):
        """Element-wise ``a if a > b else b``."""

        def codegen(context, builder, sig, args):
            return builder.select(builder.fcmp_ordered(">", args[0], args[1]), args[0], args[1])

        return float8(a, b), codegen

    @intrinsic
    def smaller(typingctx, a, b):
        """Element-wise ``a if a < b else b``."""

        def codegen(context, builder, sig, args):
            return builder.select(builder.fcmp_ordered("<", args[0], args[1]), args[0], args[1])

        return float8(a, b), codegen

    @intrinsic
    def exponent(typingctx, vector):
        """Unbiased binary exponents of positive normal numbers, as float8."""

        def codegen(context, builder, sig, args):
            bits = builder.lshr(builder.bitcast(args[0], _V8I), _whole(23))
            return builder.sitofp(builder.sub(bits, _whole(127)), _V8)

        return float8(vector), codegen

    @intrinsic
    def significand(typingctx, vector):
        """Numbers of positive normal numbers scaled to [1, 2)."""

        def codegen(context, builder, sig, args):
            bits = builder.and_(builder.bitcast(args[0], _V8I), _whole(0x007FFFFF))
            return builder.bitcast(builder.or_(bits, _whole(0x3F800000)), _V8)

        return float8(vector), codegen

    @intrinsic
    def power_of_two(typingctx, vector):
        """``2**v`` of whole numbers in [-126, 127]."""

        def codegen(context, builder, sig, args):
            whole = builder.add(builder.fptosi(args[0], _V8I), _whole(127))
            return builder.bitcast(builder.shl(whole, _whole(23)), _V8)

        return float8(vector), codegen

    @intrinsic
    def prefetch(typingctx, array, at):
        """Ask for the cache line of ``array[at]``; changes nothing."""

        def codegen(context, builder, sig, args):
            at = context.cast(builder, args[1], sig.args[1], types.intp)
            data = context.make_array(sig.args[0])(context, builder, args[0]).data
            pointer = builder.bitcast(builder.gep(data, [at]), cgutils.voidptr_t)
            kind = ir.FunctionType(ir.VoidType(), [cgutils.voidptr_t, _I32, _I32, _I32])
            function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
            builder.call(function, [pointer] + [ir.Constant(_I32, v) for v in (0, 3, 1)])
            return context.get_dummy_value()

        return types.void(array, at), codegen

    @intrinsic
    def count_ones(typingctx, word):
        """Set bits of an unsigned 64-bit word."""

        def codegen(context, builder, sig, args):
            return builder.ctpop(context.cast(builder, args[0], sig.args[0], types.uint64))

        return types.int64(word), codegen

    for _operator, _method in (
        (operator.add, "fadd"),
        (operator.sub, "fsub"),
        (operator.mul, "fmul"),
        (operator.truediv, "fdiv"),
    ):

        @type_callable(_operator)
        def _type_of_pair(context):
            def typer(a, b):
                if a is float8 and b is float8:
                    return float8
                return None

            return typer

        def _lower(context, builder, sig, args, method=_method):
            return getattr(builder, method)(args[0], args[1])

        lower_builtin(_operator, float8, float8)(_lower)
        lower_builtin(getattr(operator, "i" + _operator.__name__), float8, float8)(_lower)

    for _operator in (operator.iadd, operator.isub, operator.imul, operator.itruediv):
        type_callable(_operator)(_type_of_pair)
