"""Where results go: files here and behind addresses, devices and pipes, standard output."""

from __future__ import annotations

import os
import re
import select
import stat
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO, Self

from acgz.cli import interrupts, turns
from acgz.cli.messages import forget
from acgz.errors import InputError
from acgz.newfiles import NewFiles
from acgz.places import Claims
from acgz.remote.address import is_address
from acgz.remote.writing import RemoteFiles
from acgz.rights import Rights

_DESCRIPTOR = re.compile(r"/dev/(stdout|stderr)|/(?:dev|proc/self)/fd/([0-9]{1,9})")


class FileOutput:
    """One file, which appears under its name on `commit` or not at all. It begins as a context."""

    direct = False

    def __init__(self, target: str, *, force: bool) -> None:
        self.name = target
        self._files = NewFiles(force=force)

    @property
    def part(self) -> Path:
        """Where the bytes are before `commit`."""
        return self._files.part

    def write(self, data: bytes) -> None:
        self._files.write(data)

    def flush(self) -> None:
        """Let others see in `part` what has been written."""
        self._files.flush()

    def commit(self, rights: Rights | None = None, *, durable: bool = False) -> None:
        with interrupts.held():
            self._files.commit(rights or Rights.usual(), durable=durable)

    def __enter__(self) -> Self:
        with ExitStack() as started:
            started.push(self._files)
            with interrupts.held():
                self._files.begin(Path(self.name))
            started.pop_all()
        return self

    def __exit__(self, *raised: object) -> None:
        self._files.__exit__(*raised)


class RemoteOutput:
    """One file behind an address, in the manner of `FileOutput`."""

    direct = False

    def __init__(self, target: str, *, force: bool) -> None:
        self.name = target
        self._files = RemoteFiles(force=force)

    def write(self, data: bytes) -> None:
        self._files.write(data)

    def flush(self) -> None:
        """What has been written is on its way."""

    def commit(self, rights: Rights | None = None, *, durable: bool = False) -> None:
        with interrupts.held():
            self._files.commit(rights or Rights.usual(), durable=durable)

    def __enter__(self) -> Self:
        self._files.begin(self.name)
        return self

    def __exit__(self, *raised: object) -> None:
        self._files.__exit__(*raised)


class StreamOutput:
    """Standard output, a device or a pipe: nothing that is written can be taken back."""

    direct = True

    def __init__(self, stream: BinaryIO, name: str, *, close: bool) -> None:
        self.name = name
        self._stream = stream
        self._close = close

    @classmethod
    def stdout(cls) -> StreamOutput:
        """InputError if standard output is closed."""
        if sys.stdout is None:
            raise InputError("standard output is closed")
        return cls(sys.stdout.buffer, "standard output", close=False)

    @classmethod
    def special(cls, target: str) -> StreamOutput:
        """Open what `is_special` says true of; waits for the reader of a named pipe."""
        try:
            number = _descriptor(target)
            if number is not None:
                handle = os.dup(number)
            else:
                handle = os.open(target, os.O_WRONLY | getattr(os, "O_NOCTTY", 0))
        except OSError as error:
            raise InputError(f"cannot write {target}: {error.strerror}") from error
        return cls(os.fdopen(handle, "wb", buffering=0), target, close=True)

    def write(self, data: bytes) -> None:
        left = memoryview(data)
        while left:  # with PYTHONUNBUFFERED, one call may write only a part
            try:
                written = self._stream.write(left)
            except BlockingIOError as full:  # the other end has made it non-blocking
                written = full.characters_written
            except BrokenPipeError:
                raise
            except OSError as error:
                raise self._trouble(error) from error
            if not written:
                select.select([], [self._stream], [])
            left = left[written or 0 :]

    def flush(self) -> None:
        while True:
            try:
                return self._stream.flush()
            except BlockingIOError:
                select.select([], [self._stream], [])
            except BrokenPipeError:
                raise
            except OSError as error:
                raise self._trouble(error) from error

    def commit(self, rights: Rights | None = None, *, durable: bool = False) -> None:
        self.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        if self._close and not any(isinstance(part, KeyboardInterrupt) for part in raised):
            self._stream.close()

    def _trouble(self, error: OSError) -> InputError:
        if not self._close:
            forget(self._stream)
        return InputError(f"cannot write {self.name}: {error.strerror}")


Output = FileOutput | RemoteOutput | StreamOutput


def is_special(target: str | None) -> bool:
    """True for what is written to and not replaced: standard output, devices, pipes."""
    if target is None or target == "-" or _descriptor(target) is not None:
        return True
    if is_address(target):
        return False
    try:
        mode = os.stat(target).st_mode
    except (OSError, ValueError):
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


def claim(claims: Claims, target: str | None, owner: str) -> None:
    """Refuse, before anything is written, an output that is an input or another output."""
    if target is None or target == "-":
        claims.stdout()
    elif not is_special(target) or not stat.S_ISCHR(os.stat(target).st_mode):
        if not claims.has(target, owner):
            turns.wait()  # which of two gets a name does not depend on which is quicker
        claims.output(target, owner)


def open_output(target: str | None, *, force: bool) -> Output:
    """``target``: a path or an address; None or "-" is standard output."""
    if target is None or target == "-":
        return StreamOutput.stdout()
    if is_special(target):
        return StreamOutput.special(target)
    return (RemoteOutput if is_address(target) else FileOutput)(target, force=force)


def print_lines(*lines: str) -> None:
    """Write lines to stdout in UTF-8; names that are not UTF-8 come out as the bytes they were."""
    text = "".join(f"{line}\n" for line in lines)
    StreamOutput.stdout().write(text.encode("utf-8", "surrogateescape"))


def _descriptor(target: str) -> int | None:
    """The number of an open file that ``target`` stands for."""
    match = _DESCRIPTOR.fullmatch(target)
    if match is None or os.name != "posix":
        return None
    return {"stdout": 1, "stderr": 2}[match[1]] if match[1] else int(match[2])
