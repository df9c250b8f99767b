"""Two GRU layers over tokens, forward and backward, for training on a CPU.

PyTorch's own do every element of a cell by an operation of its own and keep what each of them
made. Here the products are PyTorch's, and a cell is one loop (`cells`): a step of
training takes 0.4 to 0.8 of the time (see docs/lab/engine.md).

What the layers give is what `torch.nn.GRU` gives, but for what is rounded (Cho et al., 2014; the
second bias inside of r's product, as cuDNN has it).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from acgz.nets.deepgeco import cells


class Scratch:
    """Room for one pass of T tokens in B streams through layers of H units; used again and again.

    Numbers are float32 or, where that will do, bfloat16. The forward pass leaves here what the
    backward pass needs, so each forward pass has to be followed by its own.
    """

    def __init__(self, steps: int, streams: int, units: int, kind: torch.dtype) -> None:
        def room(*shape: int) -> Tensor:
            return torch.zeros(*shape, dtype=kind)

        self.passes = 0
        """Forward passes so far."""
        self.kind = kind
        self.shape = (steps, streams, units)
        self.states = [room(steps + 1, streams, units) for _ in range(2)]
        """Of each layer, before the first token and after each."""
        self.kept = [room(steps, streams, 4 * units) for _ in range(2)]
        self.slopes = [room(steps, streams, 4 * units) for _ in range(2)]
        self.inputs = room(steps * streams, 3 * units)
        """Products of the second layer's inputs."""
        self.product = room(streams, 3 * units)
        self.back = room(streams, units)
        self.below = room(steps * streams, units)
        """Gradient of the first layer's states."""
        self.flowing = np.zeros((2, streams * units), np.float32)


def run(
    scratch: Scratch, tokens: Tensor, state: Tensor | None, layers: Any, table: Tensor
) -> tuple[Tensor, Tensor]:
    """States of the second layer (T, B, H), and those of both after the last token.

    ``tokens``: (T, B); ``state``: (2, B, H) or None; ``layers``: a `torch.nn.GRU` of two layers,
    whose weights learn; ``table``: (tokens there are, 3 H), its products with the embeddings, with
    the input's bias.
    """
    _, streams, units = scratch.shape
    gates = 2 * units
    state_bias = layers.bias_hh_l0
    table = table + torch.cat([state_bias[:gates], torch.zeros(units)])
    second = layers.bias_ih_l1 + torch.cat([layers.bias_hh_l1[:gates], torch.zeros(units)])
    first = torch.zeros(2, streams, units) if state is None else state.detach().float()
    seen: Tensor
    after: Tensor
    seen, after = _Layers.apply(
        scratch,
        tokens.contiguous().numpy(),
        first,
        table,
        state_bias[gates:],
        layers.weight_hh_l0,
        layers.weight_ih_l1,
        layers.weight_hh_l1,
        torch.cat([second, layers.bias_hh_l1[gates:]]),
    )
    return seen, after


