"""Runs long work in a thread, so that the main thread can show progress and be interrupted.

A compiled kernel does not hear Ctrl-C. The main thread, which only waits, does; then it
cleans up and ends the process without waiting for the kernel.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TypeVar

Result = TypeVar("Result")

_WATCH_INTERVAL = 0.1
"""Seconds between two looks at the progress."""

_running: set[threading.Thread] = set()


class Terminated(KeyboardInterrupt):
    """SIGTERM or SIGHUP has come."""

    def __init__(self, signal_number: int) -> None:
        self.signal_number = signal_number


def run(work: Callable[[], Result], watch: Callable[[], None] = lambda: None) -> Result:
    """Return what ``work()`` returns or raise what it raises; call ``watch()`` now and then."""
    results: list[Result] = []
    errors: list[BaseException] = []

    def target() -> None:
        try:
            results.append(work())
        except BaseException as error:  # noqa: BLE001 - it is raised again in the main thread
            errors.append(error)

    thread = threading.Thread(target=target, daemon=True)
    _running.add(thread)
    thread.start()
    while thread.is_alive():
        thread.join(_WATCH_INTERVAL)
        watch()
    _running.discard(thread)
    if errors:
        raise errors[0]
    return results[0]


def exit_code_after(interrupt: KeyboardInterrupt) -> int:
    """The exit code of an interrupted process, by the convention of shells.

    If the work of an interrupted job is still running, there is no return: this ends the process.
    """
    number = interrupt.signal_number if isinstance(interrupt, Terminated) else signal.SIGINT
    if any(thread.is_alive() for thread in _running):
        os._exit(128 + number)
    _running.clear()
    return 128 + number


@contextmanager
def signals_as_interrupts() -> Iterator[None]:
    """Within this context SIGTERM and SIGHUP raise `Terminated`, unless they are ignored."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may set handlers
        return

    def terminate(number: int, frame: FrameType | None) -> None:
        raise Terminated(number)

    before = {}
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)  # Windows has no SIGHUP
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            before[number] = signal.signal(number, terminate)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
