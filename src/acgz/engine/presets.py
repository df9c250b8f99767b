"""What an engine is made of: which experts, how large, how fast they learn."""

from __future__ import annotations

from dataclasses import dataclass

LARGE = 1 << 23
"""From this many residues on a genome has so many chance matches that repeats are taken less
willingly."""

GAPPED = (
    "111010010100110111",
    "1101100011010111",
    "11101100101001000111",
    "110100110010101111",
    "11001010001010001011011",
    "1111001001000010110111",
    "101101110000100101000111",
    "1110011110101",
    "110111000010010010001011011",
    "1101011000001100011101011",
    "11100100010100001001110111",
    "1111010111011",
)
"""Seeds with gaps, by their number less two; the first seed is a k-mer."""


@dataclass(frozen=True)
class Parts:
    """Orders are in residues; see `contexts`, `copies` and `network` for the parts."""

    slow: tuple[int, ...] = (1, 2, 3, 4, 6, 8, 10)
    fast: tuple[int, ...] = (1, 2, 3, 4, 6, 8)
    sparse: tuple[int, ...] = (12, 16, 22)
    table_bits: int = 24
    """A sparse table has at most ``2**table_bits`` contexts of two bytes."""
    pool: int = 32
    """Most repeat experts at a time."""
    seeds: tuple[str, ...] = ("1" * 11, GAPPED[0])
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


@dataclass(frozen=True)
class Pool:
    """What a preset does about repeats in a sequence of some size."""

    kmer: int
    """Residues of the first seed."""
    gapped: int
    """How many of `GAPPED` are further seeds."""
    pool: int
    enter_misses: int
    stay_misses: int


@dataclass(frozen=True)
class Preset:
    """A row of the table of presets."""

    most_table_bits: int
    """log2 of the contexts in its largest sparse tables."""
    small: Pool
    """Below `LARGE` residues."""
    large: Pool


PRESETS = {
    "plus": Preset(22, Pool(12, 5, 32, 14, 17), Pool(12, 5, 24, 12, 15)),
    "ultra": Preset(24, Pool(12, 12, 64, 16, 18), Pool(12, 12, 32, 13, 16)),
}


def parts(preset: str, count: int, bits: int) -> Parts:
    """The parts of an engine for ``count`` residues behind the numbers that an archive stores.

    ``bits`` in [16, 24] is the log2 of the largest sparse tables.

    >>> parts("ultra", 1000, 16).pool
    64
    """
    row = PRESETS[preset]
    pool = row.large if count >= LARGE else row.small
    return Parts(
        table_bits=bits,
        seed_bits=min(max(count.bit_length() - 1, 12), 24),
        enter_misses=pool.enter_misses,
        stay_misses=pool.stay_misses,
        pool=pool.pool,
        seeds=("1" * pool.kmer, *GAPPED[: pool.gapped]),
    )
