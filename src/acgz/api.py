"""What a Python user imports; all of it is also in the package `acgz` itself."""

from __future__ import annotations

import builtins
import io
import operator
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

from acgz.archive import CACHE, Archive, Info, Record, open_path
from acgz.codec import MEMORY_LIMIT, Job
from acgz.container.blocks import DEFAULT_BLOCK_SIZE, Recipe
from acgz.container.names import fault_among
from acgz.container.reader import read_archive
from acgz.container.writer import ArchiveWriter, Sink
from acgz.errors import AcgzError, InputError, UsageError
from acgz.modes import DEFAULT_MODE
from acgz.newfiles import NewFiles
from acgz.places import Claims
from acgz.progress import Progress
from acgz.rights import Rights
from acgz.settings import JSON

__all__ = [
    "Archive",
    "Info",
    "Record",
    "compress",
    "compress_stream",
    "create",
    "decompress",
    "decompress_stream",
    "open",
]

_File = str | os.PathLike[str] | BinaryIO


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
    write_archive(out, [Source(io.BytesIO(memoryview(data)))], recipe, _job(threads))
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
    write_archive(target, [Source(source)], recipe, _job(threads, progress=progress))


def create(
    target: str | os.PathLike[str] | BinaryIO,
    files: Iterable[str | os.PathLike[str]] | Mapping[str, _File],
    mode: str = DEFAULT_MODE,
    *,
    block: int = DEFAULT_BLOCK_SIZE,
    threads: int = 1,
    overwrite: bool = False,
    progress: Progress | None = None,
    **settings: JSON,
) -> None:
    """One archive of several files, each under its name.

    ``target``: a file, which appears when the archive is complete, with no more permissions than
    all of ``files`` have in common; or a binary file object, which is not closed. ``files``: paths
    of files, which get the last parts of their paths as names; or names and for each a path or a
    binary file object that is read to its end. A name may have "/" in it, for folders. Files are
    stored as the bytes that they are. ``overwrite``: replace a file ``target``. For the others see
    `compress`.

    Raises UsageError for a name that no archive can have or that comes twice, for an unknown mode
    or setting, and if the target is one of the files; InputError if a file cannot be read or
    written.

    >>> import io
    >>> archive = io.BytesIO()
    >>> files = {"a.fa": io.BytesIO(b">a\\nAC\\n"), "b.fa": io.BytesIO(b">b\\nGT\\n")}
    >>> create(archive, files, "twobit")
    >>> open(archive).info.files
    ('a.fa', 'b.fa')
    """
    recipe = Recipe.of(mode, settings, block)
    job = _job(threads, progress=progress)
    if not isinstance(files, Mapping):
        paths = [os.fspath(file) for file in files]
        names = [os.path.basename(path) for path in paths]
        check_names(names)
        named: Mapping[str, _File] = dict(zip(names, paths, strict=True))
    else:
        check_names(list(files))
        named = files
    rights: list[Rights] = []
    sources = _opened(named, rights)
    if not isinstance(target, str | os.PathLike):
        write_archive(target, sources, recipe, job)
        return
    Claims(file for file in named.values() if isinstance(file, str | os.PathLike)).output(
        target, "the archive"
    )
    with NewFiles(force=overwrite) as new:
        new.begin(Path(target))
        write_archive(new, sources, recipe, job)
        new.commit(Rights.common(rights))


def decompress(data: bytes, *, threads: int = 1, memory_limit: int = MEMORY_LIMIT) -> bytes:
    """What was compressed; the files of an archive of several one after the other.

    ``memory_limit``: bytes that a block may need; an archive that wants more raises LimitError.

    Raises NotAnArchiveError, VersionError, DamagedError, TruncatedError, MissingModelError.

    >>> decompress(b"ACGT")
    Traceback (most recent call last):
    acgz.errors.NotAnArchiveError: this is not an acgz archive
    """
    out = io.BytesIO()
    decompress_stream(io.BytesIO(memoryview(data)), out, threads=threads, memory_limit=memory_limit)
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
    for event in read_archive(source, _job(threads, memory_limit, progress)):
        if isinstance(event, bytes):
            target.write(event)


def open(
    path: str | os.PathLike[str] | BinaryIO,
    *,
    threads: int = 1,
    memory_limit: int = MEMORY_LIMIT,
    cache: int = CACHE,
) -> Archive:
    """Open an archive to look at it and to read single records.

    ``path``: a file's name, or a binary file object that can seek (it is not closed). ``cache``:
    bytes of decoded blocks that are kept. Threads and forked processes may share what this
    returns; it can be pickled if ``path`` is a name.

    Raises InputError if the file cannot be read, and what `decompress` raises.

    >>> import io
    >>> file = io.BytesIO(compress(b">chr1\\nACGTAC\\n>chr2\\nTTTTT\\n", mode="twobit"))
    >>> with open(file) as archive:
    ...     archive.records[1].name, len(archive["chr2"]), archive["chr1"][1:3]
    ('chr2', 5, 'CG')
    """
    job = _job(threads, memory_limit)
    if not isinstance(path, str | os.PathLike):
        return Archive(path, job, cache=cache)
    return open_path(path, job, cache)


def _job(threads: int, memory_limit: int = MEMORY_LIMIT, progress: Progress | None = None) -> Job:
    """How to run; UsageError for what is no whole number above 0."""
    numbers = {}
    for name, value in (("threads", threads), ("memory_limit", memory_limit)):
        try:
            numbers[name] = operator.index(value)
        except TypeError:
            numbers[name] = 0
        if numbers[name] < 1:
            raise UsageError(f"{name} is a whole number above 0, not {value!r:.60}")
    return Job(**numbers, progress=progress or Progress())


class Source(NamedTuple):
    """What becomes a file of an archive."""

    stream: BinaryIO
    name: str | None = None
    """None: the only file, which needs no name."""
    place: str | None = None
    """What an error about it is about, if not its name."""


def write_archive(
    target: Sink, sources: Iterable[Source], recipe: Recipe, job: Job
) -> ArchiveWriter:
    """The one way from files to an archive, for Python and the command line.

    ``sources`` are asked for one after the other, so that each may be opened when it is its turn.
    Returns the writer, which knows the sizes and digests. Errors of a source have its place.
    """
    with ArchiveWriter(target, recipe, job) as writer:
        for source in sources:
            try:
                writer.add(source.stream, source.name)
            except AcgzError as error:
                error.place = error.place or source.place or source.name
                raise
        writer.finish()
        return writer


def check_names(names: Sequence[str]) -> None:
    """UsageError if files of these names cannot be in one archive."""
    fault = fault_among(names)
    if fault:
        raise UsageError(fault)


def _opened(files: Mapping[str, _File], rights: list[Rights]) -> Iterator[Source]:
    """The ``files``, opened one after the other; their rights are added to ``rights``."""
    for name, file in files.items():
        if not isinstance(file, str | os.PathLike):
            yield Source(file, name)
            continue
        with _reading(file) as stream:
            rights.append(Rights.like(os.fstat(stream.fileno()), stream.fileno()))
            yield Source(stream, name, os.fspath(file))


@contextmanager
def _reading(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    try:
        stream = builtins.open(path, "rb")  # noqa: SIM115 - closed below
    except OSError as error:
        raise InputError(f"cannot read {os.fspath(path)}: {error.strerror}") from error
    with stream:
        yield stream
