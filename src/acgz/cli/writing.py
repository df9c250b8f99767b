"""Writes archives, for the command that compresses."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from acgz.cli import job, messages
from acgz.cli.inputs import Input, open_input
from acgz.cli.options import settings_of
from acgz.cli.outputs import FileOutput, Output, StandardOutput
from acgz.cli.paths import SUFFIX, own_name, remove, same_file
from acgz.cli.progress import ProgressBar
from acgz.codec import Job
from acgz.container.blocks import DEFAULT_BLOCK_SIZE, Recipe
from acgz.container.contents import Contents
from acgz.container.format import MAGIC
from acgz.container.reader import read_archive
from acgz.container.writer import ArchiveWriter
from acgz.errors import AcgzError, DamagedError, UsageError
from acgz.modes import DEFAULT_MODE


class Compression:
    """What the arguments say, ready for any number of archives."""

    def __init__(self, args: argparse.Namespace) -> None:
        settings = settings_of(args)
        self._args = args
        self._recipe = Recipe.of(
            args.mode or DEFAULT_MODE, settings, args.block or DEFAULT_BLOCK_SIZE
        )

    def pack(self, file: str) -> None:
        """One file, one archive."""
        with self._open(file) as source:
            target = self._args.output
            if target is None and file != "-" and not self._args.stdout:
                target = own_name(file, source) + SUFFIX
            with self._new_output(target) as out:
                self._write(out, lambda writer: writer.add(source.stream), [file], source.size)

    def pack_together(self, files: Sequence[str]) -> None:
        """Several files, one archive. They have the last parts of their paths as names in it."""
        total = sum(os.path.getsize(file) for file in files if os.path.isfile(file))
        with self._new_output(self._args.output) as out:
            self._write(out, lambda writer: self._add_each(writer, files), files, total)

    def _add_each(self, writer: ArchiveWriter, files: Sequence[str]) -> None:
        for file in files:
            try:
                with self._open(file) as source:
                    writer.add(source.stream, os.path.basename(own_name(file, source)))
            except AcgzError as error:
                raise type(error)(f"{file}: {error}") from error

    @contextmanager
    def _open(self, file: str) -> Iterator[Input]:
        if self._args.output and same_file(file, self._args.output):
            raise UsageError("the output would replace the input")
        with open_input(file, unpack=not self._args.raw) as source:
            if source.head.startswith(MAGIC) and not self._args.force:
                raise UsageError("is an acgz archive already (-f compresses it once more)")
            if source.packing is not None:
                messages.remark(
                    self._args,
                    f"{file}: compressing the content of this {source.packing.name} file "
                    "(--raw keeps the file as it is)",
                )
            yield source

    def _new_output(self, target: str | None) -> Output:
        if target is None or target == "-":
            if sys.stdout.isatty() and not self._args.force:
                raise UsageError("an archive is not for a terminal: use -o, or -f if you mean it")
            return StandardOutput()
        return FileOutput(Path(target), force=self._args.force)

    def _write(
        self,
        out: Output,
        add: Callable[[ArchiveWriter], object],
        files: Sequence[str],
        total: int | None,
    ) -> None:
        """Write an archive, give it its name, and do what is to be done with the ``files``."""
        verify = self._args.verify or self._args.rm
        if verify and out.part is None:
            raise UsageError("--verify and --rm read the archive again, so it has to be a file")
        label = files[0] if len(files) == 1 else out.name
        with ProgressBar(self._args, label, total) as bar:
            progress = bar.progress
            how = Job(self._args.threads, progress=progress)
            writer = ArchiveWriter(out, self._recipe, how)

            def compress() -> None:
                add(writer)
                writer.finish()

            job.run(compress, bar.watch)
        if verify and out.part is not None:
            out.flush()
            self._verify(out.part, writer.digests, label, progress.position)
        like = files[0] if len(files) == 1 and os.path.isfile(files[0]) else None
        out.commit(like, durable=self._args.rm)
        share = f" ({100 * writer.size / progress.position:.1f} %)" if progress.position else ""
        messages.report(
            self._args, f"{label}: {progress.position:,} bytes -> {writer.size:,} bytes{share}"
        )
        if self._args.rm:
            remove(files)

    def _verify(self, part: Path, digests: list[bytes], label: str, total: int) -> None:
        """Decompress what is on the disk now, and compare it with what was read."""
        with (
            open(part, "rb") as stream,
            ProgressBar(self._args, f"{label} (verifying)", total) as bar,
        ):
            how = Job(self._args.threads, progress=bar.progress)

            def decompress() -> None:
                if list(Contents(stream).digests) != digests:
                    raise DamagedError("the archive does not hold what was read; the disk may fail")
                stream.seek(0)
                for _ in read_archive(stream, how):
                    pass

            job.run(decompress, bar.watch)
