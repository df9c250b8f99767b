"""What a Warm-Start network looks like: its file says so, training and inference read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from acgz.errors import InputError
from acgz.nets.kmers import Grid

KIND = "deepgeco-warm-start"
NETWORKS = ("gru", "bigru")


@dataclass(frozen=True)
class Description:
    """Sizes of a Warm-Start network (DeepGeCo, section "Supporter & Warm-Start Models").

    ``gru``: two GRU layers that read every token once and keep their state (causal).
    ``bigru``: the paper's two bidirectional layers, over a window of the last tokens.
    """

    network: str = "gru"
    s: int = 3
    k: int = 3
    plain: bool = False
    """True: an output for each of the 4**k tokens; False: for each of the 4**s continuations."""
    embedding: int = 16
    hidden: int = 192
    dense: int = 128
    window: int = 32
    """Tokens that ``bigru`` sees. ``gru`` sees all of its lane."""
    stride: int = 16
    """``bigru`` reads its output at the last position and at every ``stride``-th before it."""

    @property
    def grid(self) -> Grid:
        return Grid(self.s, self.k)

    @property
    def tokens(self) -> int:
        """Size of the input alphabet."""
        return self.grid.kmers

    @property
    def outputs(self) -> int:
        """Size of the output alphabet."""
        return self.grid.kmers if self.plain else self.grid.continuations

    @property
    def features(self) -> int:
        """Numbers that the recurrent layers hand to the Linear and the Dense layer."""
        if self.network == "gru":
            return self.hidden
        return 2 * self.hidden * -(-self.window // self.stride)

    def to_json(self) -> dict[str, Any]:
        return {"kind": KIND, **asdict(self)}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Description:
        """InputError for anything that is no description of a Warm-Start network."""
        fields = {name: value for name, value in stored.items() if name != "kind"}
        try:
            description = cls(**fields)
            description.grid  # noqa: B018 - it raises ValueError for an (s,k) out of range
        except (TypeError, ValueError) as error:
            raise InputError(f"not a Warm-Start network: {error}") from error
        sizes = [value for name, value in fields.items() if name not in ("network", "plain")]
        sound = all(type(size) is int and 1 <= size <= 1 << 16 for size in sizes)
        if stored.get("kind") != KIND or description.network not in NETWORKS or not sound:
            raise InputError("not a Warm-Start network")
        return description
