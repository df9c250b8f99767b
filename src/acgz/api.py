"""What a Python user imports; all of it is also in the package `acgz` itself."""

from __future__ import annotations

import builtins
import io
import os
from typing import BinaryIO

from acgz.archive import Archive, Info, Record
from acgz.codec import MEMORY_LIMIT, Job
from acgz.container.blocks import DEFAULT_BLOCK_SIZE, Recipe
from acgz.container.reader import read_archive
from acgz.container.writer import ArchiveWriter
from acgz.errors import InputError
from acgz.modes import DEFAULT_MODE
from acgz.progress import Progress
from acgz.settings import JSON

__all__ = [
    "Archive",
    "Info",
    "Record",
    "compress",
    "compress_stream",
    "decompress",
    "decompress_stream",
    "open",
]


def compress(
    data: bytes,
    mode: str = DEFAULT_MODE,
    *,
    block: int = DEFAULT_BLOCK_SIZE,
    threads: int = 1,
    **settings: JSON,
) -> bytes:
    """An archive of ``data``: FASTA, sequence without headers, or any other bytes.

    ``mode``: a name that `acgz modes` lists. ``block``: bytes of text that are coded together;
    smaller blocks make random access faster and archives larger. ``settings`` go to the codec
    of the mode, for example ``lanes=16``. ``threads`` never changes the archive.

    Raises UsageError for an unknown mode or setting.

    >>> archive = compress(b">chr1\\nACGTACGTACGT\\n", mode="twobit")
    >>> decompress(archive)
    b'>chr1\\nACGTACGTACGT\\n'
    """
    out = io.BytesIO()
    recipe = Recipe.of(mode, settings, block)
    _compress(io.BytesIO(data), out, recipe, Job(threads))
    return out.getvalue()


def compress_stream(
    source: BinaryIO,
    target: BinaryIO,
    mode: str = DEFAULT_MODE,
    *,
    block: int = DEFAULT_BLOCK_SIZE,
    threads: int = 1,
    progress: Progress | None = None,
    **settings: JSON,
) -> None:
    """`compress` in bounded memory, from one binary file object to another.

    Both are buffered ones (their `write` writes all); neither is sought in or closed. ``progress``
    can be watched from another thread.
    """
    recipe = Recipe.of(mode, settings, block)
    _compress(source, target, recipe, Job(threads, progress=progress or Progress()))


def decompress(data: bytes, *, threads: int = 1, memory_limit: int = MEMORY_LIMIT) -> bytes:
    """What was compressed; the files of an archive of several one after the other.

    ``memory_limit``: bytes that a block may need; an archive that wants more raises LimitError.

    Raises NotAnArchiveError, VersionError, DamagedError, TruncatedError, MissingModelError.

    >>> decompress(b"ACGT")
    Traceback (most recent call last):
    acgz.errors.NotAnArchiveError: this is not an acgz archive
    """
    out = io.BytesIO()
    decompress_stream(io.BytesIO(data), out, threads=threads, memory_limit=memory_limit)
    return out.getvalue()


def decompress_stream(
    source: BinaryIO,
    target: BinaryIO,
    *,
    threads: int = 1,
    memory_limit: int = MEMORY_LIMIT,
    progress: Progress | None = None,
) -> None:
    """`decompress` in bounded memory, from one binary file object to another.

    What is written has been checked block by block; but only when this returns without an
    exception it is all of the original.
    """
    for event in read_archive(source, Job(threads, memory_limit, progress or Progress())):
        if isinstance(event, bytes):
            target.write(event)


def open(
    path: str | os.PathLike[str] | BinaryIO, *, threads: int = 1, memory_limit: int = MEMORY_LIMIT
) -> Archive:
    """Open an archive to look at it and to read single records.

    ``path``: a file's name, or a binary file object that can seek (it is not closed).

    Raises InputError if the file cannot be read, and what `decompress` raises.

    >>> import io
    >>> file = io.BytesIO(compress(b">chr1\\nACGTAC\\n>chr2\\nTTTTT\\n", mode="twobit"))
    >>> with open(file) as archive:
    ...     archive.records[1].name, len(archive["chr2"]), archive["chr1"][1:3]
    ('chr2', 5, 'CG')
    """
    job = Job(threads, memory_limit)
    if not isinstance(path, str | os.PathLike):
        return Archive(path, job)
    try:
        stream = builtins.open(path, "rb")  # noqa: SIM115 - the archive closes it
    except OSError as error:
        raise InputError(f"cannot read {os.fspath(path)}: {error.strerror}") from error
    try:
        return Archive(stream, job, close=True)
    except BaseException:
        stream.close()
        raise


def _compress(source: BinaryIO, target: BinaryIO, recipe: Recipe, job: Job) -> None:
    writer = ArchiveWriter(target, recipe, job)
    writer.add(source)
    writer.finish()