class _Layers(torch.autograd.Function):
    """The two layers; gradients flow to weights, not to the first state."""

    @staticmethod
    def forward(
        ctx: Any,
        scratch: Scratch,
        tokens: NDArray[np.int64],
        first: Tensor,
        table: Tensor,
        bias: Tensor,
        *weights: Tensor,
    ) -> tuple[Tensor, Tensor]:
        *matrices, second_bias = weights
        from_state, from_below, from_second = (m.to(scratch.kind) for m in matrices)
        ctx.scratch, ctx.tokens, ctx.rows = scratch, tokens, table.shape[0]
        scratch.passes += 1
        ctx.number = scratch.passes
        ctx.matrices = (from_state, from_below, from_second)
        rows, biases = _flat(table), (_flat(bias), _flat(second_bias))
        steps, streams, units = scratch.shape
        after = torch.empty(2, streams, units)
        for layer, matrix in enumerate((from_state, from_second)):
            states, product = scratch.states[layer], _bits(scratch.product).ravel()
            seen, kept = _by_step(states), _by_step(scratch.kept[layer])
            states[0].copy_(first[layer])
            if layer:
                torch.mm(_all(scratch.states[0][1:]), from_below.t(), out=scratch.inputs)
                inputs = _bits(scratch.inputs).reshape(steps, -1)
            old, new = scratch.flowing
            old[:] = first[layer].reshape(-1).numpy()
            for t in range(steps):
                torch.mm(states[t], matrix.t(), out=scratch.product)
                ends = (biases[layer], old, new, seen[t + 1], kept[t])
                if layer:
                    cells.second_layer(units, inputs[t], product, *ends)
                else:
                    cells.first_layer(units, rows, tokens[t], product, *ends)
                old, new = new, old
            after[layer] = torch.from_numpy(old).view(streams, units)
        ctx.mark_non_differentiable(after)
        return scratch.states[1][1:].clone(), after

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        scratch: Scratch = ctx.scratch
        if scratch.passes != ctx.number:
            raise RuntimeError("another forward pass has taken the room of this one")
        steps, streams, units = scratch.shape
        from_state, from_below, from_second = ctx.matrices
        above = gradients[0].to(scratch.kind).contiguous()
        second, second_bias = _back(scratch, 1, above, from_second)
        slopes = _all(scratch.slopes[1])[:, : 3 * units]  # of n, r, z
        gates = torch.cat([from_below[2 * units :], from_below[: 2 * units]])
        torch.mm(slopes, gates, out=scratch.below)
        to_below = torch.mm(slopes.t(), _all(scratch.states[0][1:])).float()
        to_state, bias = _back(scratch, 0, scratch.below.view(steps, streams, units), from_state)
        table = np.zeros(ctx.rows * 3 * units, np.float32)
        for t, row in enumerate(_by_step(scratch.slopes[0])):
            cells.of_table(units, ctx.tokens[t], row, table)
        n, r_z = to_below[:units], to_below[units:]
        n_bias, rest, c_bias = second_bias.split([units, 2 * units, units])
        return (
            None,
            None,
            None,
            torch.from_numpy(table).view(ctx.rows, 3 * units),
            bias[3 * units :],
            to_state,
            torch.cat([r_z, n]),
            second,
            torch.cat([rest, n_bias, c_bias]),
        )


def _back(scratch: Scratch, layer: int, above: Tensor, matrix: Tensor) -> tuple[Tensor, Tensor]:
    """Fill the slopes of a layer; gradients of its ``matrix`` and sums of its slopes (4 H,)."""
    steps, _, units = scratch.shape
    states, slopes = scratch.states[layer], scratch.slopes[layer]
    before, kept, rows = _by_step(states), _by_step(scratch.kept[layer]), _by_step(slopes)
    flowing, product = scratch.flowing[0], _bits(scratch.back).ravel()
    flowing[:] = 0
    scratch.back.zero_()
    given = _by_step(above)
    for t in range(steps - 1, -1, -1):
        cells.backward(units, flowing, product, given[t], before[t], kept[t], rows[t])
        if t:
            torch.mm(slopes[t][:, units:], matrix, out=scratch.back)
    gradient = torch.mm(_all(slopes)[:, units:].t(), _all(states[:steps])).float()
    sums = np.zeros(4 * units, np.float32)
    cells.of_rows(_bits(slopes).ravel(), sums)
    return gradient, torch.from_numpy(sums)


def _flat(weights: Tensor) -> NDArray[np.float32]:
    return np.ascontiguousarray(weights.detach().float().numpy()).ravel()


def _all(rows: Tensor) -> Tensor:
    return rows.flatten(0, 1)


def _bits(tensor: Tensor) -> NDArray[Any]:
    """float32, or bfloat16 as uint16."""
    short = tensor.dtype == torch.bfloat16
    bits: NDArray[Any] = (tensor.detach().view(torch.uint16) if short else tensor.detach()).numpy()
    return bits


def _by_step(tensor: Tensor) -> NDArray[Any]:
    """(T, what a step has)."""
    return _bits(tensor).reshape(tensor.shape[0], -1)
