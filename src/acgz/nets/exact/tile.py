"""The innermost loop of `tiles`: sixteen sums of sixteen, which stay in registers."""

from __future__ import annotations

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types

from acgz.engine.whole import dot_of, intrinsic, place_in, spread

ROWS = 8

_I32, _I64 = ir.IntType(32), ir.IntType(64)
_SHORTS = ir.VectorType(ir.IntType(16), 32)
_SUMS = ir.VectorType(_I32, 16)


def _tile(turned):
    """The intrinsic for a left factor in panels (``turned``), or row by row."""

    def body(typingctx, left, at, panels, panel, pairs, sums):
        def codegen(context, builder, sig, args):
            def number(value):
                return ir.Constant(_I64, value)

            def place(which, kind):
                kinds = types.void(*sig.args[which : which + 2])
                return place_in(context, builder, kinds, args[which : which + 2], kind)

            start, columns = place(0, _I32), place(2, _SHORTS)
            pairs = context.cast(builder, args[4], sig.args[4], types.intp)
            rows = [start]
            while len(rows) < ROWS:
                rows.append(builder.gep(rows[-1], [number(1) if turned else pairs]))

            before = builder.block
            loop, end = (builder.append_basic_block(name) for name in ("tile", "tile.end"))
            builder.branch(loop)
            builder.position_at_end(loop)
            done = builder.phi(_I64)
            done.add_incoming(number(0), before)
            held = [builder.phi(_SUMS) for _ in range(2 * ROWS)]
            place_of_pair = builder.mul(done, number(ROWS)) if turned else done
            twice = builder.add(done, done)
            weights = [
                builder.load(builder.gep(columns, [builder.add(twice, number(half))]), align=2)
                for half in (0, 1)
            ]
            found: list[ir.Value] = []
            for row in rows:
                word = builder.load(builder.gep(row, [place_of_pair]), align=2)
                two = builder.bitcast(spread(builder, word), _SHORTS)
                for half in (0, 1):
                    found.append(dot_of(builder, held[len(found)], weights[half], two))
            after = builder.add(done, number(1))
            done.add_incoming(after, loop)
            for old, new in zip(held, found, strict=True):
                old.add_incoming(ir.Constant(_SUMS, None), before)
                old.add_incoming(new, loop)
            builder.cbranch(builder.icmp_signed("<", after, pairs), loop, end)
            builder.position_at_end(end)
            data = context.make_array(sig.args[5])(context, builder, args[5]).data
            out = builder.bitcast(data, _SUMS.as_pointer())
            for index, value in enumerate(found):
                builder.store(value, builder.gep(out, [number(index)]), align=4)
            return context.get_dummy_value()

        return types.void(left, at, panels, panel, pairs, sums), codegen

    return intrinsic(body)


tile = _tile(turned=False)
"""``tile(left, at, panels, panel, pairs, sums)`` writes the 8 rows of 32 ``sums`` of products of 8
rows of ``left``, of which the first begins ``at``, and of 32 columns of ``panels`` from ``panel``
on; ``pairs``: half of what a row has."""
turned_tile = _tile(turned=True)
"""The same of a panel of 8 rows, which begins ``at``."""
