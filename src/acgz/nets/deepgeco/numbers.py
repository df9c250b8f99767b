"""Numbers that the paper leaves open and decoding depends on."""

from __future__ import annotations

from dataclasses import dataclass

from acgz.nets.deepgeco.mixer import Learning
from acgz.nets.deepgeco.supporter import Shape


@dataclass(frozen=True)
class Numbers:
    """What the paper leaves open of the Supporter and of the mixer."""

    shape: Shape
    """The context is only the usual one: an archive has its own."""
    delta: Learning


NUMBERS = Numbers(
    Shape(
        context=32,
        embedding=64,
        heads=8,
        ffn=4096,
        # Without momentum, weights walk at random as far as the rate lets them; a collection is
        # learned soon and then only has to be kept. 672 mitochondria in 64 lanes take 58,656 bytes
        # so (by ideal code lengths), 65,996 with a first rate of 2e-3, divided by
        # sqrt(1 + t / 200) and never below a tenth, and the paper's β2, 0.999; the first Mb of
        # P. falciparum 193,250 and 193,383.
        rate=2.5e-3,
        cooling=400.0,
        decay=0.97,
        # The first embeddings decide how fast repeats are learned: batches 201 to 400 of
        # mitochondria cost 1.497 bits/base with 0.5, 1.134 with 2 and 1.176 with 5.
        spread=2.0,
    ),
    # 250 kb of A. thaliana: 59,615 bytes; with a first θ of 0 and a rate of 0.02, 59,651.
    Learning(first=-2.0, rate=0.05, decay=0.999),
)
