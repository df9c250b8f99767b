"""Some of the files of an archive: only the blocks that have something of them are decoded."""

from __future__ import annotations

import hashlib
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import translate
from itertools import accumulate
from typing import Any, NamedTuple

from acgz.codec import Job
from acgz.container.contents import Contents
from acgz.container.decoding import each_once, texts_of
from acgz.container.format import DIGEST_SIZE, FileStart
from acgz.container.lookup import Index
from acgz.container.reader import Seen, decoded, read_blocks
from acgz.container.source import Readable
from acgz.errors import DamagedError, NotInArchiveError

Wanted = Callable[[str], bool]
"""Says of a file, by its name, whether it is one of those that are asked for."""


class Choice:
    """Files by their names, their folders, or patterns; call it with the name of a file.

    What is the name of a file or folder itself is no pattern.

    In a pattern ``*`` stands for any letters, ``/`` among them, ``?`` for one, ``[ab]`` for one of
    these and ``[!ab]`` for one that is none of them.

    >>> choice = Choice(["strains", "*.gff"])
    >>> [choice(name) for name in ("strains/COL.fa", "a/b.gff", "a/b.fa")]
    [True, True, False]
    """

    def __init__(self, words: Sequence[str]) -> None:
        self._words = {word.rstrip("/") or word: word for word in words}
        self._patterns = [(word, re.compile(translate(word))) for word in words]
        self._met: set[str] = set()
        self._literal: set[str] = set()
        self._fitting: set[str] = set()

    def __call__(self, name: str) -> bool:
        literal = self._named(name)
        fitting = {word for word, pattern in self._patterns if pattern.match(name)} - literal
        self._literal |= literal
        self._fitting |= fitting
        self._met |= literal | fitting
        return bool(literal | fitting)

    def settle(self, names: Iterable[str]) -> None:
        """These are all names there are: what is one of them is no pattern."""
        literal = {word for name in names for word in self._named(name)}
        self._patterns = [pair for pair in self._patterns if pair[0] not in literal]

    def _named(self, name: str) -> set[str]:
        """The words that are this name, or that of a folder it is in."""
        parts = name.split("/")
        folders = ("/".join(parts[:count]) for count in range(1, len(parts) + 1))
        return {self._words[folder] for folder in folders if folder in self._words}

    def check(self) -> None:
        """NotInArchiveError if something that is asked for has been met by no name so far, or,
        without `settle`, by one as itself and by another one as a pattern."""
        for word in self._words.values():
            if word not in self._met:
                raise NotInArchiveError(f"there is no file {word!r} in the archive")
            if word in self._literal & self._fitting:
                raise NotInArchiveError(
                    f"{word!r} is a file in the archive and a pattern that others fit: an archive "
                    "that can be read at any place tells before which is meant, a pipe does not"
                )


def from_contents(contents: Contents, choice: Choice, job: Job) -> Iterator[FileStart | bytes]:
    """Yield the start of every file that is chosen and then its text, part by part.

    NotInArchiveError, before anything is decoded, for what is not there. Texts have their
    CRC-32; when the next file starts, or at the end, the file before has its SHA-256. Raises
    DamagedError, VersionError, MissingModelError, LimitError, which say in which block.
    """
    choice.settle(file.name for file in contents.index.files if file.name is not None)
    chosen = [file.name is not None and choice(file.name) for file in contents.index.files]
    choice.check()
    ends = list(accumulate(file.text_size for file in contents.index.files))
    files = [
        (file, end - file.text_size, end)
        for file, end, is_chosen in zip(contents.index.files, ends, chosen, strict=True)
        if is_chosen
    ]
    needed = (number for _, start, end in files for number in contents.blocks_between(start, end))
    texts = texts_of(contents, each_once(needed), job)
    latest, text = -1, b""
    for file, start, end in files:
        yield FileStart(file.name)
        passing = _File(file.name or "", True)
        for number in contents.blocks_between(start, end):
            if number != latest:
                latest, found = next(texts)
                if isinstance(found, DamagedError):
                    raise found
                text = found
                job.progress.passed(len(text), int(contents.index.blocks.size[number]))
            begin = contents.text_of(number).start
            yield passing.take(text, max(0, start - begin), min(len(text), end - begin))
        passing.compare(file.digest)


def from_stream(stream: Readable, choice: Choice, job: Job) -> Iterator[FileStart | bytes]:
    """`from_contents` for an archive that is read once, from beginning to end, as from a pipe.

    Only the end tells what is not there, and that everything that has been yielded is right.
    """
    files: list[_File] = []
    blocks: list[tuple[int, int, int, int]] = []
    passing: deque[list[_Piece]] = deque()

    def wanted(seen: Seen) -> bool:
        passing.append(list(_pieces(seen, files, choice)))
        return any(piece.file.chosen and piece.stop > piece.start for piece in passing[-1])

    for item, text in decoded(read_blocks(stream, job), job, wanted):
        if isinstance(item, Index):
            _compare(item, files, blocks)
            continue
        head = item.block.head
        blocks.append((item.size, item.check, head.text_size, head.residue_count))
        for file, start, stop, begins in passing.popleft():
            if file.chosen and begins:
                yield FileStart(file.name)
            if file.chosen and stop > start:
                yield file.take(text, start, stop)
            else:
                file.size += stop - start
    choice.check()


@dataclass
class _File:
    """A file that passes by."""

    name: str
    chosen: bool
    size: int = 0
    """Bytes of it that have passed."""
    sha256: Any = field(default_factory=hashlib.sha256)

    def take(self, text: bytes, start: int, stop: int) -> bytes:
        """The next part of it, which is ``text[start:stop]``."""
        part = text if stop - start == len(text) else text[start:stop]
        self.size += len(part)
        self.sha256.update(part)
        return part

    def compare(self, digest: bytes) -> None:
        if self.sha256.digest()[:DIGEST_SIZE] != digest:
            raise DamagedError(f"the content of {self.name!r} does not have its SHA-256")


class _Piece(NamedTuple):
    """What a block has of a file: from where to where in its text, and whether it begins there."""

    file: _File
    start: int
    stop: int
    begins: bool


def _pieces(seen: Seen, files: list[_File], choice: Choice) -> Iterator[_Piece]:
    """The files in a block; those that begin are added to ``files``."""
    starts = seen.block.starts
    if not files and (not starts or starts[0].offset):
        if starts or seen.number:
            raise DamagedError("text and files do not go together")
        files.append(_File("", False))  # the only one, which has no name
    at, begins = 0, False
    for start in [*starts, None]:
        offset = seen.block.head.text_size if start is None else start.offset
        if files:
            yield _Piece(files[-1], at, offset, begins)
        if start is not None and start.name is not None:
            files.append(_File(start.name, choice(start.name)))
        at, begins = offset, True


def _compare(
    index: Index, files: Sequence[_File], blocks: Iterable[tuple[int, int, int, int]]
) -> None:
    """DamagedError if the index is not that of what has passed by."""
    rows = index.blocks
    columns = (rows.size, rows.check, rows.text_size, rows.residue_count)
    if list(zip(*(column.tolist() for column in columns), strict=True)) != blocks:
        raise DamagedError("the index does not fit the blocks")
    if [(file.name or "", file.text_size) for file in index.files] != [
        (file.name, file.size) for file in files
    ]:
        raise DamagedError("the index does not fit the files")
    for file, row in zip(files, index.files, strict=True):
        if file.chosen:
            file.compare(row.digest)
