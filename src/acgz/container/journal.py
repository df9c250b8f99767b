"""Blocks of an archive that is being made, safe on the disk as soon as they are coded.

A journal lies beside the archive-to-be, under a hidden name that belongs to the archive's. When the
work has been cut off, by a power failure for example, it begins once more: the input is read and
cut again, and what the journal has of its blocks is not coded again. A block is found by the
SHA-256 of its text, so whatever has changed in the input is coded anew.

    magic, SHA-256 of how blocks are coded      settings, models, references, version of acgz
    for each block: SHA-256 of its text, size (8 bytes), block, CRC-32 of all of these
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import stat
import sys
import threading
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, NamedTuple, Self

from acgz import identity
from acgz.codec import MEMORY_LIMIT, Job, Need
from acgz.container import format as fields
from acgz.container.blocks import Block, Recipe, read_block
from acgz.container.format import BLOCK, CHECK_SIZE
from acgz.container.source import Places
from acgz.crew import Task
from acgz.errors import DamagedError, InputError, UsageError
from acgz.staging import journal_of

if sys.platform != "win32":
    import fcntl

_MAGIC = b"acgz journal 1\n"
_DIGEST = hashlib.sha256().digest_size
_SIZE = 8
_HEAD = len(_MAGIC) + _DIGEST
_OPEN = os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


class _Place(NamedTuple):
    """Where a block is in the journal."""

    offset: int
    size: int


class Journal:
    """The journal of an archive; a context, which closes it and leaves it on the disk."""

    def __init__(self, target: Path, recipe: Recipe) -> None:
        """Open the journal of ``target``, or begin one if there is none for this ``recipe``.

        Raises InputError if that is not possible, or if another process is at work there.
        """
        self._path = journal_of(target)
        self.is_outdated = False
        """There was a journal of another recipe or version, which has been begun again."""
        self.used = 0
        """Blocks that did not need to be coded."""
        self._lock = threading.Lock()
        self._known: dict[bytes, _Place] = {}
        with self._trouble(), ExitStack() as opened:
            self._stream = opened.enter_context(_opened(self._path))
            self._begin(recipe)
            opened.pop_all()

    def __len__(self) -> int:
        return len(self._known)

    def task(self, text: bytes, task: Task[Block]) -> Task[Block]:
        """``task``, which codes ``text``, and puts it here; or what finds it here instead."""
        digest = hashlib.sha256(text).digest()
        place = self._known.get(digest)
        if place is None:
            return dataclasses.replace(task, then=lambda block: self._put(digest, block))

        def found(job: Job) -> Block:
            job.progress.start_block(len(text), 0)
            block = self._read(place)
            job.progress.finish_block()
            return block

        self.used += 1
        return Task(found, Need(memory=2 * place.size), task.kept, here=True)

    def remove(self) -> None:
        """The archive is complete and has its name."""
        with suppress(OSError):
            self._path.unlink()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self._stream.close()

    def _begin(self, recipe: Recipe) -> None:
        """Find what is there; after the last block that is whole, the journal goes on."""
        head = _MAGIC + _digest_of(recipe)
        found = self._stream.read(_HEAD)
        end = _HEAD
        if found == head:
            end = self._find()
        elif found and not _MAGIC.startswith(found[: len(_MAGIC)]):
            raise InputError(f"{self._path} is in the way: it is no journal of acgz")
        else:
            self.is_outdated = len(found) == _HEAD
            self._stream.seek(0)
            self._stream.truncate()
            self._stream.write(head)
        self._stream.truncate(end)
        self._stream.seek(end)
        self._sync()
        if os.name == "posix":
            _sync_folder(self._path.parent)

    def _find(self) -> int:
        """The blocks that are there; returns where the last one ends that is whole."""
        end = _HEAD
        total = os.fstat(self._stream.fileno()).st_size
        while True:
            head = self._stream.read(_DIGEST + _SIZE)
            size = int.from_bytes(head[_DIGEST:], "little")
            if len(head) < _DIGEST + _SIZE or size > total:
                return end
            data = self._stream.read(size)
            check = self._stream.read(CHECK_SIZE)
            if check != zlib.crc32(data, zlib.crc32(head)).to_bytes(CHECK_SIZE, "little"):
                return end
            self._known[head[:_DIGEST]] = _Place(end + len(head), size)
            end += len(head) + size + len(check)

    def _put(self, digest: bytes, block: Block) -> None:
        """Add a block; when this returns, it is safe."""
        data = b"".join(block.pack(BLOCK))
        data += zlib.crc32(data).to_bytes(CHECK_SIZE, "little")
        head = digest + len(data).to_bytes(_SIZE, "little")
        check = zlib.crc32(data, zlib.crc32(head)).to_bytes(CHECK_SIZE, "little")
        with self._lock, self._trouble():
            self._stream.write(head + data + check)
            self._sync()

    def _read(self, place: _Place) -> Block:
        """A block that was there; the rest of the archive says which files begin in it."""
        source = Places(self._stream).source(place.offset)
        if source.exactly(1) != BLOCK:
            raise DamagedError(f"{self._path} has changed meanwhile")
        block = read_block(source, BLOCK, Job(memory_limit=MEMORY_LIMIT))
        return dataclasses.replace(block, files=b"")

    @contextmanager
    def _trouble(self) -> Iterator[None]:
        """Errors of the system as ours."""
        try:
            yield
        except OSError as error:
            raise InputError(f"cannot write {self._path}: {error.strerror}") from error

    def _sync(self) -> None:
        self._stream.flush()
        os.fsync(self._stream.fileno())


def forget(target: Path) -> None:
    """Delete the journal of ``target``, if it is one of this user's and nobody is at work on it."""
    path = journal_of(target)
    with suppress(OSError, InputError):
        if path.exists():
            with _opened(path) as stream:
                if stream.read(len(_MAGIC)) == _MAGIC:
                    path.unlink()


def _opened(path: Path) -> BinaryIO:
    """Open a journal, which only this user may read, and lock it against other processes."""
    handle = os.open(path, _OPEN | os.O_CREAT, 0o600)
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode) or (
            hasattr(os, "getuid") and status.st_uid != os.getuid()
        ):
            raise InputError(f"{path} is in the way: it is no file of this user")
        if sys.platform != "win32":
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise InputError(f"another acgz is at work with {path}") from None
        return os.fdopen(handle, "r+b")
    except BaseException:
        os.close(handle)
        raise


def _digest_of(recipe: Recipe) -> bytes:
    """Of all that decides what becomes of a text."""
    settings = recipe.settings
    facts = {
        "acgz": identity.fingerprint(),
        "codec": recipe.codec.name,
        "settings": dataclasses.asdict(settings),
        "files": [_digest_of_file(path) for path in settings.files()],
        "format": fields.VERSION,
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True, default=repr).encode()).digest()


def _digest_of_file(path: str) -> str:
    try:
        with open(path, "rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error


def _sync_folder(folder: Path) -> None:
    """Make a new name in ``folder`` durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
