"""Numbers that decoding depends on, under a version that an archive names.

A version never changes. What compresses better gets the next one; archives of the earlier ones
go on decoding.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from acgz.predictors.deepgeco.mixer import Learning
from acgz.predictors.deepgeco.supporter import Shape


@dataclass(frozen=True)
class Version:
    """What the paper leaves open of the Supporter and of the mixer."""

    shape: Shape
    """The context is only the usual one: an archive has its own."""
    delta: Learning


_SHAPE = Shape(
    context=32,
    embedding=64,
    heads=8,
    ffn=4096,
    rounds=2,
    rate=7.5e-4,
    # Without momentum, weights walk at random as far as the rate lets them.
    cooling=300.0,
    decay=0.999,
    # The first embeddings decide how fast repeats are learned: batches 201 to 400 of
    # mitochondria cost 1.497 bits/base with 0.5, 1.134 with 2 and 1.176 with 5.
    spread=2.0,
)
# 250 kb of A. thaliana: 59,615 bytes; with a first θ of 0 and a rate of 0.02, 59,651.
_LEARNING = Learning(first=-2.0, rate=0.05, decay=0.999)

VERSIONS: Mapping[int, Version] = MappingProxyType(
    {
        1: Version(_SHAPE, _LEARNING),
        # Supporters of collections have most to learn in the beginning: the first 1,440,000
        # bases of 320 lanes of mitochondria cost 52,464 bytes instead of 68,297, 250 kb of
        # P. falciparum 50,097 instead of 50,410. A. thaliana does not care (59,618; 59,614).
        2: Version(replace(_SHAPE, rate=2e-3, cooling=200.0), _LEARNING),
    }
)
LATEST = max(VERSIONS)
