"""Sequences that archives are compressed against: which one it was, and where it lies.

A reference is told by its residues alone: letters of other kinds, case, headers and line lengths
do not matter, nor how its file is packed. ``ACGZ_REFERENCES`` names files and folders, separated
like those of ``PATH``.
"""

from __future__ import annotations

import hashlib
import io
import os
import threading
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from acgz.errors import AcgzError, InputError, MissingModelError
from acgz.opening import open_to_read
from acgz.packings import HEAD, Unpacked, recognise
from acgz.remote.address import is_address, masked, name_of

VARIABLE = "ACGZ_REFERENCES"
DIGEST_SIZE = 8
"""Bytes of the SHA-256 by which an archive names its reference."""
MOST_HINT = 255
"""Bytes of a name that an archive remembers."""

_MAGIC = b"\xacGZ"
_ENDINGS = (".fa", ".fna", ".fas", ".fasta", ".fsa", ".seq", ".txt", ".acgz", "")


class Reference(NamedTuple):
    """A sequence that both sides know."""

    residues: NDArray[np.uint8]
    """(n,): 0 to 3 for A, C, G, T of all its records, one after the other; not to be written to."""
    digest: bytes
    """The first `DIGEST_SIZE` bytes of the SHA-256 of these as upper-case letters."""
    name: str
    """Of its file, without folders."""


_lock = threading.Lock()
_remembered: list[Path | str] = []
"""Files and folders, and addresses of files."""


def remember(path: str | os.PathLike[str]) -> None:
    """Look for references in this file or folder too, or behind this address, as long as this
    process lives."""
    place = _place(path)
    if place not in _remembered:
        _remembered.append(place)


def _place(path: str | os.PathLike[str]) -> Path | str:
    name = os.fspath(path)
    return name if is_address(name) else Path(name)


def read(path: str | os.PathLike[str]) -> Reference:
    """The sequence in a file: FASTA or raw, also in gzip, xz or zstd, or an archive of acgz.

    What is behind an address is fetched once.

    Raises InputError if it cannot be read or has no residues.
    """
    try:
        place = _place(path)
        status = None if isinstance(place, str) else os.stat(place)
        with _lock:  # blocks that are coded side by side ask for the same one
            if status is None:
                return _read(place, 0, 0)
            return _read(place, status.st_size, status.st_mtime_ns)
    except OSError as error:
        raise InputError(f"cannot read the reference {path}: {error.strerror}") from error
    except AcgzError as error:
        shown = masked(os.fspath(path))
        raise InputError(f"the reference {shown} cannot be read: {error}") from error


def find(digest: bytes, hint: str) -> Reference:
    """The reference of that digest; ``hint``: the name that its file had.

    Files of that name come first, then all others in the places that are known. Raises
    MissingModelError if it is in none of them.
    """
    for path in _candidates(hint):
        try:
            found = read(path)
        except InputError:
            continue
        if found.digest == digest:
            return found
    raise MissingModelError(
        f"the archive needs the reference {hint!r}, whose SHA-256 begins with {digest.hex()}: "
        f"name its file with --reference, or put that or its folder into {VARIABLE}"
    )


def _candidates(hint: str) -> Iterator[Path | str]:
    own = os.environ.get(VARIABLE, "").split(os.pathsep)
    known = [place for place in _remembered if isinstance(place, Path)]
    places = [*known, *map(Path, filter(None, own))]
    yield from (place for place in places if place.is_file())
    yield from (place for place in _remembered if isinstance(place, str))
    folders = [place for place in places if place.is_dir()]
    if hint and hint == os.path.basename(hint):
        yield from (folder / hint for folder in folders if (folder / hint).is_file())
    for folder in map(Path, filter(None, own)):
        if folder.is_dir():
            yield from (one for one in sorted(folder.iterdir()) if _may_be_one(one))


def _may_be_one(path: Path) -> bool:
    name = path.name.lower()
    for packed in (".gz", ".bgz", ".xz", ".zst"):
        name = name.removesuffix(packed)
    return path.is_file() and os.path.splitext(name)[1] in _ENDINGS


@lru_cache(maxsize=2)
def _read(place: Path | str, size: int, changed: int) -> Reference:
    """The reference in a file, remembered as long as the file does not change."""
    from acgz.layout import split

    with open_to_read(place) as file:
        text, is_archive = text_of(file)
    if is_archive:
        from acgz.api import decompress

        text = decompress(text)
    residues = split(text).residues
    if not residues.size:
        raise InputError("there are no residues in it")
    residues.flags.writeable = False
    letters = np.frombuffer(b"ACGT", np.uint8)[residues]
    digest = hashlib.sha256(letters.tobytes()).digest()[:DIGEST_SIZE]
    name = place.name if isinstance(place, Path) else os.path.basename(name_of(place))
    return Reference(residues, digest, name)


def text_of(file: BinaryIO) -> tuple[bytes, bool]:
    """The content of a file, gzip, xz or zstd taken off; whether it is an archive of acgz."""
    data = file.read()
    packing = recognise(data[:HEAD])
    if packing is not None:
        data = Unpacked(packing, io.BytesIO(data)).readall() or b""
    return data, data.startswith(_MAGIC)
