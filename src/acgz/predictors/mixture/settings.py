"""What an engine is made of: which experts, how large, how fast they learn."""

from __future__ import annotations

from dataclasses import dataclass

LARGE = 1 << 23
"""From this many residues on, the first seed is a 12-mer: 11-mers recur by chance too often."""

_GAPPED = (
    "111010010100110111",
    "1101100011010111",
    "11101100101001000111",
    "110100110010101111",
    "11001010001010001011011",
)


@dataclass(frozen=True)
class Settings:
    """Orders are in residues; see `contexts`, `copies` and `network` for the parts."""

    slow: tuple[int, ...] = (1, 2, 3, 4, 6, 8, 10)
    fast: tuple[int, ...] = (1, 2, 3, 4, 6, 8)
    sparse: tuple[int, ...] = (12, 16, 22)
    table_bits: int = 24
    """A sparse table has at most ``2**table_bits`` contexts of two bytes."""
    pool: int = 32
    """Most repeat experts at a time."""
    seeds: tuple[str, ...] = ("1" * 11, _GAPPED[0])
    """Patterns of residues that must match where a repeat is looked for."""
    seed_bits: int = 22
    """log2 of the places that are remembered for each seed."""
    enter_misses: int = 16
    """Of 32 residues, at most this many may differ when a repeat expert starts."""
    stay_misses: int = 18
    joint: int = 32
    rate: float = 0.0004
    hidden_rate: float = 0.002
    rate_boost: float = 4.0


PLUS, ULTRA = 1, 2
LEVELS = (PLUS, ULTRA)


def recipe(level: int, count: int, bits: int) -> Settings:
    """The settings for ``count`` residues behind the numbers that an archive stores.

    What a level means never changes; better settings are another level. ``bits`` in [16, 24] is
    the log2 of the largest sparse tables.

    >>> recipe(ULTRA, 1000, 16).pool
    64
    """
    large = count >= LARGE
    seeds = ("1" * (12 if large else 11), *_GAPPED)
    return Settings(
        table_bits=bits,
        seed_bits=min(max(count.bit_length() - 1, 12), 24),
        stay_misses=17 if large else 18,
        pool=32 if level == PLUS else 64,
        seeds=seeds[:2] if level == PLUS else seeds,
    )
