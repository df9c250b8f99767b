"""From files to an archive: a new one, or one that gets more files."""

from __future__ import annotations

import operator
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import BinaryIO, NamedTuple

from acgz.codec import MEMORY_LIMIT, Job
from acgz.container.appending import Appender
from acgz.container.blocks import DEFAULT_BLOCK_SIZE, Recipe
from acgz.container.contents import Contents
from acgz.container.journal import Journal
from acgz.container.names import fault_among
from acgz.container.parts import Shared
from acgz.container.writer import ArchiveWriter, Sink
from acgz.errors import AcgzError, UsageError
from acgz.modes import DEFAULT_MODE
from acgz.newfiles import NewFiles
from acgz.opening import new_files, open_to_read
from acgz.places import Claims, Identity, check_unchanged, status_of
from acgz.progress import Progress
from acgz.remote.address import is_address, masked, name_of
from acgz.rights import Rights
from acgz.settings import JSON

_File = str | os.PathLike[str] | BinaryIO


def create(
    target: str | os.PathLike[str] | BinaryIO,
    files: Iterable[str | os.PathLike[str]] | Mapping[str, _File],
    mode: str = DEFAULT_MODE,
    *,
    block: int = DEFAULT_BLOCK_SIZE,
    threads: int = 1,
    memory: int | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
    **settings: JSON,
) -> None:
    """One archive of several files, each under its name.

    ``target``: a file, here or behind an address, which appears when the archive is complete, with
    no more permissions than all of ``files`` have in common; or a binary file object, which is not
    closed. ``files``: paths or addresses of files, which get the last parts of these as names; or
    names and for each a path or a binary file object that is read to its end. A name may have "/"
    in it, for folders. Files are stored as the bytes that they are. ``overwrite``: replace a file
    ``target``. For the others see `compress`.

    Raises UsageError for a name that no archive can have or that comes twice, for an unknown mode
    or setting, and if the target is one of the files; InputError if a file cannot be read or
    written.

    >>> import acgz, io
    >>> archive = io.BytesIO()
    >>> files = {"a.fa": io.BytesIO(b">a\\nAC\\n"), "b.fa": io.BytesIO(b">b\\nGT\\n")}
    >>> create(archive, files, "twobit")
    >>> acgz.open(archive).info.files
    ('a.fa', 'b.fa')
    """
    recipe = Recipe.of(mode, settings, block)
    job = job_for(threads, progress=progress, memory=memory)
    named = _named(files)
    rights: list[Rights] = []
    sources = _opened(named, rights)
    if not isinstance(target, str | os.PathLike):
        write_archive(target, sources, recipe, job)
        return
    _claim(named, target)
    with new_files(target, force=overwrite) as new:
        new.begin(target)
        write_archive(new, sources, recipe, job)
        new.commit(Rights.common(rights))


def append(
    archive: str | os.PathLike[str],
    files: Iterable[str | os.PathLike[str]] | Mapping[str, _File],
    mode: str = DEFAULT_MODE,
    *,
    name: str | None = None,
    block: int = DEFAULT_BLOCK_SIZE,
    threads: int = 1,
    memory: int | None = None,
    progress: Progress | None = None,
    **settings: JSON,
) -> None:
    """Add files to an archive; what is in it is not coded anew.

    The new archive is written beside the old one and takes its place when it is complete and on
    the disk, so an error or a crash leaves the old one. ``name``: what the file in it is called
    from now on, if it has no name. For the others see `create`; ``mode`` is that of the new files.

    Raises UsageError for a name that is there already, and what `create` and `open` raise.

    >>> import acgz, io, os, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "a.acgz")
    ...     create(path, {"a.fa": io.BytesIO(b">a\\nAC\\n")}, "twobit")
    ...     append(path, {"b.fa": io.BytesIO(b">b\\nGT\\n")}, "twobit")
    ...     with acgz.open(path) as archive:
    ...         archive.info.files
    ('a.fa', 'b.fa')
    """
    recipe = Recipe.of(mode, settings, block)
    job = job_for(threads, progress=progress, memory=memory)
    named = _named(files)
    _claim(named, archive)
    check_here(os.fspath(archive))
    path = os.path.realpath(archive)
    with open_to_read(path) as stream, NewFiles(force=True) as new:
        status = os.fstat(stream.fileno())
        contents = Contents(stream, job)
        known = [name if known is None else known for known in contents.names]
        check_names([*filter(None, known), *named])
        rights = [Rights.like(status, stream.fileno())]
        new.begin(path)
        write_archive(new, _opened(named, rights), recipe, job, Old(contents, name))
        check_unchanged(path, Identity.of(status), "nothing is added to it")
        new.commit(Rights.common(rights), durable=True)


