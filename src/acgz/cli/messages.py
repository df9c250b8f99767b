"""What a person is told on stderr, and the exit code that goes with it."""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol, Self

from acgz.cli import interrupts, log, turns
from acgz.errors import AcgzError, InputError, MissingReferenceError
from acgz.remote.address import is_address, masked

_LONGEST = 1000
"""Characters of a message: some hold what an archive says, which may be megabytes."""

_ALIKE = 3
"""Remarks of one kind that are made before the others are only counted."""

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""Characters that end a line, move the cursor or turn the direction of reading."""


def no_bar() -> None:
    """There is none to be hidden."""


hide_bar: Callable[[], None] = no_bar
"""Takes a progress bar from the screen before a line is written there."""


class Loudness(Protocol):
    """Options of `options.add_messages`."""

    @property
    def quiet(self) -> bool: ...
    @property
    def verbose(self) -> bool: ...


def shown(text: str) -> str:
    r"""Text in one line that is what it looks like, but for passwords and signatures in addresses.

    >>> print(shown("chr1\t5\nchr2"))
    chr1\x095\x0achr2
    """
    return _CONTROLS.sub(_escape, masked(text))


_has_reference = False
"""The command at hand has the option ``--reference``, which says where a reference is."""


def tell_of_reference(has: bool = True) -> None:
    """Errors about a reference that is missing name ``--reference``, or do not."""
    global _has_reference
    _has_reference = has


def complain(error: AcgzError, file: str | None = None) -> int:
    """Print an error in one line; return its exit code."""
    place = error.place or file
    text = str(error)
    if isinstance(error, MissingReferenceError) and _has_reference:
        text += ", or name it with --reference"
    if log.is_wanted():
        log.event("error", file=place, message=text, exit_code=error.exit_code)
        return error.exit_code
    if place is not None and is_address(place) and masked(place) in text:
        place = None
    where = "" if place is None else "standard input: " if place == "-" else f"{place}: "
    _say(f"acgz: {where}{text}")
    return error.exit_code


def complain_all(errors: Sequence[AcgzError], file: str) -> int:
    """Print several errors, a line each; return the exit code of the first, 0 without any."""
    return [*(complain(error, file) for error in errors), 0][0]


def remark(loudness: Loudness, text: str) -> None:
    """Print a line, unless the user wants none."""
    if not loudness.quiet:
        say(text)


def say(text: str) -> None:
    """Print a line."""
    _say(f"acgz: {text}")


class Remarks:
    """Remarks about files or lines: of many of one kind, the first ones and how many more.

    Use as a context, or `close` in the end.
    """

    def __init__(self, loudness: Loudness, what: str = "files") -> None:
        """``what``: of what there may be many."""
        self._loudness = loudness
        self._what = what
        self._counts: Counter[str] = Counter()

    def say(self, file: str, text: str) -> None:
        """``text``: what is to be said of ``file``; remarks of one text are of one kind."""
        turns.say(lambda: self._say(file, text))

    def close(self) -> None:
        for text, count in self._counts.items():
            if count > _ALIKE:
                remark(self._loudness, f"{count - _ALIKE:,} more {self._what}: {text}")
        self._counts.clear()

    def _say(self, file: str, text: str) -> None:
        self._counts[text] += 1
        if self._counts[text] <= _ALIKE:
            remark(self._loudness, f"{file}: {text}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def report(loudness: Loudness, text: str) -> None:
    """Print a result in one line, if a person is watching or wants it."""
    if loudness.verbose or (watched() and not loudness.quiet):
        _say(text)


def watched() -> bool:
    """True if stderr is a terminal."""
    return sys.stderr is not None and sys.stderr.isatty()


def for_each(files: Iterable[str], work: Callable[[str], int | None]) -> int:
    """Do ``work`` for every file, also after errors; the exit code is that of the first error.

    ``work`` may return the exit code of errors that it has printed itself.
    """
    codes = []
    with interrupts.raised():
        for file in files:
            try:
                codes.append(work(file) or 0)
            except AcgzError as error:
                codes.append(complain(error, file))
            except BrokenPipeError:
                raise
            except OSError as error:
                codes.append(complain(trouble(error), file))
    return next((code for code in codes if code), 0)


def trouble(error: OSError) -> InputError:
    """An error of the system as an error of acgz."""
    reason = error.strerror or str(error)
    return InputError(f"{error.filename}: {reason}" if error.filename else reason)


def forget(stream: object) -> None:
    """Keep the interpreter from failing once more when it flushes ``stream`` at its end."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())  # type: ignore[attr-defined]


def _say(text: str) -> None:
    if log.is_wanted():
        log.event("message", text=text)
        return
    if sys.stderr is None:  # it is closed, and `print` would take stdout instead
        return
    line = shown(text)
    if len(line) > _LONGEST:
        line = line[: _LONGEST - 3] + "..."
    turns.say(lambda: _print(line))


def _print(line: str) -> None:
    hide_bar()
    try:
        print(line, file=sys.stderr, flush=True)
    except OSError:
        forget(sys.stderr)


def _escape(match: re.Match[str]) -> str:
    number = ord(match[0])
    return f"\\x{number:02x}" if number < 256 else f"\\u{number:04x}"
