"""How a sequence is cut into (s,k)-mers (DeepGeCo, section "(s, k)-mer Encoder")."""

from __future__ import annotations

from dataclasses import dataclass

MOST = 8
"""The longest k-mer: 65,536 different tokens."""


@dataclass(frozen=True)
class Grid:
    """Every k bases are one token, the next one begins s bases later.

    1 ≤ s ≤ k ≤ 8; ValueError otherwise.
    """

    s: int
    k: int

    def __post_init__(self) -> None:
        if not 1 <= self.s <= self.k <= MOST:
            raise ValueError(f"(s,k) = ({self.s},{self.k}), but 1 <= s <= k <= {MOST}")

    @classmethod
    def of(cls, text: str) -> Grid:
        """The grid that a text "s,k" names; ValueError for anything else.

        >>> Grid.of("3,4")
        Grid(s=3, k=4)
        """
        numbers = text.split(",")
        if len(numbers) != 2 or not all(n.isascii() and n.isdigit() for n in numbers):
            raise ValueError(f"{text!r} is not S,K")
        return cls(*(int(number[:9]) for number in numbers))

    @property
    def kmers(self) -> int:
        """How many different k-mers there are."""
        return 1 << 2 * self.k

    @property
    def continuations(self) -> int:
        """How many k-mers may follow a given one."""
        return 1 << 2 * self.s

    def tokens(self, residues: int) -> int:
        """Tokens of a sequence of that many residues.

        >>> Grid(3, 4).tokens(34), Grid(3, 4).tokens(35), Grid(3, 3).tokens(0)
        (11, 12, 0)
        """
        if residues == 0:
            return 0
        return 1 + -(-max(0, residues - self.k) // self.s)
