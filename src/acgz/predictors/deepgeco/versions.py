"""Numbers that decoding depends on, under a version that an archive names.

A version never changes. What compresses better gets the next one; archives of the earlier ones
go on decoding.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from acgz.predictors.deepgeco.mixer import Learning
from acgz.predictors.deepgeco.supporter import Shape


@dataclass(frozen=True)
class Version:
    """What the paper leaves open of the Supporter and of the mixer."""

    shape: Shape
    """The context is only the usual one: an archive has its own."""
    delta: Learning


VERSIONS: Mapping[int, Version] = MappingProxyType(
    {
        1: Version(
            Shape(
                context=32,
                embedding=64,
                heads=8,
                ffn=4096,
                rounds=2,
                # Batches 201 to 400 of mitochondria, with a spread of 0.5, cost 1.627 bits/base
                # with 5e-4 and 1.497 with 7.5e-4; with a spread of 2, 1.134, and of 5, 1.176.
                rate=7.5e-4,
                # Without momentum, weights walk at random as far as the rate lets them.
                cooling=300.0,
                decay=0.999,
                spread=2.0,
            ),
            # 250 kb of A. thaliana: 59,615 bytes; with a first θ of 0 and a rate of 0.02, 59,651.
            Learning(first=-2.0, rate=0.05, decay=0.999),
        )
    }
)
LATEST = max(VERSIONS)
