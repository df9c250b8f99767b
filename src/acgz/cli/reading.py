"""Reads archives from beginning to end, for the commands that decompress all of them."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from acgz.cli import background, log, messages, options, side_by_side
from acgz.cli.inputs import Input, may_seek, open_seekable
from acgz.cli.watching import ProgressBar, Whole
from acgz.errors import AcgzError, DamagedError, UsageError
from acgz.remote.address import is_address

if TYPE_CHECKING:
    from acgz.codec import Job
    from acgz.container.choosing import Choice
    from acgz.container.format import FileStart
    from acgz.crew import Crew
    from acgz.progress import Progress


@dataclass(frozen=True)
class Reading:
    """How archives are read from beginning to end."""

    memory_limit: int
    threads: int
    memory: int
    quiet: bool
    verbose: bool
    crew: Crew
    whole: Whole = field(default_factory=Whole)

    @classmethod
    def of(cls, args: argparse.Namespace) -> Reading:
        from acgz.codec import MEMORY_LIMIT

        limit = args.memory_limit or MEMORY_LIMIT
        crew = options.crew_of(args)
        return cls(limit, args.threads, args.memory, args.quiet, args.verbose, crew)

    def for_each(self, files: Sequence[str], work: Callable[[str], int | None]) -> int:
        """`side_by_side.for_each` for archives."""
        return side_by_side.for_each(files, work, self.crew, self.whole, _held)

    def _job(self, progress: Progress) -> Job:
        from acgz.codec import Job

        return Job(self.threads, self.memory_limit, progress, self.memory, self.crew)

    def through(self, file: str, source: Input, take: Callable[[FileStart | bytes], None]) -> int:
        """Give ``take`` the start of every file in the archive and then its text, piece by piece.

        When this returns, everything is verified. Returns the bytes of text. Raises what
        `read_archive` raises, and what ``take`` raises.
        """
        from acgz.container.reader import read_archive

        with ProgressBar(self, file, self._text_size(file), self.whole) as bar:
            job = self._job(bar.progress)

            def read() -> None:
                for event in read_archive(source.stream, job):
                    take(event)

            background.run(read, bar.watch)
            return bar.progress.position

    def expect(self, files: Sequence[str]) -> None:
        """These are the archives, for the bar."""
        self.whole.expect(self._text_size(file) for file in files)

    def _text_size(self, file: str) -> int | None:
        """What an archive will restore, if somebody wants to know it and it can tell."""
        wanted = log.is_wanted() or (messages.watched() and not self.quiet)
        return _text_size(file) if wanted else None

    def chosen(
        self, file: str, source: Input, choice: Choice, take: Callable[[FileStart | bytes], None]
    ) -> int:
        """Give ``take`` the start of every chosen file and then its text, piece by piece.

        Only the blocks that have something of them are decoded. NotInArchiveError for what is not
        there, before anything is given if ``file`` is no pipe; else what `through` raises.
        """
        from acgz.container import choosing
        from acgz.container.contents import Contents

        size = 0
        with ExitStack() as opened:
            bar = opened.enter_context(ProgressBar(self, file, None))
            job = self._job(bar.progress)
            stream = opened.enter_context(open_seekable(file))

            def read() -> None:
                nonlocal size
                if stream is not None:
                    events = choosing.from_contents(Contents(stream, job), choice, job)
                else:
                    events = choosing.from_stream(source.stream, choice, job)
                for event in events:
                    size += len(event) if isinstance(event, bytes) else 0
                    take(event)

            background.run(read, bar.watch)
        return size

    def salvage(self, file: str, take: Callable[[FileStart | bytes], None]) -> list[DamagedError]:
        """`through` for what is left of a damaged file; returns what is wrong with it.

        UsageError for a pipe, or if a server gives no parts of it.
        """
        from acgz.container.salvage import salvage
        from acgz.container.source import Places

        found: list[DamagedError] = []
        bar = ProgressBar(self, file, _text_size(file))
        with open_seekable(file) as stream, bar:
            if stream is None:
                raise UsageError("--keep-going wants an archive that can be read at any place")
            places = Places(stream)
            job = self._job(bar.progress)

            def read() -> None:
                for event in salvage(places, job):
                    if isinstance(event, DamagedError):
                        found.append(event)
                    else:
                        take(event)

            background.run(read, bar.watch)
        return found


def _held(file: str) -> int:
    """Bytes of an archive that are held while it is read, at most."""
    from acgz.container.blocks import DEFAULT_BLOCK_SIZE

    here = may_seek(file) and not is_address(file)
    return min(os.path.getsize(file) if here else DEFAULT_BLOCK_SIZE, DEFAULT_BLOCK_SIZE)


def _text_size(file: str) -> int | None:
    """What the archive will restore, in bytes, if it is a file that can tell."""
    from acgz.container.contents import Contents

    try:
        with open_seekable(file) as stream:
            return None if stream is None else Contents(stream).text_size
    except (AcgzError, OSError):  # the reading itself will say what is wrong
        return None
