"""Runs long work in a thread, so that the main thread can show progress and be interrupted.

A compiled kernel does not hear Ctrl-C. The main thread, which only waits, does; then it
cleans up and ends the process without waiting for the kernel.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self, TypeVar

from acgz.cli import interrupts
from acgz.cli.messages import Loudness, shown, watched

if TYPE_CHECKING:
    from acgz.progress import Progress

Result = TypeVar("Result")

_WATCH_INTERVAL = 0.1
"""Seconds between two looks at the progress."""
_DELAY = 0.5
"""Seconds of work without a bar: it would only flash up."""

_running: set[threading.Thread] = set()


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


def exit_code_after(interrupt: KeyboardInterrupt) -> int:
    """The exit code of an interrupted process, by the convention of shells.

    If interrupted work is still running, there is no return: this ends the process.
    """
    number = interrupt.number if isinstance(interrupt, interrupts.Interrupted) else signal.SIGINT
    if any(thread.is_alive() for thread in _running):
        os._exit(128 + number)
    _running.clear()
    return 128 + number


class ProgressBar:
    """On stderr, only on a terminal, only if there is time to see it.

    Use as a context; `watch` draws what ``progress`` says.
    """

    def __init__(self, loudness: Loudness, label: str, total: int | None) -> None:
        """``total``: bytes of text, if known."""
        from acgz.progress import Progress  # NumPy

        self.progress: Progress = Progress()
        self._label = shown(label)
        self._total = total
        self._wanted = watched() and not loudness.quiet
        self._start = time.monotonic()
        self._bar: Any = None

    def watch(self) -> None:
        if not self._wanted:
            return
        if self._bar is None:
            if time.monotonic() < self._start + _DELAY:
                return
            self._bar = self._new_bar()
        self._bar.n = self.progress.position
        self._bar.refresh()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def _new_bar(self) -> Any:
        from tqdm import tqdm

        bar = tqdm(
            total=self._total,
            desc=self._label,
            unit="B",
            unit_scale=True,
            leave=False,
            file=sys.stderr,
        )
        bar.start_t -= _DELAY
        return bar
