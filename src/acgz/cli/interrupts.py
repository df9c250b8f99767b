"""What Ctrl-C, SIGTERM and SIGHUP do: end at once, unwind, or wait, as the work allows."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_Handler = Callable[[int, FrameType | None], object]

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")
"""Windows has no SIGHUP."""

_held: list[int] = []
"""Signals that came within `held`."""


class Interrupted(KeyboardInterrupt):
    """A signal has come; the exit code of the process is 128 and its number."""

    def __init__(self, number: int) -> None:
        self.number = number


def exiting() -> None:
    """From now on Ctrl-C, unless it is ignored, ends the process without a word.

    Only for as long as nothing has been begun.
    """
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, lambda number, frame: os._exit(128 + number))


@contextmanager
def raised() -> Iterator[None]:
    """Within this context the signals raise `Interrupted`, unless they are ignored."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise Interrupted(number)

    with _handled(interrupt):
        yield


@contextmanager
def held() -> Iterator[None]:
    """Within this context the signals wait for its end; so does `settle`, in other threads."""
    if threading.current_thread() is not threading.main_thread():
        with _beside.held():
            yield
        return
    try:
        with _handled(lambda number, frame: _held.append(number)):
            yield
    finally:
        if _held:
            number = _held[0]
            _held.clear()
            raise Interrupted(number)


def begin() -> None:
    """Other threads begin to work for the main one."""
    _beside.ends = False


def settle() -> None:
    """Wait until no other thread is within `held`; from now on none gets there."""
    _beside.settle()


class _Beside:
    """What other threads than the main one, which hears the signals, are within."""

    def __init__(self) -> None:
        self.ends = False
        self._changed = threading.Condition()
        self._inside = 0

    @contextmanager
    def held(self) -> Iterator[None]:
        with self._changed:
            if self.ends:
                raise Interrupted(signal.SIGINT)
            self._inside += 1
        try:
            yield
        finally:
            with self._changed:
                self._inside -= 1
                self._changed.notify_all()

    def settle(self) -> None:
        with self._changed:
            self.ends = True
            self._changed.wait_for(lambda: not self._inside)


_beside = _Beside()


@contextmanager
def _handled(handler: _Handler) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may set handlers
        return
    before = {}
    for name in _NAMES:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            before[number] = signal.signal(number, handler)
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)
