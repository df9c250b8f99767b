"""Operations that GeneFormer has beside those of all networks, on both backends."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from acgz.nets.exact import operations
from acgz.nets.exact.numpy_operations import NumPy
from acgz.nets.exact.operations import Array, Operations
from acgz.nets.exact.torch_operations import PyTorch
from acgz.nets.geneformer import kernels


class GeneFormerOperations(Operations, Protocol):
    """A backend."""

    def gelu(self, x: Array, bias: Array) -> Array:
        """``z * sigmoid(1.702 z)`` of ``z = x + bias``; x: (m, n), bias: (n,)."""
        ...

    def add_norm(self, x: Array, y: Array, bias: Array, gain: Array, shift: Array) -> Array:
        """Rows of ``(x + y) + bias``, (m, n), with mean 0 and variance 1, times ``gain``, plus
        ``shift``, (n,) each."""
        ...

    def attend_relative(self, rows: Array, memory: Array, heads: int) -> Array:
        """Attention of p places to a memory and to themselves, with scores by distance.

        ``rows`` (p, m, 3n + heads * (k + p - 1)): scaled queries, keys, values, and for each
        head the scores of the distances, of which key j of k takes column j - i + p - 1 for
        place i. ``memory`` (k - p, m, 2n): keys and values before. The result is (p, m, n).
        """
        ...


def backend(name: str = "numpy", device: str | None = None) -> GeneFormerOperations:
    """As `acgz.nets.exact.operations.backend`."""
    found: GeneFormerOperations = operations.backend(name, device, _NumPy, _PyTorch)
    return found


class _NumPy(NumPy):
    def gelu(self, x: Array, bias: Array) -> Array:
        out = np.empty_like(x)
        kernels.gelu_each(x, bias, out)
        return out

    def add_norm(self, x: Array, y: Array, bias: Array, gain: Array, shift: Array) -> Array:
        out = np.empty_like(x)
        kernels.add_norm(x, y, bias, gain, shift, np.empty_like(x, shape=x.shape[1]), out)
        return out

    def attend_relative(self, rows: Array, memory: Array, heads: int) -> Array:
        places, lanes, _ = rows.shape
        n, keys = memory.shape[2] // 2, memory.shape[0] + places
        out = np.empty((places, lanes, n), np.float32)
        if lanes < kernels.MANY:
            turned = np.empty((n // heads, keys), np.float32)
            weights, total = np.empty(keys, np.float32), np.empty(n // heads, np.float32)
            kernels.attend_rows(rows, memory, heads, turned, weights, total, out)
            return out
        weights, total = np.empty((keys, lanes), np.float32), np.empty(lanes, np.float32)
        mixed = np.empty((places, n, lanes), np.float32)
        kernels.attend_lanes(_turned(rows), _turned(memory), heads, weights, total, mixed)
        kernels.turn(mixed, out)
        return out


def _turned(x):
    out = np.empty((x.shape[0], x.shape[2], x.shape[1]), np.float32)
    kernels.turn(x, out)
    return out


class _PyTorch(PyTorch):
    def gelu(self, x: Array, bias: Array) -> Array:
        z = x + bias
        return z * self.sigmoid(z * float(kernels.GELU_SLOPE))

    def add_norm(self, x: Array, y: Array, bias: Array, gain: Array, shift: Array) -> Array:
        share = float(np.float32(1) / np.float32(x.shape[1]))
        added = (x + y) + bias
        centred = added - self._folded(added) * share
        variance = self._folded(centred * centred) * share
        inverse = 1.0 / self.root(variance + float(kernels.EPSILON))
        return (centred * inverse) * gain + shift

    def _folded(self, x: Array) -> Array:
        n = x.shape[1]
        while n > 1:
            half, n = n // 2, n - n // 2
            x = self._torch.cat([x[:, :half] + x[:, n : n + half], x[:, half:n]], 1)
        return x

    def attend_relative(self, rows: Array, memory: Array, heads: int) -> Array:
        torch = self._torch
        places = rows.shape[0]
        n, keys = memory.shape[2] // 2, memory.shape[0] + places
        query, key, value = (
            rows[..., part * n : (part + 1) * n].unflatten(2, (heads, -1)) for part in range(3)
        )
        key, value = (
            torch.cat([memory[..., part * n : (part + 1) * n].unflatten(2, (heads, -1)), own])
            for part, own in enumerate((key, value))
        )
        own = rows[..., 3 * n :].unflatten(2, (heads, -1))
        shifted = [own[i, ..., places - 1 - i :][..., :keys] for i in range(places)]
        scores = torch.stack(shifted)  # (places, lanes, heads, keys)
        turned = key.permute(1, 2, 3, 0)  # (lanes, heads, width, keys)
        for c in range(n // heads):
            scores = scores + query[..., c, None] * turned[:, :, c]
        weights = self.exp(scores - scores.amax(3, keepdim=True))
        total = torch.zeros_like(query)
        norm = torch.zeros_like(total[..., :1])
        for j in range(keys):
            weight = weights[..., j, None]
            norm = norm + weight
            total = total + weight * value[j]
        return (total / norm).flatten(2)
