"""Runs long work in a thread, so that the main thread can show progress and be interrupted.

A compiled kernel does not hear Ctrl-C. The main thread, which only waits, does; then it
cleans up and ends the process without waiting for the kernel.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import TypeVar

from acgz.cli import interrupts, log

Result = TypeVar("Result")

_WATCH_INTERVAL = 0.1
"""Seconds between two looks at the progress."""

_running: set[threading.Thread] = set()


def run(work: Callable[[], Result], watch: Callable[[], None] = lambda: None) -> Result:
    """Return what ``work()`` returns or raise what it raises; call ``watch()`` now and then.

    A thread that works at one of several files just does it: the main thread watches all of them.
    """
    if threading.current_thread() is not threading.main_thread():
        return work()
    results: list[Result] = []
    errors: list[BaseException] = []

    def target() -> None:
        try:
            results.append(work())
        except BaseException as error:  # noqa: BLE001 - it is raised again in the main thread
            errors.append(error)

    thread = threading.Thread(target=target, daemon=True)
    with interrupts.raised():
        _running.add(thread)
        thread.start()
        while thread.is_alive():
            thread.join(_WATCH_INTERVAL)
            watch()
    _running.discard(thread)
    if errors:
        raise errors[0]
    return results[0]


def remember(thread: threading.Thread) -> None:
    """An interrupt will not wait for this thread."""
    for ended in [one for one in _running if one.ident is not None and not one.is_alive()]:
        _running.discard(ended)
    _running.add(thread)


def exit_code_after(interrupt: KeyboardInterrupt) -> int:
    """The exit code of an interrupted process, by the convention of shells.

    If interrupted work is still running, there is no return: this ends the process.
    """
    number = interrupt.number if isinstance(interrupt, interrupts.Interrupted) else signal.SIGINT
    if any(_works(thread) for thread in _running):
        log.event("end", exit_code=128 + number)
        os._exit(128 + number)
    _running.clear()
    return 128 + number


def _works(thread: threading.Thread) -> bool:
    """Whether it still runs.

    `Thread.is_alive` says no, before CPython 3.13, once a signal has interrupted a `join` of it.
    The interpreter would then take itself down under a kernel or PyTorch, and may end in SIGABRT.
    """
    return thread.ident in sys._current_frames()
