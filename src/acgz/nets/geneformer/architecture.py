"""What a GeneFormer network looks like: its file says so, training and inference read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from acgz.errors import InputError

KIND = "geneformer"

CONTEXT = 64
"""Bases before the current one that a fragment has (section 4.1)."""
KERNEL = 24
"""Of the convolution: 64 - 24 + 1 = 41 places (Table 2)."""
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
class Description:
    """Sizes of a GeneFormer network (section 3, Tables 2 to 4)."""

    dimension: int = 768
    """d_m: channels of the convolution, width of the encoder."""
    heads: int = 12
    latent: bool = True
    """True: the memory is H(t-1), the latent array. False: X(t-1), as in transformer-XL."""
    segments: int = 1
    """Fragments that the memory reaches back: 1 is the paper's cut to N; 0 is no memory."""
    data: str = ""
    """What the network was trained on, for people."""
    bits: float | None = None
    """Bits/base of the validation that it was chosen by."""

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

    def to_json(self) -> dict[str, Any]:
        return {"kind": KIND, **asdict(self)}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Description:
        """InputError for anything that is no description of a GeneFormer network."""
        fields = {name: value for name, value in stored.items() if name != "kind"}
        try:
            description = cls(**fields)
            description.check()
        except (TypeError, ValueError) as error:
            raise InputError(f"not a GeneFormer network: {error}") from error
        if stored.get("kind") != KIND:
            raise InputError("not a GeneFormer network")
        return description

    def check(self) -> None:
        """ValueError for sizes that make no network."""
        for name, least, most in (
            ("dimension", 2, MOST_DIMENSION),
            ("heads", 1, MOST_DIMENSION),
            ("segments", 0, MOST_SEGMENTS),
        ):
            value = getattr(self, name)
            if type(value) is not int or not least <= value <= most:
                raise ValueError(f"{name} must be a whole number from {least} to {most}")
        if type(self.latent) is not bool or type(self.data) is not str:
            raise ValueError("latent is true or false, data is text")
        if self.bits is not None and type(self.bits) is not float:
            raise ValueError("bits is a number")
        if self.dimension % self.heads or self.dimension % 2:
            raise ValueError("the dimension must be even and a multiple of the heads")


def shapes(d: Description) -> dict[str, tuple[int, ...]]:
    """Names and shapes of the arrays of a network; matrices are (outputs, inputs)."""
    square, row = (d.dimension, d.dimension), (d.dimension,)
    return {
        "convolution.weight": (d.dimension, 4, KERNEL),
        "convolution.bias": row,
        "pooled_gain": row,  # batch norm with its running statistics, as one affine map
        "pooled_shift": row,
        "query": square,
        "key": square,
        "value": square,
        "output": square,
        "u": row,
        "v": row,
        "positions": (d.distances, d.dimension),  # g of equations (2) and (3), largest i - j first
        "attention_norm.weight": row,
        "attention_norm.bias": row,
        "up.weight": (d.inner, d.dimension),
        "up.bias": (d.inner,),
        "down.weight": (d.dimension, d.inner),
        "down.bias": row,
        "feed_forward_norm.weight": row,
        "feed_forward_norm.bias": row,
        "linear.weight": (4, PLACES * d.dimension),
        "linear.bias": (4,),
    }
