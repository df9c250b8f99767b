"""What an engine is made of: which experts, how large, how fast they learn."""

from __future__ import annotations

from dataclasses import dataclass

from acgz.engine.columns import COLUMN

LARGE = 1 << 23
"""From this many residues on a genome has so many chance matches that repeats are taken less
willingly."""

SMALL = 1 << 15
"""Fewer residues than this take no time worth saving: the prior is read three times by `plus`,
too."""

CAREFUL = 256
"""`Parts.risk` where stretches save no time."""
LONG, SOON_LONG = 48, 16
"""`Parts.long`: elsewhere, and where genomes are alike."""
SURE, SOON_SURE = 10, 9
"""`Parts.sure`: a copy has been right 64 times in a row, and 16 times. Where genomes are alike, 16
cost 0.1 % at most and save a quarter of the time (3 Mb of fish; of HIV); elsewhere they would cost
0.16 % (3 Mb of human chromosome 20)."""
AT_ONCE, DEEP = 3, 8
"""So sure, a copy right 4 times in a row, is enough where its column counts so many residues: 10 Mb
of HIV take no more and ask the prior half as often, 3 Mb of fish take 0.2 % more. Without a look
at the column six *S. aureus* would take 0.4 % more, 0.01 % with it."""
RESTING = 8
"""Slow experts up to this order rest where a copy of many is right: 3,296 HIV genomes take 0.1 %
less so. If order 10 rests, too, they take 0.2 % more."""
MOST_UNITS = 256
"""Of a layer of a prior."""

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
    """What an engine is made of, for some number of residues.

    Orders are in residues; see `contexts`, `copies`, `prior` and `mixer` for the parts.
    """

    slow: tuple[int, ...]
    sparse: tuple[int, ...]
    """Orders, or `COLUMN`."""
    table_bits: int
    """A sparse table has at most ``2**table_bits`` contexts of two bytes."""
    pool: int
    """Most repeat experts at a time."""
    seeds: tuple[str, ...]
    """Patterns of residues that must match where a repeat is looked for."""
    seed_bits: int
    """log2 of the places that are remembered for each seed."""
    enter_misses: int
    """Of 32 residues, at most this many may differ when a repeat expert starts."""
    stay_misses: int
    hidden: bool
    """Whether the mixer has hidden layers."""
    prior: bool
    """Whether a prior may be among the experts."""
    units: int
    """Of a layer of the prior, at most, where a writer chooses."""
    further: bool
    """Whether it is read two more times, with 3-mers that begin elsewhere."""
    risk: int
    """A stretch ends before a residue of which more than one in so many is not as expected."""
    long: int
    """One begins where a copy has been right so many times in a row."""
    adapts: bool
    """Whether all weights of the prior learn while it reads."""
    sure: int = SURE
    """From this state of the best repeat on (see `copies.predict`) what may rest does: the prior.
    672 mitochondria take 12,286 bytes with 10, 12,290 if it never does. Without the hidden layers
    there they take 12,865."""
    resting: int = 0
    """Slow experts up to this order may rest, too."""
    rate: float = 0.0004
    hidden_rate: float = 0.002
    rate_boost: float = 4.0
    """How many times larger steps are at first, where nothing was trained beforehand."""


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
    alike: Pool
    """For many sequences of one kind, however long."""
    slow: tuple[int, ...] = (2, 4, 6, 8, 10)
    sparse: tuple[int, ...] = (12, 16, 22)
    sparse_alike: tuple[int, ...] = (12, 16, COLUMN)
    learned: bool = True
    """Whether there are hidden layers and a prior."""
    units: int = 96
    """See `Parts`; any number for fewer than `SMALL` residues."""
    further: bool = False
    """See `Parts`; with a prior that is so in any case for fewer than `SMALL` residues."""
    risk: int = CAREFUL
    """See `Parts`, where genomes are alike; `CAREFUL` elsewhere."""
    adapts: bool = False
    """See `Parts`; not for fewer than `SMALL` residues."""
    most_lanes: int = 1
    """Lanes of a long sequence, where a user does not say how many."""


PRESETS = {
    "fast": Preset(
        most_table_bits=24,
        small=Pool(kmer=12, gapped=0, pool=2, enter_misses=14, stay_misses=17),
        large=Pool(kmer=16, gapped=0, pool=2, enter_misses=12, stay_misses=15),
        alike=Pool(kmer=12, gapped=0, pool=4, enter_misses=12, stay_misses=15),
        slow=(5, 9),
        sparse=(12,),
        sparse_alike=(12, COLUMN),
        learned=False,
        most_lanes=2,
    ),
    "plus": Preset(
        most_table_bits=22,
        small=Pool(kmer=12, gapped=3, pool=12, enter_misses=11, stay_misses=14),
        large=Pool(kmer=12, gapped=5, pool=16, enter_misses=11, stay_misses=14),
        alike=Pool(kmer=12, gapped=1, pool=14, enter_misses=11, stay_misses=14),
        risk=96,
        most_lanes=2,
    ),
    "ultra": Preset(
        most_table_bits=24,
        small=Pool(kmer=12, gapped=3, pool=12, enter_misses=11, stay_misses=14),
        large=Pool(kmer=12, gapped=12, pool=16, enter_misses=11, stay_misses=14),
        alike=Pool(kmer=12, gapped=1, pool=16, enter_misses=11, stay_misses=14),
        units=MOST_UNITS,
        further=True,
        risk=1024,
        adapts=True,
    ),
}
"""The orders of `fast` are the best two and one of some twenty choices on 1 Mb of EsCo; a second
pointer is worth 0.04 %. Beside a prior a small pool and a narrow door are better, and a sixth
faster; many seeds take 0.1 to 0.2 % off 9 Mb of human chromosome 20 and nothing off short
sequences; collections have columns (docs/lab/engine.md)."""


def parts(preset: str, count: int, before: int, bits: int, alike: bool = False) -> Parts:
    """The parts of an engine for ``count`` residues behind the numbers that an archive stores.

    ``before``: residues that it absorbs beforehand. ``bits`` in [16, 24] is the log2 of the largest
    sparse tables. ``alike``: whether these are many sequences of one kind.

    >>> parts("fast", 1000, 0, 16).pool
    2
    """
    row = PRESETS[preset]
    small = row.learned and count < SMALL
    pool = row.alike if alike else row.large if count >= LARGE else row.small
    return Parts(
        slow=row.slow,
        sparse=row.sparse_alike if alike else row.sparse,
        table_bits=bits,
        pool=pool.pool,
        seeds=("1" * pool.kmer, *GAPPED[: pool.gapped]),
        seed_bits=min(max((before + count).bit_length() - 1, 12), 24),
        enter_misses=pool.enter_misses,
        stay_misses=pool.stay_misses,
        hidden=row.learned,
        prior=row.learned,
        units=MOST_UNITS if small else row.units,
        further=row.further or small,
        risk=row.risk if alike else CAREFUL,
        long=SOON_LONG if alike else LONG,
        adapts=row.adapts and not small,
        sure=SOON_SURE if alike else SURE,
        resting=RESTING if alike else 0,
    )
