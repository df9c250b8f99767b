"""Dictionaries: genomes in small, which an engine may copy from before it has read anything.

What a network learns of genomes is their style. What many of them share by the letter (repeats of
mammals, organelles, ribosomal RNA) is copied, not learned, so it is brought along: two bits a
residue, in pieces, of which a block takes those that have something in common with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from acgz import models
from acgz.engine import likeness
from acgz.engine.sampling import stretches_of
from acgz.errors import DamagedError, InputError, UsageError
from acgz.models import Model
from acgz.settings import JSON

KIND = "engine-dictionary"
NONE = "none"
"""The setting that asks for no dictionary."""
PIECE = 2048
"""Residues of a piece."""
MOST_RUNS = 1 << 16
"""Numbers in the list of an archive."""

_ROOM = 1 << 14
_SHARE = 4
_MOST = 1 << 24
"""A block takes pieces of at most so many residues, and so many for each of its own, and no more
than these."""
_SAMPLE = 1 << 20
_STRETCH = 1 << 14
"""Residues of a block that are compared with the dictionary, in stretches, evenly spread."""
_LEAST = 2
"""Words of a piece, of `PIECE` / 4, that a block has to have in common with it."""
_FEWEST = 512
"""Residues of a block for which looking is worth the time."""
_WORTH = 1000
"""Residues in words in common, below which naming pieces takes more than it saves."""


class Excerpt(NamedTuple):
    """Pieces of a dictionary."""

    residues: NDArray[np.uint8]
    """(n,): 0 to 3, n a multiple of `PIECE`."""
    digest: bytes
    """SHA-256 of the dictionary's file; b"" if there is none."""
    runs: list[int]
    """How many pieces to leave out, to take, to leave out, and so on."""


NOTHING = Excerpt(np.zeros(0, np.uint8), b"", [])


def most(count: int) -> int:
    """Residues of a dictionary that a block of ``count`` takes at most."""
    return min(_ROOM + _SHARE * count, _MOST) // PIECE * PIECE


def chosen(name: str | None, residues: NDArray[np.uint8]) -> Excerpt:
    """What to know before these residues, of the dictionary that a user asks for: a name, a path,
    `NONE`, or None for the one that comes with the package.

    Raises UsageError for a name that is none of these, InputError for a file that is none.
    """
    if name == NONE:
        return NOTHING
    if name is None and residues.size < _FEWEST:
        return NOTHING
    known = models.shipped(_PREFIX)
    if name is None or name in known:
        found = [_read(known[one]) for one in known if name in (None, one)]
    elif Path(name).exists():
        models.remember(Path(name))
        found = [_read(Path(name))]
    else:
        raise UsageError(f"there is no dictionary {name!r}: give {NONE} or a file")
    excerpts = [_excerpt(one, residues) for one in found]
    return max(excerpts, key=lambda one: one.residues.size, default=NOTHING)


def known(parameters: Mapping[str, JSON]) -> int:
    """Residues of a dictionary that a block builds on; DamagedError."""
    runs = parameters.get("pieces", [])
    if (
        not isinstance(runs, list)
        or len(runs) > MOST_RUNS
        or not all(type(one) is int and 0 <= one < 1 << 31 for one in runs)
    ):
        raise DamagedError("the block does not say which pieces of a dictionary it knows")
    return PIECE * sum(runs[1::2])


def stored(parameters: Mapping[str, JSON]) -> NDArray[np.uint8]:
    """The pieces of a block; MissingModelError if their dictionary is not installed,
    DamagedError."""
    if not known(parameters):
        return NOTHING.residues
    runs, digests = cast("list[int]", parameters["pieces"]), parameters.get("models", [])
    if not isinstance(digests, list) or not digests:
        raise DamagedError("the block does not name its dictionary")
    try:
        found = _read(models.locate(models.named(digests[-1])))
    except InputError as error:
        raise DamagedError(f"the block names a model that is no dictionary: {error}") from error
    return _pieces(found, runs)


def write(path: Path, residues: NDArray[np.uint8], contents: Sequence[JSON]) -> bytes:
    """Write a dictionary of these residues; return the SHA-256 of the file.

    What is left over of whole pieces is filled up with A. ``contents``: what they are, for people.
    """
    residues = np.pad(residues, (0, -residues.size % PIECE))
    about = {"kind": KIND, "contents": list(contents)}
    return models.write(path, about, {"residues": packed(residues)})


_PREFIX = "dictionary"


@models.while_unchanged(2)
def _read(path: Path) -> Model:
    """The dictionary of a file; InputError if it has none."""
    found = models.read(path)
    packed = found.arrays.get("residues")
    if (
        found.architecture.get("kind") != KIND
        or packed is None
        or packed.dtype != np.uint8
        or packed.ndim != 1
        or packed.size % (PIECE // 4)
    ):
        raise InputError(f"{path}: not a dictionary")
    return found


def _excerpt(dictionary: Model, residues: NDArray[np.uint8]) -> Excerpt:
    """The pieces that have most in common with the residues, in their order."""
    sample = stretches_of(residues, _SAMPLE // _STRETCH, _STRETCH)
    if not sample.size:
        return NOTHING
    hits = likeness.hits(sample, dictionary.arrays["residues"], PIECE)
    order = np.argsort(-hits, kind="stable")[: most(residues.size) // PIECE]
    taken = np.zeros(hits.size, bool)
    taken[order[hits[order] >= _LEAST]] = True
    common = int(hits[taken].sum()) * likeness.EVERY * residues.size / sample.size
    if common < _WORTH:
        return NOTHING
    edges = np.flatnonzero(np.diff(taken, prepend=False, append=False))
    runs = np.diff(edges, prepend=0).tolist()
    return Excerpt(_pieces(dictionary, runs), dictionary.digest, runs)


def _pieces(dictionary: Model, runs: Sequence[int]) -> NDArray[np.uint8]:
    """DamagedError if the dictionary has fewer."""
    packed = dictionary.arrays["residues"].reshape(-1, PIECE // 4)
    ends = np.cumsum(runs)
    if ends.size and ends[-1] > len(packed):
        raise DamagedError("the block names pieces that its dictionary does not have")
    spans = zip(ends[::2], ends[1::2], strict=False)
    parts = [packed[first:last].ravel() for first, last in spans]
    return unpacked(np.concatenate(parts)) if parts else NOTHING.residues


def packed(residues: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Four residues a byte, the first one highest; their number is a multiple of four."""
    a, b, c, d = residues.reshape(-1, 4).T
    return (a << 6 | b << 4 | c << 2 | d).astype(np.uint8)


def unpacked(data: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The inverse of `packed`."""
    shifts = np.array([6, 4, 2, 0], np.uint8)
    result: NDArray[np.uint8] = (data[:, None] >> shifts & 3).astype(np.uint8).ravel()
    return result
