"""What is chosen before the first residue of a block is coded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from acgz.models import Model
from acgz.references import Reference

if TYPE_CHECKING:
    from acgz.engine.dictionary import Excerpt
    from acgz.engine.presets import Parts

BITS = (16, 24)
"""Smallest and largest log2 of a sparse table."""
_LOOKED_AT = 1 << 20
"""So many residues and more may be alike."""
_REPETITIVE = 0.3
"""Of the k-mers of sequences that are alike more recur."""


class Start(NamedTuple):
    """What is chosen before the first residue is coded."""

    parts: Parts
    prior: Model | None
    dictionary: Excerpt
    reference: Reference
    alike: bool
    residues: NDArray[np.uint8]
    """Those of the dictionary, those of the reference, then those to code."""

    @property
    def before(self) -> int:
        """Residues that are known."""
        return int(self.dictionary.residues.size + self.reference.residues.size)

    @property
    def arrays(self) -> Mapping[str, NDArray[Any]] | None:
        """Those of the prior's file."""
        return self.prior.arrays if self.prior else None


def are_alike(residues: NDArray[np.uint8]) -> bool:
    """Whether residues are many sequences of one kind, and enough of them to look."""
    from acgz.engine.repetition import repeated_share

    return residues.size >= _LOOKED_AT and repeated_share(residues) > _REPETITIVE


def parts_for(preset: str, count: int, before: int, alike: bool = False) -> Parts:
    """What an engine for ``count`` residues after ``before`` known ones is made of, where a writer
    chooses."""
    from acgz.engine.presets import PRESETS, parts

    bits = table_bits(before + count, PRESETS[preset].most_table_bits)
    return parts(preset, count, before, bits, alike)


def table_bits(count: int, most: int) -> int:
    """Room for the contexts of both strands twice over, within limits.

    `plus` stays where the processor's cache still helps: on EsCo 2**22 contexts are a fifth
    faster than 2**24 and take 0.02 % more.
    """
    return min(max((4 * count).bit_length(), BITS[0]), most)
