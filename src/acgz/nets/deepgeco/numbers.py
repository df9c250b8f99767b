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
        # Supporters of collections have most to learn in the beginning: the first 1,440,000
        # bases of 320 lanes of mitochondria cost 52,464 bytes with rate 2e-3 and cooling 200,
        # 68,297 with 7.5e-4 and 300; 250 kb of P. falciparum 50,097 and 50,410.
        rate=2e-3,
        # Without momentum, weights walk at random as far as the rate lets them.
        cooling=200.0,
        decay=0.999,
        # The first embeddings decide how fast repeats are learned: batches 201 to 400 of
        # mitochondria cost 1.497 bits/base with 0.5, 1.134 with 2 and 1.176 with 5.
        spread=2.0,
    ),
    # 250 kb of A. thaliana: 59,615 bytes; with a first θ of 0 and a rate of 0.02, 59,651.
    Learning(first=-2.0, rate=0.05, decay=0.999),
)
