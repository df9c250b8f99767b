"""What an engine is made of: which experts, how large, how fast they learn."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """Orders are in residues; see `contexts`, `copies` and `network` for the parts."""

    slow: tuple[int, ...] = (1, 2, 3, 4, 6, 8, 9, 10)
    fast: tuple[int, ...] = (1, 2, 3, 4, 6, 8, 9, 10)
    sparse: tuple[int, ...] = (11, 12, 14, 16, 18, 20, 24)
    table_bits: int = 24
    """A sparse table has at most ``2**table_bits`` contexts of two bytes."""
    pool: int = 32
    """Most repeat experts at a time."""
    short_match: int = 11
    long_match: int = 20
    match_bits: int = 22
    enter_misses: int = 16
    """Of 32 residues, at most this many may differ when a repeat expert starts."""
    stay_misses: int = 18
    joint: int = 32
    rate: float = 0.0004
    hidden_rate: float = 0.002
    rate_boost: float = 4.0
