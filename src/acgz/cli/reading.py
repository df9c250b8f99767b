"""Reads an archive from beginning to end, for the commands that decompress."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable

from acgz.cli import job
from acgz.cli.inputs import open_input
from acgz.cli.progress import ProgressBar
from acgz.codec import MEMORY_LIMIT, Job
from acgz.container.contents import Contents
from acgz.container.format import FileStart
from acgz.container.reader import read_archive
from acgz.errors import AcgzError


def read_through(
    args: argparse.Namespace, file: str, take: Callable[[FileStart | bytes], None]
) -> int:
    """Give ``take`` the start of every file in the archive and then its text, piece by piece.

    When this returns, everything is verified. Returns the bytes of text. Raises what
    `read_archive` raises, InputError, and what ``take`` raises.
    """
    total = _text_size(file) if sys.stderr.isatty() and not args.quiet else None
    with open_input(file) as source, ProgressBar(args, file, total) as bar:
        how = Job(args.threads, args.memory_limit or MEMORY_LIMIT, bar.progress)

        def read() -> None:
            for event in read_archive(source.stream, how):
                take(event)

        job.run(read, bar.watch)
        return bar.progress.position


def _text_size(file: str) -> int | None:
    """What the archive will restore, in bytes, if it is a file that can tell."""
    if not os.path.isfile(file):
        return None
    try:
        with open(file, "rb") as stream:
            return Contents(stream).claimed_text_size()
    except (AcgzError, OSError):  # the reading itself will say what is wrong
        return None
