"""A network's arrays as what inference needs: tables, matrices and rows, computed once.

Float64 in a written order, so that every machine folds alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acgz.nets.architecture import Arrays
from acgz.nets.geneformer.architecture import KERNEL, GeneFormerArchitecture

BASES = 4
"""Of one table of the convolution: 256 rows."""


@dataclass(frozen=True)
class Folded:
    """Everything float32; matrices are (inputs, outputs)."""

    tables: NDArray[np.float32]  # (KERNEL / BASES, 4**BASES, n): the oldest bases first
    bias: NDArray[np.float32]  # (n,): of the convolution
    gain: NDArray[np.float32]  # (n,): of the pooled features
    shift: NDArray[np.float32]  # (n,)
    place: NDArray[np.float32]  # (n, 3n + heads * distances): query, key, value, scores
    place_bias: NDArray[np.float32]  # (3n + heads * distances,): what u and v add
    memory: NDArray[np.float32]  # (n, 2n): key and value of H(t-1)
    plain: Mapping[str, NDArray[np.float32]]  # all others, by name


def fold(d: GeneFormerArchitecture, arrays: Arrays) -> Folded:
    """Of ``arrays`` as their file has them."""
    wide = {name: array.astype(np.float64) for name, array in arrays.items()}
    scale = 1.0 / np.sqrt(np.float64(d.width))
    query, key, value = (wide[name].T for name in ("query", "key", "value"))
    about = times(wide["positions"], key)  # (distances, n)
    heads = [slice(head * d.width, (head + 1) * d.width) for head in range(d.heads)]
    scores = np.concatenate([times(query[:, part], about[:, part].T) for part in heads], axis=1)
    place = np.concatenate([query * scale, key, value, scores * scale], axis=1)
    by_content = times(wide["u"][None], query)[0] * scale
    by_position = times(wide["v"][None], scores)[0] * scale
    place_bias = np.concatenate([by_content, np.zeros(2 * d.dimension), by_position])
    return Folded(
        tables=_tables(wide["convolution.weight"]).astype(np.float32),
        bias=arrays["convolution.bias"].astype(np.float32),
        gain=arrays["pooled_gain"].astype(np.float32),
        shift=arrays["pooled_shift"].astype(np.float32),
        place=place.astype(np.float32),
        place_bias=place_bias.astype(np.float32),
        memory=np.concatenate([key, value], axis=1).astype(np.float32),
        plain={name: array.astype(np.float32) for name, array in arrays.items()},
    )


def times(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """``a @ b``, (m, k) times (k, n), summed in the order of k."""
    out = np.zeros((a.shape[0], b.shape[1]))
    for inner in range(a.shape[1]):
        out += a[:, inner, None] * b[None, inner]
    return out


def _tables(weight: NDArray[np.float64]) -> NDArray[np.float64]:
    """The convolution of one-hot bases as a sum of rows, one for every four bases.

    ``weight``: (n, 4, KERNEL). Row abcd of a table is the sum of the weights of a, b, c, d.
    """
    digits = np.indices((4,) * BASES).reshape(BASES, -1)  # bases of each row, the oldest first
    tables = np.zeros((KERNEL // BASES, 4**BASES, weight.shape[0]))
    for number, table in enumerate(tables):
        for place in range(BASES):
            table += weight[:, digits[place], number * BASES + place].T
    return tables
