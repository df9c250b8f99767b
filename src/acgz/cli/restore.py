"""``acgz decompress``, ``cat`` and ``test``: all that is in an archive."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from acgz.cli import interrupts, messages, options
from acgz.cli.compress import SUFFIX
from acgz.cli.inputs import Input, may_seek, open_input, open_seekable
from acgz.cli.outputs import claim, is_special, open_output
from acgz.cli.reading import Reading
from acgz.errors import AcgzError, DamagedError, UsageError
from acgz.newfiles import below
from acgz.opening import new_files
from acgz.places import Claims, check_once, check_removable, remove
from acgz.remote.address import ends_as_folder, folder_of, is_address, joined, plain
from acgz.rights import Rights

if TYPE_CHECKING:
    from acgz.container.format import FileStart

DESCRIPTION = """\
Restores what every archive FILE.acgz was made of, beside it. An archive of several files restores
all of them under their names; with NAMEs behind it (files, folders, patterns such as '*.gff') only
these. Nothing appears under its name before its SHA-256 is verified."""

TEST = """\
Decompresses archives, checks everything and writes nothing. Silent if all is well (-v: not
silent)."""


def declare_decompress(parser: options.Parser) -> None:
    """``decompress``."""
    parser.description = DESCRIPTION
    _add_archives(parser)
    options.add_output(parser, "the restored file, or a folder for it")
    parser.add_argument(
        "--keep-going",
        action="store_true",
        help="restore what is intact of a damaged archive, with N for bases that are lost",
    )
    _add_reading(parser)
    parser.set_defaults(main=decompress)


def declare_test(parser: options.Parser) -> None:
    """``test``."""
    parser.description = TEST
    options.add_files(parser, "archives")
    _add_reading(parser)
    parser.set_defaults(main=test)


def declare_cat(parser: options.Parser) -> None:
    """``cat``."""
    parser.description = "Writes what archives were made of to standard output, like decompress -c."
    _add_archives(parser)
    _add_reading(parser)
    parser.set_defaults(main=cat)


def _add_archives(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "files",
        nargs="*",
        metavar="FILE",
        help="archives (none, or -: standard input); or one, and NAMEs of files in it",
    )
    parser.add_argument(
        "--file",
        action="append",
        type=options.path,
        default=[],
        metavar="NAME",
        help="like a NAME; for those that end in .acgz, as further archives do",
    )


def _add_reading(parser: argparse.ArgumentParser) -> None:
    options.add_reference(parser)
    options.add_memory_limit(parser)
    options.add_threads(parser)
    options.add_memory(parser)
    options.add_cluster(parser)
    options.add_messages(parser)


def decompress(args: argparse.Namespace) -> int:
    archives, names = _archives_and_names(args)
    restoring = Restoring(
        reading=Reading.of(args),
        output="-" if args.stdout else args.output,
        force=args.force,
        remove=args.rm,
        keep_going=args.keep_going,
        names=names,
        references=args.reference,
    )
    with restoring.reading.crew:
        return restoring.run(archives)


def test(args: argparse.Namespace) -> int:
    reading = Reading.of(args)

    def check(file: str) -> int:
        try:
            with open_input(file) as source:
                size = reading.through(file, source, lambda event: None)
        except DamagedError as first:
            try:
                found = reading.salvage(file, lambda event: None)
            except UsageError:  # it can be read only once
                found = []
            return messages.complain_all(found or [first], file)
        messages.report(reading, f"{file}: intact, {size:,} bytes")
        return 0

    files = args.files or ["-"]
    options.know_references(args, files)
    reading.expect(files)
    with reading.crew:
        return reading.for_each(files, check)


def cat(args: argparse.Namespace) -> int:
    archives, names = _archives_and_names(args)
    restoring = Restoring(
        Reading.of(args), "-", force=False, remove=False, keep_going=False, names=names
    )
    with restoring.reading.crew:
        return restoring.run(archives)


def _archives_and_names(args: argparse.Namespace) -> tuple[list[str], list[str]]:
    """The archives of a command, and the names of files that are wanted of them.

    The first word is an archive; so are others that end in .acgz, and standard input.
    """
    archives, names = [*args.files[:1]], [*args.file]
    options.know_references(args, args.files)
    for word in args.files[1:]:
        (archives if word == "-" or word.endswith(SUFFIX) else names).append(word)
    if names and len(archives) > 1:
        raise UsageError(f"{names[0]}: no archive ({SUFFIX}), and names of files want just one")
    return archives or ["-"], names


@dataclass(frozen=True)
class Restoring:
    """What is to be done, for any number of archives."""

    reading: Reading
    output: str | None
    """A path, "-", or None: beside every archive."""
    force: bool
    remove: bool
    keep_going: bool
    names: Sequence[str] = ()
    """What is wanted of the archive, as `Choice` takes it; without any, everything."""
    references: Sequence[str] = ()
    """What else is read."""

    def run(self, files: Sequence[str]) -> int:
        """Restore what is in the archives; return the exit code."""
        several = len(files) > 1
        if self.keep_going and self.remove:
            raise UsageError("--rm and --keep-going do not go together")
        if self.names and (self.keep_going or self.remove):
            raise UsageError("--rm and --keep-going are for whole archives, not for files in them")
        if several and self.output not in (None, "-") and not _is_folder(self.output or ""):
            raise UsageError(f"several archives, but {self.output} is not a folder")
        claims = Claims([*files, *self.references])
        if several:
            if self.output is None or not is_special(self.output):
                check_once(files)
            for file in files:
                self._claim_all(file, claims)
        self.reading.expect(files)
        restore = partial(self._restore, claims=claims)
        if self.output == "-" or "-" in files:  # one behind the other, also in the output
            return messages.for_each(files, restore)
        return self.reading.for_each(files, restore)

    def _claim_all(self, file: str, claims: Claims) -> None:
        """What the archive will write, if it is a file that can tell; else it is claimed later."""
        from acgz.container.contents import Contents

        if self._stream_target(file) is not None:
            return
        try:
            with open_seekable(file) as stream:
                names = [] if stream is None else Contents(stream).names
        except (AcgzError, OSError):  # the reading itself will say what is wrong
            return
        for name in names:
            try:
                target = self._target(file, name)
            except AcgzError as error:
                error.place = file
                raise
            claim(claims, target, _owner(file, name))

    def _restore(self, file: str, claims: Claims) -> int:
        """Restore all that is wanted of one archive, or nothing; return the exit code."""
        if self.keep_going and not may_seek(file):
            raise UsageError("--keep-going wants the archive in a file")
        stream = self._stream_target(file)
        if self.remove:
            check_removable(file)
            if stream is not None or is_address(self.output):
                raise UsageError("--rm wants the output in a file here")
        with open_input(file) as source:
            if stream is not None:
                claim(claims, stream, file)
                found = self._to_stream(file, source, stream)
            else:
                found = self._to_files(file, source, claims)
        if found:
            return messages.complain_all(found, file)
        if self.remove and source.identity is not None:
            remove([(file, source.identity)])
        return 0

    def _read(
        self, file: str, source: Input, take: Callable[[FileStart | bytes], None]
    ) -> tuple[list[DamagedError], int]:
        """Give ``take`` what is in the archive; return what is damaged, and the bytes of text."""
        if self.names:
            from acgz.container.choosing import Choice
            from acgz.container.names import decode_name

            choice = Choice([decode_name(os.fsencode(name)) for name in self.names])
            return [], self.reading.chosen(file, source, choice, take)
        if not self.keep_going:
            return [], self.reading.through(file, source, take)
        size = 0

        def count(event: FileStart | bytes) -> None:
            nonlocal size
            size += len(event) if isinstance(event, bytes) else 0
            take(event)

        return self.reading.salvage(file, count), size

    def _to_stream(self, file: str, source: Input, target: str) -> list[DamagedError]:
        with open_output(target, force=True) as out:

            def take(event: FileStart | bytes) -> None:
                if isinstance(event, bytes):
                    out.write(event)
                elif event.name is not None and self.output is None:
                    raise UsageError(
                        "the archive has several files: -o names a folder for them, -c writes "
                        "one after the other"
                    )

            found, size = self._read(file, source, take)
            out.commit()
        self._report(file, size, [out.name])
        return found

    def _to_files(self, file: str, source: Input, claims: Claims) -> list[DamagedError]:
        targets: list[str] = []
        named = file == "-"
        with new_files(self.output or file, force=self.force) as new:

            def take(event: FileStart | bytes) -> None:
                nonlocal named
                if isinstance(event, bytes):
                    new.write(event)
                    return
                target = self._target(file, event.name)
                claim(claims, target, _owner(file, event.name))
                named |= event.name is not None
                new.begin(target, make_folders=event.name is not None)
                targets.append(target)

            found, size = self._read(file, source, take)
            rights = source.rights or Rights.usual()
            with interrupts.held():
                new.commit(rights.restricted() if named else rights, durable=self.remove)
        if found and not targets:
            messages.remark(self.reading, f"{file}: nothing of it is intact, so nothing is written")
        else:
            self._report(file, size, targets)
        return found

    def _report(self, file: str, size: int, targets: Sequence[str]) -> None:
        where = ", ".join(targets) if len(targets) <= 3 else f"{len(targets):,} files"
        messages.report(self.reading, f"{file}: restored {size:,} bytes to {where}")

    def _stream_target(self, file: str) -> str | None:
        """The output for everything that cannot become a file of its own; None if it can."""
        if self.output is None:
            return "-" if file == "-" else None
        return self.output if is_special(self.output) else None

    def _target(self, file: str, name: str | None) -> str:
        """The file that ``name`` is restored to; None: the only one of the archive ``file``."""
        if name is not None:
            folder = self.output or folder_of(file)
            if is_address(folder):
                return joined(folder, name)
            if self.output and os.path.exists(self.output) and not os.path.isdir(self.output):
                raise UsageError(f"the archive has several files, but {self.output} is no folder")
            local = os.fsdecode(name.encode("utf-8", "surrogateescape"))
            return str(below(Path(folder), local))
        if self.output and not _is_folder(self.output):
            return self.output
        whole = plain(file)
        stem = whole.removesuffix(SUFFIX)
        if stem == whole or not os.path.basename(stem):
            raise UsageError(
                f"its name does not end in {SUFFIX}: say with -o or -c where to restore it"
            )
        return joined(self.output, os.path.basename(stem)) if self.output else stem


def _is_folder(output: str) -> bool:
    """True for a folder here, and for an address that ends with a slash."""
    return ends_as_folder(output) if is_address(output) else os.path.isdir(output)


def _owner(archive: str, name: str | None) -> str:
    return archive if name is None else f"{name} of {archive}"
