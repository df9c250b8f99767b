"""Sequences that archives are compressed against: which one it was, and where it lies.

A reference is told by its residues alone: letters of other kinds, case, headers and line lengths
do not matter, nor how its file is packed. ``ACGZ_REFERENCES`` names files and folders, separated
like those of ``PATH``. A reference may be an archive that needs a reference itself.
"""

from __future__ import annotations

import hashlib
import io
import os
import threading
from collections import deque
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from acgz.errors import AcgzError, InputError, MissingReferenceError
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
    level: int = 0
    """References in a row that are needed to read it."""


_MOST_LEVELS = 16
"""References in a row that are needed to read one."""

_lock = threading.RLock()
"""Whoever looks for a reference holds it; archives are decoded by the same thread meanwhile."""
_remembered: list[Path | str] = []
"""Files and folders, and addresses of files."""
_beside: list[Path] = []
"""Folders of archives: a reference lies there under its name, or not at all."""
_search: _Search | None = None
"""The one that is under way; of who holds the lock."""
_digests: dict[tuple[Path | str, int, int], bytes] = {}
"""Of files that have been read, as long as they do not change."""


def remember(path: str | os.PathLike[str]) -> None:
    """Look for references in this file or folder too, or behind this address, as long as this
    process lives."""
    place = _place(path)
    if place not in _remembered:
        _remembered.append(place)


def named(path: str | os.PathLike[str]) -> None:
    """`remember` what a user has named; InputError if there is nothing."""
    if not is_address(path) and not os.path.exists(path):
        raise InputError(f"cannot read the reference {os.fspath(path)}: No such file or directory")
    remember(path)


def beside(archive: str | os.PathLike[str]) -> None:
    """Look for references beside this archive too, under the names that they had."""
    if not is_address(archive):
        folder = Path(os.path.dirname(os.path.abspath(archive)))
        if folder not in _beside:
            _beside.append(folder)


def _place(path: str | os.PathLike[str]) -> Path | str:
    name = os.fspath(path)
    return name if is_address(name) else Path(name)


def read(path: str | os.PathLike[str]) -> Reference:
    """The sequence in a file: FASTA or raw, also in gzip, xz or zstd, or an archive of acgz.

    What is behind an address is fetched once. The reference of an archive is looked for.

    Raises InputError if it cannot be read or has no residues, MissingReferenceError for an archive
    whose own reference is found nowhere.
    """
    shown = masked(os.fspath(path))
    try:
        with _lock:  # blocks that are coded side by side ask for the same one
            return (_search or _Search()).read(_place(path))
    except MissingReferenceError as error:
        why = f"the reference {shown} cannot be read: {error}"
        raise MissingReferenceError(why) from error
    except AcgzError as error:
        raise InputError(f"the reference {shown} cannot be read: {error}") from error


def find(digest: bytes, hint: str) -> Reference:
    """The reference of that digest; ``hint``: the name that its file had.

    Files of that name come first, then all others in the places that are known. Raises
    MissingReferenceError if it is in none of them.
    """
    with _lock:
        if _search is not None:  # a reference is decoded that needs this one
            return _search.again(digest, hint)
        return _Search().find(digest, hint)


class _WantsError(MissingReferenceError):
    """An archive that is to be a reference needs one that has not been read."""

    def __init__(self, digest: bytes, hint: str) -> None:
        super().__init__(f"it needs the reference {hint!r} itself")
        self.digest = digest
        self.hint = hint


class _Search:
    """Tries files until one is the reference; of archives among them, those they need first.

    No archive is decoded before what it needs is known, so none waits for another, or for itself.
    """

    def __init__(self) -> None:
        self._places: dict[bytes, Path | str] = {}
        """What has been read, by its digest."""
        self._wanted: tuple[bytes, str] | None = None
        """Digest and name of what an archive needs that has not been read."""
        self.level = 0
        """`Reference.level` of what is read now."""

    def read(self, place: Path | str) -> Reference:
        """What `references.read` returns; MissingReferenceError, or another AcgzError."""
        looked_for: set[bytes] = set()
        while True:
            try:
                return self._read(place)
            except _WantsError as error:
                if error.digest in looked_for:
                    raise
                looked_for.add(error.digest)
                self.find(error.digest, error.hint, place)

    def find(self, digest: bytes, hint: str, owner: Path | str = "") -> Reference:
        """What `references.find` returns. ``owner``: the archive that needs it, if it is one that
        is to be a reference; it may lie beside that."""
        waiting: dict[bytes, list[Path | str]] = {}
        tried: set[Path | str] = set()
        other: list[str] = []
        queue = deque([*_neighbours(owner, hint), *_candidates(hint)])
        while queue:
            place = queue.popleft()
            if place in tried:
                continue
            tried.add(place)
            try:
                found = self._digest(place)
                if found == digest:
                    return self._read(place)
            except _WantsError as error:
                waiting.setdefault(error.digest, []).append(place)
                found_beside = [*_neighbours(place, error.hint), *_of_that_name(error.hint)]
                queue.extendleft(reversed(found_beside))
                why = f"needs the reference {error.hint!r} itself"
            except AcgzError as error:
                why = f"cannot be read: {error}"
            else:
                why = "has other bases"
                for again in waiting.pop(found, []):
                    tried.discard(again)
                    queue.appendleft(again)
            if place in _remembered or os.path.basename(place) == hint:
                other = [one for one in other if not one.startswith(f"{_shown(place)} ")]
                other.append(f"{_shown(place)} {why}")
        raise _missing(digest, hint, other)

    def again(self, digest: bytes, hint: str) -> Reference:
        """A reference that has been found before; MissingReferenceError if it has not."""
        place = self._places.get(digest)
        found = None if place is None else self._read(place)
        if found is None or found.digest != digest:
            self._wanted = digest, hint
            raise MissingReferenceError(f"the reference {hint!r} has not been found")
        self.level = max(self.level, found.level + 1)
        return found

    def _digest(self, place: Path | str) -> bytes:
        """Of the reference in a file; raises what `_read` raises."""
        digest = _digests.get((place, *_state(place))) or self._read(place).digest
        self._places[digest] = place
        return digest

    def _read(self, place: Path | str) -> Reference:
        """The reference in a file; `_WantsError` or another AcgzError."""
        global _search
        state = _state(place)
        before, level = _search, self.level
        _search, self.level, self._wanted = self, 0, None
        try:
            found = _read(place, *state)
        except AcgzError as error:
            if self._wanted is not None:  # whatever the error has become on its way
                raise _WantsError(*self._wanted) from error
            raise
        except OSError as error:
            raise InputError(error.strerror or str(error)) from error
        finally:
            _search, self.level = before, level
        self._places[found.digest] = place
        _digests[place, *state] = found.digest
        return found


