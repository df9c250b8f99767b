"""What a GeneFormer network looks like: its file says so, training and inference read it."""

from __future__ import annotations

from dataclasses import dataclass

from acgz.nets.architecture import Architecture
from acgz.settings import setting

CONTEXT = 64
"""Bases before the current one that a fragment has (section 4.1)."""
KERNEL = 24
"""Bases under the convolution: 64 - 24 + 1 = 41 places (Table 2)."""
POOL = 3
"""Places that one maximum is taken of."""
PLACES = 13
"""N of the paper: rows of X(t) and of H(t). 41 places are 13 times 3 and two more."""
SPAN = POOL * (PLACES - 1) + 1
"""Pooled features of consecutive bases that the rows of X(t) are taken of, every third one."""
REACH = SPAN + POOL - 1 + KERNEL - 1
"""Bases that a fragment's features depend on: the two oldest of the 64 are left over."""
MOST_DIMENSION = 2048
MOST_SEGMENTS = 8


@dataclass(frozen=True)
class GeneFormerArchitecture(Architecture):
    """Sizes of a GeneFormer network (section 3, Tables 2 to 4)."""

    kind = "geneformer"

    dimension: int = setting(
        768,
        "d_m: channels of the convolution, width of the encoder",
        least=2,
        most=MOST_DIMENSION,
        flag="--dimension",
    )
    heads: int = setting(
        12,
        "heads of attention (acgz train: one for 64 dimensions)",
        least=1,
        most=MOST_DIMENSION,
        flag="--heads",
    )
    latent: bool = setting(
        True,
        "the memory is H(t-1), the latent array; otherwise X(t-1), as in transformer-XL",
        flag="--latent",
    )
    segments: int = setting(
        1,
        "fragments that the memory reaches back: 1 is the paper's cut to N, 0 is no memory",
        least=0,
        most=MOST_SEGMENTS,
        flag="--segments",
    )
    data: str | None = setting(None, "what the network was trained on, for people")
    bits: float | None = setting(None, "bits/base of the validation that it was chosen by", least=0)

    def check(self) -> None:
        if self.dimension % self.heads or self.dimension % 2:
            raise ValueError("the dimension must be even and a multiple of the heads")

    @property
    def width(self) -> int:
        """Numbers of a head."""
        return self.dimension // self.heads

    @property
    def inner(self) -> int:
        """Width inside of the feed-forward layer (Table 2: four times the dimension)."""
        return 4 * self.dimension

    @property
    def keys(self) -> int:
        """Rows of [H(t-1), X(t)], which keys and values are made of."""
        return PLACES * (self.segments + 1)

    @property
    def distances(self) -> int:
        """Values of i - j in equation (5): from keys - 1 down to 1 - N."""
        return self.keys + PLACES - 1

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Names and shapes of the arrays of a network; matrices are (outputs, inputs)."""
        square, row = (self.dimension, self.dimension), (self.dimension,)
        return {
            "convolution.weight": (self.dimension, 4, KERNEL),
            "convolution.bias": row,
            "pooled_gain": row,  # batch norm with its running statistics, as one affine map
            "pooled_shift": row,
            "query": square,
            "key": square,
            "value": square,
            "output": square,
            "u": row,
            "v": row,
            "positions": (
                self.distances,
                self.dimension,
            ),  # g of equations (2) and (3), largest i - j first
            "attention_norm.weight": row,
            "attention_norm.bias": row,
            "up.weight": (self.inner, self.dimension),
            "up.bias": (self.inner,),
            "down.weight": (self.dimension, self.inner),
            "down.bias": row,
            "feed_forward_norm.weight": row,
            "feed_forward_norm.bias": row,
            "linear.weight": (4, PLACES * self.dimension),
            "linear.bias": (4,),
        }
