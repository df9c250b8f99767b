"""What a Python user imports; all of it is also in the package `acgz` itself."""

from __future__ import annotations

import io
import os
from typing import BinaryIO

from acgz.archive import CACHE, Archive, Info, open_path
from acgz.codec import MEMORY_LIMIT, Job
from acgz.container.blocks import DEFAULT_BLOCK_SIZE, Recipe
from acgz.container.reader import read_archive
from acgz.creating import Source, append, create, job_for, write_archive
from acgz.lookalikes import Fasta, FastaFile
from acgz.modes import DEFAULT_MODE
from acgz.profiles import profile
from acgz.progress import Progress
from acgz.record import Record
from acgz.sequence import Sequence
from acgz.settings import JSON

__all__ = [
    "Archive",
    "Fasta",
    "FastaFile",
    "Info",
    "Record",
    "Sequence",
    "append",
    "compress",
    "compress_stream",
    "create",
    "decompress",
    "decompress_stream",
    "open",
    "profile",
]

_File = str | os.PathLike[str] | BinaryIO


def compress(
    data: bytes,
    mode: str = DEFAULT_MODE,
    *,
    block: int = DEFAULT_BLOCK_SIZE,
    threads: int = 1,
    memory: int | None = None,
    **settings: JSON,
) -> bytes:
    """An archive of ``data``: FASTA, sequence without headers, or any other bytes.

    ``mode``: a name that `acgz modes` lists. ``block``: bytes of text that are coded together;
    smaller blocks make random access faster and archives larger. ``settings`` go to the codec
    of the mode, for example ``lanes=16``. ``threads`` code blocks side by side, as many as take
    ``memory`` bytes together (None: half of the machine's); neither changes the archive.

    Raises UsageError for an unknown mode or setting.

    >>> archive = compress(b">chr1\\nACGTACGTACGT\\n", mode="twobit")
    >>> decompress(archive)
    b'>chr1\\nACGTACGTACGT\\n'
    """
    out = io.BytesIO()
    recipe = Recipe.of(mode, settings, block)
    write_archive(
        out, [Source(io.BytesIO(memoryview(data)))], recipe, job_for(threads, memory=memory)
    )
    return out.getvalue()


def compress_stream(
    source: BinaryIO,
    target: BinaryIO,
    mode: str = DEFAULT_MODE,
    *,
    block: int = DEFAULT_BLOCK_SIZE,
    threads: int = 1,
    memory: int | None = None,
    progress: Progress | None = None,
    **settings: JSON,
) -> None:
    """`compress` in bounded memory, from one binary file object to another.

    Both are buffered ones (their `write` writes all); neither is sought in or closed. ``progress``
    can be watched from another thread.
    """
    recipe = Recipe.of(mode, settings, block)
    write_archive(
        target, [Source(source)], recipe, job_for(threads, progress=progress, memory=memory)
    )


def decompress(
    data: bytes,
    *,
    threads: int = 1,
    memory: int | None = None,
    memory_limit: int = MEMORY_LIMIT,
    reference: str | os.PathLike[str] | None = None,
) -> bytes:
    """What was compressed; the files of an archive of several one after the other.

    ``memory_limit``: bytes that a block may need; an archive that wants more raises LimitError.
    For ``threads`` and ``memory`` see `compress`. ``reference``: the file or address of what the
    archive was compressed against, or the folder of that file; from then on it is known to this
    process.

    Raises NotAnArchiveError, VersionError, DamagedError, TruncatedError, MissingModelError (of a
    reference: MissingReferenceError), and InputError for a ``reference`` that is not there.

    >>> decompress(b"ACGT")
    Traceback (most recent call last):
    acgz.errors.NotAnArchiveError: this is not an acgz archive
    """
    out = io.BytesIO()
    job = job_for(threads, memory_limit, memory=memory)
    _know(reference)
    _decompress(io.BytesIO(memoryview(data)), out, job)
    return out.getvalue()


def decompress_stream(
    source: BinaryIO,
    target: BinaryIO,
    *,
    threads: int = 1,
    memory: int | None = None,
    memory_limit: int = MEMORY_LIMIT,
    progress: Progress | None = None,
    reference: str | os.PathLike[str] | None = None,
) -> None:
    """`decompress` in bounded memory, from one binary file object to another.

    What is written has been checked block by block; but only when this returns without an
    exception it is all of the original.
    """
    _know(reference)
    _decompress(source, target, job_for(threads, memory_limit, progress, memory))


def _know(reference: str | os.PathLike[str] | None) -> None:
    if reference is not None:
        from acgz import references

        references.named(reference)


def _decompress(source: BinaryIO, target: BinaryIO, job: Job) -> None:
    for event in read_archive(source, job):
        if isinstance(event, bytes):
            target.write(event)


def open(
    path: str | os.PathLike[str] | BinaryIO,
    *,
    threads: int = 1,
    memory: int | None = None,
    memory_limit: int = MEMORY_LIMIT,
    cache: int = CACHE,
    reference: str | os.PathLike[str] | None = None,
) -> Archive:
    """Open an archive to look at it and to read single records.

    ``path``: a file's name, an address such as ``s3://…``, of which only what is used is fetched,
    or a binary file object that can seek (it is not closed). ``cache``: bytes of decoded blocks
    that are kept. ``reference``: as for `decompress`; it is also found beside the archive, under
    the name that it had. Threads and forked processes may share what this returns; it can be
    pickled if ``path`` is a name or an address.

    Raises InputError if the file cannot be read, and what `decompress` raises.

    >>> import io
    >>> file = io.BytesIO(compress(b">chr1\\nACGTAC\\n>chr2\\nTTTTT\\n", mode="twobit"))
    >>> with open(file) as archive:
    ...     archive.records[1].name, len(archive["chr2"]), archive["chr1"][1:3]
    ('chr2', 5, 'CG')
    """
    job = job_for(threads, memory_limit, memory=memory)
    _know(reference)
    if not isinstance(path, str | os.PathLike):
        return Archive(path, job, cache=cache)
    return open_path(path, job, cache, reference)