def _state(place: Path | str) -> tuple[int, int]:
    """What changes with a file: bytes and time; (0, 0) behind an address. InputError."""
    if isinstance(place, str):
        return 0, 0
    try:
        status = os.stat(place)
    except (OSError, ValueError) as error:
        raise InputError(getattr(error, "strerror", None) or str(error)) from error
    return status.st_size, status.st_mtime_ns


def _missing(digest: bytes, hint: str, other: list[str]) -> MissingReferenceError:
    """Nothing is the reference; ``other``: why not what might have been."""
    reason = f" ({'; '.join(other[:3])})" if other else ""
    return MissingReferenceError(
        f"the archive needs the reference {hint!r}, whose SHA-256 begins with {digest.hex()}"
        f"{reason}: put its file beside the archive, or that or its folder into {VARIABLE}"
    )


def _shown(place: Path | str) -> str:
    return masked(os.fspath(place))


def _candidates(hint: str) -> Iterator[Path | str]:
    """Files that may be the reference, the likely ones first."""
    places = _known_places()
    yield from (place for place in places if os.path.isfile(place))
    yield from (place for place in _remembered if isinstance(place, str))
    yield from _of_that_name(hint)
    for folder in places:
        try:
            inside = sorted(folder.iterdir()) if os.path.isdir(folder) else []
        except OSError:
            continue
        yield from (one for one in inside if _may_be_one(one))


def _known_places() -> list[Path]:
    own = os.environ.get(VARIABLE, "").split(os.pathsep)
    known = [place for place in _remembered if isinstance(place, Path)]
    return [*known, *map(Path, filter(None, own))]


def _of_that_name(hint: str) -> Iterator[Path]:
    """Files of the name in the folders that are known."""
    if hint and hint == os.path.basename(hint):
        folders = [*_known_places(), *_beside]
        yield from (folder / hint for folder in folders if os.path.isfile(folder / hint))


def _neighbours(archive: Path | str, hint: str) -> Iterator[Path]:
    """The file of the name beside an archive."""
    if isinstance(archive, Path) and hint and hint == os.path.basename(hint):
        place = archive.parent / hint
        yield from [place] * os.path.isfile(place)


def _may_be_one(path: Path) -> bool:
    name = path.name.lower()
    for packed in (".gz", ".bgz", ".xz", ".zst"):
        name = name.removesuffix(packed)
    return os.path.isfile(path) and os.path.splitext(name)[1] in _ENDINGS


@lru_cache(maxsize=2)
def _read(place: Path | str, size: int, changed: int) -> Reference:
    """The reference in a file, remembered as long as the file does not change."""
    from acgz.layout import split

    level = 0

    with open_to_read(place) as file:
        text, is_archive = text_of(file)
    if is_archive:
        from acgz.api import decompress

        text = decompress(text)
        level = 0 if _search is None else _search.level
        if level > _MOST_LEVELS:
            raise InputError(f"it takes more than {_MOST_LEVELS} references in a row to read it")
    residues = split(text).residues
    if not residues.size:
        raise InputError("there are no residues in it")
    residues.flags.writeable = False
    letters = np.frombuffer(b"ACGT", np.uint8)[residues]
    digest = hashlib.sha256(letters.tobytes()).digest()[:DIGEST_SIZE]
    name = place.name if isinstance(place, Path) else os.path.basename(name_of(place))
    return Reference(residues, digest, name, level)


def text_of(file: BinaryIO) -> tuple[bytes, bool]:
    """The content of a file, gzip, xz or zstd taken off; whether it is an archive of acgz."""
    data = file.read()
    packing = recognise(data[:HEAD])
    if packing is not None:
        data = Unpacked(packing, io.BytesIO(data)).readall() or b""
    return data, data.startswith(_MAGIC)
