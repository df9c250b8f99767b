"""Output files, which appear under their names complete or not at all, and standard output."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from acgz.errors import InputError


class FileOutput:
    """Writes beside the target, and renames on `commit`; left without it, nothing remains.

    A target that is no regular file, such as /dev/null or a named pipe, is written directly.
    Errors of the system become InputErrors that name the target.
    """

    def __init__(self, target: Path, *, force: bool) -> None:
        self.name = str(target)
        self._target = Path(os.path.realpath(target))  # a link stays, what it points to is replaced
        self._force = force
        self.part: Path | None = None
        """Where the bytes are before `commit`; None if the target is written directly."""
        self._refuse_to_overwrite()
        try:
            if self._target.exists() and not self._target.is_file():
                self._stream = open(self._target, "wb")  # noqa: SIM115 - see __exit__
            else:
                handle, part = tempfile.mkstemp(
                    prefix=f".{self._target.name[:100]}.", suffix=".part", dir=self._target.parent
                )
                self.part = Path(part)
                self._stream = os.fdopen(handle, "wb")
        except OSError as error:
            raise self._trouble(error) from error

    def write(self, data: bytes) -> None:
        try:
            self._stream.write(data)
        except OSError as error:
            raise self._trouble(error) from error

    def flush(self) -> None:
        """Let others see in `part` what has been written."""
        try:
            self._stream.flush()
        except OSError as error:
            raise self._trouble(error) from error

    def commit(self, like: str | None = None, *, durable: bool = False) -> None:
        """Give the file its name, and the permissions and times of the file ``like``.

        ``durable``: return only when it is safe on the disk.
        """
        self.flush()
        try:
            if durable:
                os.fsync(self._stream.fileno())
            self._stream.close()
            if self.part is None:
                return
            self._refuse_to_overwrite()  # once more: the work may have taken hours
            with contextlib.suppress(OSError):  # some file systems have no permissions to give
                self.part.chmod(0o666 & ~_umask())
                if like is not None:
                    shutil.copystat(like, self.part)
            self.part.replace(self._target)
            self.part = None
            if durable:
                _sync_folder(self._target.parent)
        except OSError as error:
            raise self._trouble(error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self.part is not None:
            self.part.unlink(missing_ok=True)
        if isinstance(error, KeyboardInterrupt):
            return  # the job's thread may still be writing: closing could wait for it for ever
        try:
            self._stream.close()
        except OSError as problem:
            if error is None:  # else that error says more
                raise self._trouble(problem) from problem

    def _refuse_to_overwrite(self) -> None:
        if self._target.is_dir():
            raise InputError(f"cannot write {self.name}: it is a directory")
        if self._target.is_file() and not self._force:
            raise InputError(f"{self.name} exists already (-f overwrites it)")

    def _trouble(self, error: OSError) -> Exception:
        if isinstance(error, BrokenPipeError):
            return error
        return InputError(f"cannot write {self.name}: {error.strerror}")


class StandardOutput:
    """The same for stdout, where nothing can be taken back."""

    name = "standard output"
    part: Path | None = None

    def write(self, data: bytes) -> None:
        left = memoryview(data)
        try:
            while left:  # with PYTHONUNBUFFERED, one call may write only a part
                left = left[sys.stdout.buffer.write(left) :]
        except BrokenPipeError:
            raise
        except OSError as error:
            raise InputError(f"cannot write {self.name}: {error.strerror}") from error

    def flush(self) -> None:
        sys.stdout.buffer.flush()

    def commit(self, like: str | None = None, *, durable: bool = False) -> None:
        self.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Nothing to close or to remove."""


Output = FileOutput | StandardOutput


def print_lines(*lines: str) -> None:
    """Write lines to stdout in UTF-8; names that are not UTF-8 come out as the bytes they were."""
    text = "".join(f"{line}\n" for line in lines)
    StandardOutput().write(text.encode("utf-8", "surrogateescape"))


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _sync_folder(folder: Path) -> None:
    """Make a rename in ``folder`` durable, on systems where a folder can be opened."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
