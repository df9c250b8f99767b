"""``acgz compress``: files to archives."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from acgz.cli import (
    background,
    interrupts,
    messages,
    mode_options,
    options,
    resuming,
    side_by_side,
)
from acgz.cli.gathering import Found, listed
from acgz.cli.inputs import Glance, Input, Unpack, glance, open_input
from acgz.cli.messages import Remarks
from acgz.cli.outputs import FileOutput, Output, claim, is_special, open_output
from acgz.cli.together import Together
from acgz.cli.watching import Plan, ProgressBar, Whole
from acgz.errors import DamagedError, InputError, UsageError
from acgz.places import Claims, check_once, check_removable, is_folder, remove
from acgz.remote.address import is_address
from acgz.rights import Rights
from acgz.staging import journal_of

if TYPE_CHECKING:
    from acgz.container.blocks import Recipe
    from acgz.container.journal import Journal
    from acgz.creating import Old, Source
    from acgz.crew import Crew

SUFFIX = ".acgz"

_UNPACKED = 6
"""Times the size of a packed file that its content has at most, as far as room for it is reckoned:
FASTA in gzip is 3 to 5 times as long."""

DESCRIPTION = """\
Compresses every FILE to FILE.acgz, or all of them into one archive with -o or -c: several files, or
folders with all that is in them, under the names that they have here. Any file comes back byte for
byte; FASTA and raw sequence become small. Files in gzip, xz or zstd whose names say so are
compressed as their content, without the .gz, .xz or .zst."""


def declare(parser: options.Parser) -> None:
    """``compress``."""
    parser.description = DESCRIPTION
    _declare(parser)
    parser.prepare = partial(mode_options.extend, parser, _declare)
    parser.set_defaults(main=main)


def _declare(parser: argparse.ArgumentParser) -> None:
    options.add_files(parser, "files to compress, with -o or -c also folders")
    options.add_output(parser, "the archive, of one file or of several")
    parser.add_argument(
        "--resume",
        action="store_true",
        help="keep what is coded in a journal beside the archive, and go on from there if a run "
        "with --resume has been cut off before",
    )
    add_compressing(parser)
    options.add_threads(parser)
    options.add_memory(parser)
    options.add_cluster(parser)
    options.add_messages(parser)


def add_compressing(parser: argparse.ArgumentParser) -> None:
    """Options that say what is compressed, and how."""
    parser.add_argument(
        "-m", "--mode", help='how to compress; "acgz modes" lists them (default: plus)'
    )
    parser.add_argument(
        "--verify", action="store_true", help="decompress the archive again and compare"
    )
    parser.add_argument(
        "--raw", action="store_true", help="compress gz, xz and zst files as the bytes they are"
    )
    parser.add_argument(
        "--block",
        type=options.size,
        metavar="SIZE",
        help="text that is coded together (default 64M, most 512M); small blocks for random access",
    )
    parser.add_argument(
        "--files-from",
        type=options.path,
        metavar="LIST",
        help="compress what is named in this file too, one in each line (-: standard input)",
    )
    parser.add_argument(
        "-0", "--null", action="store_true", help="names in LIST end with a zero byte, not a line"
    )
    parser.add_argument(
        "--follow", action="store_true", help="follow symbolic links in folders; else left out"
    )


def main(args: argparse.Namespace) -> int:
    compression = replace(
        Compression.of(args),
        output="-" if args.stdout else args.output,
        force=args.force,
        remove=args.rm,
        resume=args.resume,
        verify=args.verify or args.rm,
    )
    words, lists = words_of(args)
    with compression.crew:
        return compression.run(words if lists else words or ["-"], lists)


def words_of(args: argparse.Namespace) -> tuple[list[str], list[str]]:
    """The files and folders that are named, and the list that names some of them, if there is one.

    Raises InputError if that cannot be read.
    """
    if args.files_from is None:
        return args.files, []
    return [*args.files, *listed(args.files_from, zeros=args.null)], [args.files_from]


@dataclass(frozen=True)
class Compression:
    """What is to be done, for any number of files."""

    recipe: Recipe
    verify: bool
    raw: bool
    follow: bool
    threads: int
    memory: int
    quiet: bool
    verbose: bool
    remarks: Remarks
    crew: Crew
    whole: Whole = field(default_factory=Whole)
    output: str | None = None
    """A path, "-", or None: beside every file."""
    force: bool = False
    remove: bool = False
    resume: bool = False

    @classmethod
    def of(cls, args: argparse.Namespace) -> Compression:
        """What the options of `add_compressing` and the settings of the mode say."""
        from acgz.container.blocks import DEFAULT_BLOCK_SIZE, Recipe
        from acgz.modes import DEFAULT_MODE

        mode = args.mode or DEFAULT_MODE
        settings = mode_options.chosen(mode, mode_options.flags_of(args), args.set)
        return cls(
            recipe=Recipe.of(mode, settings, args.block or DEFAULT_BLOCK_SIZE),
            verify=args.verify,
            raw=args.raw,
            follow=args.follow,
            threads=args.threads,
            memory=args.memory,
            quiet=args.quiet,
            verbose=args.verbose,
            remarks=Remarks(args),
            crew=options.crew_of(args),
        )

    def run(self, files: Sequence[str], lists: Sequence[str]) -> int:
        """Compress the files; return the exit code. ``lists``: what else is an input."""
        if self.resume and "-" in files:
            raise UsageError("--resume reads the input again, which standard input cannot be")
        if self.output and (lists or len(files) != 1 or is_folder(files[0])):
            with interrupts.raised(), self.remarks:
                Together.gather(self, files, lists).pack(self.output)
            return 0
        check_once(files)
        claims = Claims([*files, *lists, *self.recipe.settings.files()])
        for file in files:
            self.claim(claims, self._target(file, self.glance(Found(file, file)).name), file)
        self.whole.expect(self._size(file) for file in files)
        with self.remarks:
            return side_by_side.for_each(
                files, lambda file: self._pack(file, claims), self.crew, self.whole, self._held
            )

    def _held(self, file: str) -> int:
        """Bytes of a file that wait to be coded, at most."""
        size = os.path.getsize(file) if _is_here(file) else None
        packed = size is not None and self.glance(Found(file, file)).name != file
        most = self.recipe.block_size
        return most if size is None else min(most, size * (_UNPACKED if packed else 1))

    def _size(self, file: str) -> int | None:
        """Bytes that will be compressed of a file, if that is known before it is opened."""
        if not _is_here(file) or self.glance(Found(file, file)).name != file:
            return None
        return os.path.getsize(file)

    @property
    def _unpack(self) -> Unpack:
        return "never" if self.raw else "named"

    def glance(self, found: Found) -> Glance:
        """What can be seen of a file at once."""
        return glance(found.path, found.name, unpack=self._unpack)

    def _target(self, file: str, content: str) -> str:
        """Where the archive of a file goes; ``content``: the name of what is in it."""
        return self.output or ("-" if file == "-" else content + SUFFIX)

    def _pack(self, file: str, claims: Claims) -> None:
        """One file, one archive."""
        from acgz.creating import Source

        if is_folder(file):
            raise InputError("is a folder: -o names one archive for what is in it")
        self.check(self._target(file, file), [file])
        if self.resume and not (self.force or self.remove) and self._is_complete(file):
            self.remarks.say(file, "is compressed already")
            return
        with self.open(Found(file, file)) as source:
            target = self._target(file, source.name_of(file))
            self.claim(claims, target, file)
            with open_output(target, force=self.force) as out, self.journal(target) as journal:
                sources = [Source(source.stream, shared=source.shared(file))]
                self.write(out, sources, file, source.size, journal=journal)
                rights = source.rights or Rights.usual()
                self.commit(out, rights.restricted() if file == "-" else rights, journal)
        if self.remove and source.identity is not None:
            remove([(file, source.identity)])

    def _is_complete(self, file: str) -> bool:
        """Whether an earlier run has made the archive of a file."""
        with open_input(file, unpack=self._unpack) as source:
            target = self._target(file, source.name_of(file))
            return resuming.is_archive_of(target, source, self.recipe)

    def journal(self, target: str) -> AbstractContextManager[Journal | None]:
        """The journal of an archive; None without --resume."""
        if not self.resume:
            return nullcontext()
        return resuming.journal(target, self.recipe, self.remarks)

    def commit(self, out: Output, rights: Rights, journal: Journal | None) -> None:
        """The archive is complete: it gets its name, and needs no journal."""
        out.commit(rights, durable=self.remove or self.resume)
        resuming.end(out, journal)

    def claim(self, claims: Claims, target: str, owner: str) -> None:
        """Refuse an archive, or a journal of it, that is an input or another output."""
        claim(claims, target, owner)
        if self.resume and target != "-" and not is_address(target):
            claim(claims, str(journal_of(Path(target))), owner)

    def check(self, target: str, files: Sequence[str]) -> None:
        """UsageError, before anything is opened, for what cannot be done with these."""
        if self.resume and (is_special(target) or is_address(target)):
            raise UsageError("--resume keeps a journal beside the archive, which has to be here")
        for file in files if self.resume else ():
            if os.path.exists(file) and not os.path.isfile(file):
                raise UsageError(f"{file} cannot be read again, as --resume does")
        if self.verify and (is_special(target) or is_address(target)):
            raise UsageError("--verify and --rm read the archive again, so it has to be here")
        if self.remove:
            for file in files:
                check_removable(file)
        if target == "-" and not self.force and sys.stdout is not None and sys.stdout.isatty():
            raise UsageError("an archive is not for a terminal: use -o, or -f if you mean it")

    @contextmanager
    def open(self, found: Found) -> Iterator[Input]:
        """Open a file for reading, and say what is done with it if that is not all."""
        from acgz.container.format import MAGIC

        file = found.path
        with open_input(file, unpack=self._unpack, inode=found.inode) as source:
            if source.head.startswith(MAGIC) and not self.force:
                if found.inode is None:
                    raise UsageError("is an acgz archive already (-f compresses it once more)")
                self.remarks.say(file, "this archive is kept as the bytes that it is")
            if source.unpacked is not None:
                self.remarks.say(
                    file,
                    f"compressing the content of this {source.unpacked.name} file "
                    "(--raw keeps the file as it is)",
                )
            elif source.packed:
                self.remarks.say(_shown(file), f"stays packed inside: {source.packed}")
            yield source

    def write(
        self,
        out: Output,
        sources: Iterable[Source],
        label: str,
        total: int | None,
        *,
        old: Old | None = None,
        journal: Journal | None = None,
    ) -> None:
        """Write an archive, and verify it if that is wanted. It has no name yet.

        ``old``: what it begins with. ``journal``: where coded blocks are kept.
        """
        from acgz.codec import Job
        from acgz.creating import write_archive

        job = Job(self.threads, memory=self.memory, crew=self.crew)
        plan = None if total is None else Plan.of(self.recipe, total, job)
        with ProgressBar(self, _shown(label), total, self.whole, plan) as bar:
            job = replace(job, progress=bar.progress)
            writer = background.run(
                lambda: write_archive(out, sources, self.recipe, job, old, journal), bar.watch
            )
        before, after = bar.progress.position, writer.size
        if old is not None:
            after -= old.contents.size
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
            job = Job(self.threads, progress=bar.progress, memory=self.memory, crew=self.crew)

            def decompress() -> None:
                if list(Contents(stream).digests) != digests:
                    raise DamagedError("the archive does not hold what was read; the disk may fail")
                stream.seek(0)
                for _ in read_archive(stream, job):
                    pass

            background.run(decompress, bar.watch)


def _shown(file: str) -> str:
    return "standard input" if file == "-" else file


def _is_here(file: str) -> bool:
    """True for a regular file of this machine."""
    return not is_address(file) and os.path.isfile(file)
