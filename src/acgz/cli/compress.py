"""``acgz compress``: files to archives."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from acgz.cli import job, messages, options
from acgz.errors import AcgzError, DamagedError, UsageError

if TYPE_CHECKING:
    from acgz.cli.inputs import Input
    from acgz.cli.outputs import Output

SUFFIX = ".acgz"

DESCRIPTION = """\
Compresses every FILE to FILE.acgz, or all of them into one archive with -o or -c. Any file comes
back byte for byte; FASTA and raw sequence become small. Files in gzip, xz or zstd are compressed
as their content, without the .gz, .xz or .zst."""


def subparser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("compress", help="compress files", description=DESCRIPTION)
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
        help="text that is coded together; small blocks for random access (default: 512M)",
    )
    parser.add_argument(
        "--lanes",
        type=options.count,
        metavar="N",
        help="lanes to code in lockstep, where a mode can",
    )
    options.add_threads(parser)
    options.add_messages(parser)
    parser.set_defaults(main=main)


def main(args: argparse.Namespace) -> int:
    files: list[str] = args.files or ["-"]
    compression = _Compression(args)
    if len(files) > 1 and (args.output or args.stdout):
        compression.pack_together(files)
        return 0
    return messages.for_each(files, compression.pack)


class _Compression:
    """What the arguments say, ready for any number of archives."""

    def __init__(self, args: argparse.Namespace) -> None:
        from acgz.codecs.modes import DEFAULT_MODE, get_mode
        from acgz.container.blocks import DEFAULT_BLOCK_SIZE, Recipe

        settings = {"lanes": args.lanes} if args.lanes else {}
        mode = get_mode(args.mode or DEFAULT_MODE)
        self._args = args
        self._recipe = Recipe.of_mode(mode, settings, args.block or DEFAULT_BLOCK_SIZE)

    def pack(self, file: str) -> None:
        """One file, one archive."""
        with self._open(file) as source:
            target = self._args.output
            if target is None and file != "-" and not self._args.stdout:
                target = _own_name(file, source) + SUFFIX
            with self._new_output(target) as out:
                self._write(out, [(None, source)], [file], source.size)

    def pack_together(self, files: Sequence[str]) -> None:
        """Several files, one archive. They have the last parts of their paths as names in it."""
        total = sum(os.path.getsize(file) for file in files if os.path.isfile(file))
        with self._new_output(self._args.output) as out:
            self._write(out, self._open_each(files), files, total)

    def _open_each(self, files: Sequence[str]) -> Iterator[tuple[str, Input]]:
        for file in files:
            try:
                with self._open(file) as source:
                    yield os.path.basename(_own_name(file, source)), source
            except AcgzError as error:
                raise type(error)(f"{file}: {error}") from error

    @contextmanager
    def _open(self, file: str) -> Iterator[Input]:
        from acgz.cli.inputs import open_input
        from acgz.container.format import MAGIC

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
        from acgz.cli.outputs import FileOutput, StandardOutput

        if target is None or target == "-":
            if sys.stdout.isatty() and not self._args.force:
                raise UsageError("an archive is not for a terminal: use -o, or -f if you mean it")
            out: Output = StandardOutput()
        else:
            out = FileOutput(Path(target), force=self._args.force)
        if out.part is None and (self._args.verify or self._args.rm):
            raise UsageError("--verify and --rm read the archive again, so it has to be a file")
        return out

    def _write(
        self,
        out: Output,
        members: Iterable[tuple[str | None, Input]],
        files: Sequence[str],
        total: int | None,
    ) -> None:
        """Write an archive, give it its name, and do what is to be done with the ``files``."""
        from acgz.cli.progress import Progress
        from acgz.codecs.base import Work
        from acgz.container.writer import ArchiveWriter

        label = files[0] if len(files) == 1 else out.name
        with Progress(self._args, label, total) as progress:
            meter = progress.meter
            writer = ArchiveWriter(
                out, self._recipe, Work(self._args.threads, meter.residues), meter
            )

            def compress() -> list[bytes]:
                digests = [writer.add(source.stream, name) for name, source in members]
                writer.finish()
                return digests

            digests = job.run(compress, progress.watch)
        if self._args.verify or self._args.rm:
            self._verify(out, digests, label, meter.position)
        like = files[0] if len(files) == 1 and os.path.isfile(files[0]) else None
        out.commit(like, durable=self._args.rm)
        share = f" ({100 * writer.size / meter.position:.1f} %)" if meter.position else ""
        messages.report(
            self._args, f"{label}: {meter.position:,} bytes -> {writer.size:,} bytes{share}"
        )
        if self._args.rm:
            remove(files)

    def _verify(self, out: Output, digests: list[bytes], label: str, total: int) -> None:
        """Decompress what is on the disk now, and compare it with what was read."""
        from acgz.cli.progress import Progress
        from acgz.codecs.base import Work
        from acgz.container.indexed import IndexedReader
        from acgz.container.reader import read_archive

        out.flush()
        if out.part is None:
            raise UsageError("only a file can be verified")
        with (
            open(out.part, "rb") as stream,
            Progress(self._args, f"{label} (verifying)", total) as bar,
        ):
            work = Work(self._args.threads, bar.meter.residues)

            def decompress() -> None:
                if [member.sha256 for member in IndexedReader(stream).members] != digests:
                    raise DamagedError("the archive does not hold what was read; the disk may fail")
                stream.seek(0)
                for _ in read_archive(stream, work, bar.meter):
                    pass

            job.run(decompress, bar.watch)


def same_file(file: str, output: str) -> bool:
    """True if both are one file on the disk."""
    return os.path.exists(file) and os.path.exists(output) and os.path.samefile(file, output)


def remove(files: Iterable[str]) -> None:
    """Delete the files that could be read and are safe elsewhere now; not standard input."""
    for file in files:
        if os.path.isfile(file):
            os.remove(file)


def _own_name(file: str, source: Input) -> str:
    """The name of what is compressed: without the ending of a compression that was undone."""
    for suffix in source.packing.suffixes if source.packing else ():
        if file.lower().endswith(suffix) and len(os.path.basename(file)) > len(suffix):
            return file[: -len(suffix)]
    return file
