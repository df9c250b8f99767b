"""What a SeqCoder network looks like: its file says so, training and inference read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from acgz.errors import InputError

KIND = "seqcoder"
BASES = 4
LEVELS = 4
"""A latent value has as many levels as there are bases: 2 bits."""
LATENTS = 4
"""Values at a position of the latent space; 2 bits each, so a position is one int8."""

MOST_CHUNK = 1 << 14
MOST_WIDTH = 1 << 10
MOST_LAYERS = 8


@dataclass(frozen=True)
class Description:
    """Sizes of a network; the text of SeqCoder names only P = 4 and K = 1280.

    Here K is the number of bases of a chunk, and P that of bases at a position of the latent space,
    which is quantised to one int8.
    """

    chunk: int = 1280
    """K: bases that are coded together; attention looks no further."""
    widths: tuple[int, ...] = (32, 32)
    """Channels after each layer of the encoder, which halves the length; the decoder mirrors it."""
    keys: int = 8
    """Width of the queries and keys of self-attention."""
    trained_on: str = ""
    """For people."""

    @property
    def factor(self) -> int:
        """P: bases of a position of the latent space."""
        return 1 << len(self.widths)

    @property
    def decoder_widths(self) -> tuple[int, ...]:
        """Channels before each layer of the decoder, and after the last one."""
        return (*self.widths[::-1], BASES)

    def to_json(self) -> dict[str, Any]:
        return {"kind": KIND, **asdict(self), "widths": list(self.widths)}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Description:
        """InputError for anything that is no description of a SeqCoder network."""
        fields = {name: value for name, value in stored.items() if name != "kind"}
        try:
            widths = tuple(fields.pop("widths"))
            description = cls(widths=widths, **fields)
        except (KeyError, TypeError) as error:
            raise InputError(f"not a SeqCoder network: {error}") from error
        sizes = (*widths, description.keys)
        sound = all(type(size) is int and 1 <= size <= MOST_WIDTH for size in sizes)
        if stored.get("kind") != KIND or not sound or not 1 <= len(widths) <= MOST_LAYERS:
            raise InputError("not a SeqCoder network")
        if type(description.chunk) is not int or not 0 < description.chunk <= MOST_CHUNK:
            raise InputError("not a SeqCoder network: its chunks have no sensible size")
        if description.chunk % description.factor:
            raise InputError("not a SeqCoder network: its chunks are not whole positions")
        return description