class Source(NamedTuple):
    """What becomes a file of an archive."""

    stream: BinaryIO
    name: str | None = None
    """None: the only file, which needs no name."""
    place: str | None = None
    """What an error about it is about, if not its name."""
    shared: Shared | None = None
    """The file, if others may be able to read it."""


class Old(NamedTuple):
    """An archive that gets more files."""

    contents: Contents
    name: str | None
    """For the file in it, if that has none."""


def write_archive(
    target: Sink,
    sources: Iterable[Source],
    recipe: Recipe,
    job: Job,
    old: Old | None = None,
    journal: Journal | None = None,
) -> ArchiveWriter:
    """The one way from files to an archive, for Python and the command line.

    ``sources`` are asked for one after the other, so that each may be opened when it is its turn.
    ``old``: what the archive begins with, as it is stored. ``journal``: of a new archive; see
    `ArchiveWriter`.
    Returns the writer, which knows the sizes and digests. Errors of a source have its place.
    """
    if old is None:
        writer = ArchiveWriter(target, recipe, job, journal)
    else:
        writer = Appender(target, recipe, old.contents, old.name, job)
    with writer:
        for source in sources:
            try:
                writer.add(source.stream, source.name, source.shared)
            except AcgzError as error:
                error.place = error.place or source.place or source.name
                raise
        writer.finish()
        return writer


def check_here(archive: str) -> None:
    """UsageError for an archive behind an address: nothing can be added to those."""
    if is_address(archive):
        raise UsageError("only an archive on this machine can get more files")


def check_names(names: Sequence[str]) -> None:
    """UsageError if files of these names cannot be in one archive."""
    fault = fault_among(names)
    if fault:
        raise UsageError(fault)


def _named(
    files: Iterable[str | os.PathLike[str]] | Mapping[str, _File],
) -> Mapping[str, _File]:
    """Files by the names that they will have; UsageError if no archive can have them."""
    if isinstance(files, Mapping):
        check_names(list(files))
        return files
    paths = [os.fspath(file) for file in files]
    names = [os.path.basename(name_of(path) if is_address(path) else path) for path in paths]
    check_names(names)
    return dict(zip(names, paths, strict=True))


def _claim(files: Mapping[str, _File], target: str | os.PathLike[str]) -> None:
    """UsageError if the ``target`` is one of the files."""
    paths = (file for file in files.values() if isinstance(file, str | os.PathLike))
    Claims(paths).output(target, "the archive")


def _opened(files: Mapping[str, _File], rights: list[Rights]) -> Iterator[Source]:
    """The ``files``, opened one after the other; their rights are added to ``rights``."""
    for name, file in files.items():
        if not isinstance(file, str | os.PathLike):
            yield Source(file, name)
            continue
        with open_to_read(file) as stream:
            status = status_of(stream)
            if status is not None:
                rights.append(Rights.like(status, stream.fileno()))
            yield Source(stream, name, masked(os.fspath(file)))


def job_for(
    threads: int,
    memory_limit: int = MEMORY_LIMIT,
    progress: Progress | None = None,
    memory: int | None = None,
) -> Job:
    """How to run; UsageError for what is no whole number above 0."""
    job = Job(
        _above_zero("threads", threads),
        _above_zero("memory_limit", memory_limit),
        progress or Progress(),
    )
    return job if memory is None else replace(job, memory=_above_zero("memory", memory))


def _above_zero(name: str, value: int) -> int:
    try:
        number = operator.index(value)
    except TypeError:
        number = 0
    if number < 1:
        raise UsageError(f"{name} is a whole number above 0, not {value!r:.60}")
    return number
