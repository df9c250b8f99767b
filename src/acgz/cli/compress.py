"""``acgz compress``: files to archives."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from acgz.cli import background, interrupts, messages, mode_options, options
from acgz.cli.background import ProgressBar
from acgz.cli.inputs import Input, named_content, open_input
from acgz.cli.outputs import FileOutput, Output, claim, is_special, open_output
from acgz.errors import AcgzError, DamagedError, UsageError
from acgz.places import Claims, check_removable, remove
from acgz.rights import Rights

if TYPE_CHECKING:
    from acgz.api import Source
    from acgz.container.blocks import Recipe

SUFFIX = ".acgz"

DESCRIPTION = """\
Compresses every FILE to FILE.acgz, or all of them into one archive with -o or -c. Any file comes
back byte for byte; FASTA and raw sequence become small. Files in gzip, xz or zstd whose names say
so are compressed as their content, without the .gz, .xz or .zst."""


def declare(parser: options.Parser) -> None:
    """``compress``."""
    parser.description = DESCRIPTION
    _declare(parser)
    parser.prepare = partial(mode_options.extend, parser, _declare)
    parser.set_defaults(main=main)


def _declare(parser: argparse.ArgumentParser) -> None:
    options.add_files(parser, "files to compress")
    parser.add_argument(
        "-m", "--mode", help='how to compress; "acgz modes" lists them (default: plus)'
    )
    options.add_output(parser, "the archive, of one file or of several")
    parser.add_argument(
        "--verify", action="store_true", help="decompress the archive again and compare (--rm too)"
    )
    parser.add_argument(
        "--raw", action="store_true", help="compress gz, xz and zst files as the bytes they are"
    )
    parser.add_argument(
        "--block",
        type=options.size,
        metavar="SIZE",
        help="text that is coded together; small blocks for random access (default and most: 512M)",
    )
    options.add_threads(parser)
    options.add_messages(parser)


def main(args: argparse.Namespace) -> int:
    from acgz.container.blocks import DEFAULT_BLOCK_SIZE, Recipe
    from acgz.modes import DEFAULT_MODE

    mode = args.mode or DEFAULT_MODE
    settings = mode_options.chosen(mode, mode_options.flags_of(args), args.set)
    compression = Compression(
        recipe=Recipe.of(mode, settings, args.block or DEFAULT_BLOCK_SIZE),
        output="-" if args.stdout else args.output,
        force=args.force,
        remove=args.rm,
        verify=args.verify or args.rm,
        raw=args.raw,
        threads=args.threads,
        quiet=args.quiet,
        verbose=args.verbose,
    )
    return compression.run(args.files or ["-"])


@dataclass(frozen=True)
class Compression:
    """What is to be done, for any number of files."""

    recipe: Recipe
    output: str | None
    """A path, "-", or None: beside every file."""
    force: bool
    remove: bool
    verify: bool
    raw: bool
    threads: int
    quiet: bool
    verbose: bool

    def run(self, files: Sequence[str]) -> int:
        """Compress the files; return the exit code."""
        claims = Claims(files)
        if self.output and len(files) > 1:
            claim(claims, self.output, "all files")
            with interrupts.raised():
                self._pack_together(files, self.output)
            return 0
        for file in files:
            claim(claims, self._target(file, self._planned_name(file)), file)
        return messages.for_each(files, lambda file: self._pack(file, claims))

    def _planned_name(self, file: str) -> str:
        return file if self.raw else named_content(file)

    def _target(self, file: str, content: str) -> str:
        """Where the archive of a file goes; ``content``: the name of what is in it."""
        return self.output or ("-" if file == "-" else content + SUFFIX)

    def _pack(self, file: str, claims: Claims) -> None:
        """One file, one archive."""
        from acgz.api import Source

        self._check(self._target(file, file), [file])
        with self._open(file) as source:
            target = self._target(file, _content_name(file, source))
            claim(claims, target, file)
            with open_output(target, force=self.force) as out:
                self._write(out, iter([Source(source.stream)]), file, source.size)
                rights = source.rights or Rights.usual()
                out.commit(rights.restricted() if file == "-" else rights, durable=self.remove)
        if self.remove and source.identity is not None:
            remove([(file, source.identity)])

    def _pack_together(self, files: Sequence[str], target: str) -> None:
        """Several files, one archive. They have the last parts of their paths as names in it."""
        from acgz.api import check_names

        if "-" in files:
            raise UsageError("standard input has no name for an archive of several files")
        check_names([_archive_name(self._planned_name(file)) for file in files])
        self._check(target, files)
        total = sum(os.path.getsize(file) for file in files if os.path.isfile(file))
        read: list[tuple[str, Input]] = []
        with open_output(target, force=self.force) as out:
            self._write(out, self._sources(files, read), out.name, total)
            rights = [source.rights for _, source in read if source.rights is not None]
            out.commit(Rights.common(rights), durable=self.remove)
        if self.remove:
            remove([(file, source.identity) for file, source in read if source.identity])

    def _sources(self, files: Sequence[str], read: list[tuple[str, Input]]) -> Iterator[Source]:
        """The files, each opened when it is its turn and then added to ``read``."""
        from acgz.api import Source

        for file in files:
            try:
                with self._open(file) as source:
                    read.append((file, source))
                    name = _archive_name(_content_name(file, source))
                    yield Source(source.stream, name, file)
            except AcgzError as error:
                error.place = error.place or file
                raise

    def _check(self, target: str, files: Sequence[str]) -> None:
        """UsageError, before anything is opened, for what cannot be done with these."""
        if self.verify and is_special(target):
            raise UsageError("--verify and --rm read the archive again, so it has to be a file")
        if self.remove:
            for file in files:
                check_removable(file)
        if target == "-" and not self.force and sys.stdout is not None and sys.stdout.isatty():
            raise UsageError("an archive is not for a terminal: use -o, or -f if you mean it")

    @contextmanager
    def _open(self, file: str) -> Iterator[Input]:
        from acgz.container.format import MAGIC

        with open_input(file, unpack="never" if self.raw else "named") as source:
            if source.head.startswith(MAGIC) and not self.force:
                raise UsageError("is an acgz archive already (-f compresses it once more)")
            if source.unpacked is not None:
                messages.remark(
                    self,
                    f"{file}: compressing the content of this {source.unpacked.name} file "
                    "(--raw keeps the file as it is)",
                )
            elif source.packed:
                messages.remark(self, f"{_shown(file)}: stays packed inside: {source.packed}")
            yield source

    def _write(self, out: Output, sources: Iterable[Source], label: str, total: int | None) -> None:
        """Write an archive, and verify it if that is wanted. It has no name yet."""
        from acgz.api import write_archive
        from acgz.codec import Job

        with ProgressBar(self, _shown(label), total) as bar:
            job = Job(self.threads, progress=bar.progress)
            writer = background.run(
                lambda: write_archive(out, sources, self.recipe, job), bar.watch
            )
        before, after = bar.progress.position, writer.size
        if self.verify and isinstance(out, FileOutput):
            out.flush()
            self._verify(out.part, writer.digests, label, before)
        share = f" ({100 * after / before:.1f} %)" if before else ""
        messages.report(self, f"{_shown(label)}: {before:,} bytes -> {after:,} bytes{share}")

    def _verify(self, part: Path, digests: list[bytes], label: str, total: int) -> None:
        """Decompress what is on the disk now, and compare it with what was read."""
        from acgz.codec import Job
        from acgz.container.contents import Contents
        from acgz.container.reader import read_archive

        with open(part, "rb") as stream, ProgressBar(self, f"{label} (verifying)", total) as bar:
            job = Job(self.threads, progress=bar.progress)

            def decompress() -> None:
                if list(Contents(stream).digests) != digests:
                    raise DamagedError("the archive does not hold what was read; the disk may fail")
                stream.seek(0)
                for _ in read_archive(stream, job):
                    pass

            background.run(decompress, bar.watch)


def _content_name(file: str, source: Input) -> str:
    """The name of what is compressed: without the ending of a packing that was undone."""
    return (source.unpacked and source.unpacked.content_name(file)) or file


def _archive_name(file: str) -> str:
    """The name in an archive: UTF-8, whatever the system's encoding of names is."""
    return os.fsencode(os.path.basename(file)).decode("utf-8", "surrogateescape")


def _shown(file: str) -> str:
    return "standard input" if file == "-" else file
