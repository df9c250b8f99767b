"""How far a command is: a bar on a terminal, a line with -v, events with --log-json."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from acgz.cli import log, messages, turns
from acgz.cli.messages import Loudness, remark, shown, watched

if TYPE_CHECKING:
    from acgz.codec import Job
    from acgz.container.blocks import Recipe
    from acgz.progress import Progress

_DELAY = 0.5
"""Seconds of work without a bar: it would only flash up."""
_LONG = 3.0
"""Seconds of coding after which a job is worth a line about it, and its speed is known. What comes
before the first residues, such as the choice of a prior, says nothing of the speed."""


class Plan(NamedTuple):
    """How the blocks of a file are going to be coded."""

    blocks: int
    at_a_time: int
    threads: int
    memory: int
    """Bytes that those take which run at a time."""

    @classmethod
    def of(cls, recipe: Recipe, size: int, job: Job) -> Plan:
        """For a file of ``size`` bytes."""
        from acgz.container.blocks import need_to_encode

        blocks = max(1, -(-size // recipe.block_size))
        need = need_to_encode(min(size, recipe.block_size), recipe)
        threads = job.threads if need.alone else min(job.threads, need.threads)
        most = 1 if need.alone else -(-job.threads // threads)
        most = max(1, min(blocks, most, job.memory // max(1, need.memory)))
        return cls(blocks, most, min(job.threads, most * threads), most * need.memory)

    def __str__(self) -> str:
        blocks = f"{self.blocks:,} blocks" if self.blocks > 1 else "1 block"
        threads = f"{self.threads} threads" if self.threads > 1 else "1 thread"
        return (
            f"{blocks}, {self.at_a_time} at a time on {threads}, up to {self.memory / 1e9:.1f} GB"
        )


class Whole:
    """All files of a command, which share one bar; the main thread draws it."""

    def __init__(self) -> None:
        self.total: int | None = None
        """Bytes of text of all files, if known."""
        self.files = 1
        self.start = time.monotonic()
        self._lock = threading.Lock()
        self._running: list[ProgressBar] = []
        """Files that are at work, in the order in which they were begun."""
        self._begun = 0
        self._done = 0
        """Bytes of text of the files that are at work no more."""
        self._stored = 0
        """Bytes of their archives."""
        self._bar: Any = None

    def expect(self, sizes: Iterable[int | None]) -> None:
        """These are the sizes of the texts of all files; None for one that is not known."""
        known = list(sizes)
        self.files = len(known)
        if None not in known:
            self.total = sum(size for size in known if size is not None)

    def begin(self, file: ProgressBar) -> int:
        """A file is begun; returns its number, from 1."""
        with self._lock:
            self._running.append(file)
            self._begun += 1
            turn = turns.current()
            return self._begun if turn is None else turn.number

    def end(self, file: ProgressBar, done: int, stored: int) -> None:
        """A file is at work no more: bytes of its text and of its archive."""
        with self._lock:
            self._running.remove(file)
            self._done += done
            self._stored += stored
        # Once more, as it is now; then whatever line comes next takes the bar away.
        turns.say(file.draw)
        turns.say(self.hide)

    def watch(self) -> None:
        """Show how far it is with the first of the files that are at work."""
        with self._lock:
            first = min(self._running, key=lambda file: file.number, default=None)
        if first is not None:
            first.watch()

    def draw(self, label: str, total: int | None) -> None:
        """Show how far all of it is. ``label``, ``total``: of the file at hand."""
        if time.monotonic() < self.start + _DELAY:
            return
        with self._lock:
            position = self._done + sum(file.progress.position for file in self._running)
            stored = self._stored + sum(file.progress.stored for file in self._running)
        if self._bar is None:
            self._bar = self._new_bar(total)
            messages.hide_bar = self.hide
        self._bar.set_description_str(label, refresh=False)
        self._bar.n = position
        if stored and position:
            self._bar.set_postfix_str(f"{_bytes(stored)} archive", refresh=False)
        self._bar.refresh()

    def hide(self) -> None:
        """Take the bar from the screen, until it is drawn again."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None
            messages.hide_bar = messages.no_bar

    def _new_bar(self, total: int | None) -> Any:
        from tqdm import tqdm

        bar = tqdm(
            total=self.total if self.files > 1 else total,
            unit="B",
            unit_scale=True,
            leave=False,
            file=sys.stderr,
        )
        bar.start_t -= time.monotonic() - self.start
        return bar


class ProgressBar:
    """The progress of a file, in the bar of the whole command.

    The bar is on stderr, only on a terminal, only if there is time to see it. Use as a context;
    `watch` tells what ``progress`` says.
    """

    def __init__(
        self,
        loudness: Loudness,
        label: str,
        total: int | None,
        whole: Whole | None = None,
        plan: Plan | None = None,
    ) -> None:
        """``total``: bytes of text, if known. ``plan``: what -v says of a long job."""
        from acgz.progress import Progress  # NumPy

        self.progress: Progress = Progress()
        self.number = 1
        """Of the file in the whole command."""
        self._loudness = loudness
        self._label = shown(label)
        self._total = total
        self._whole = whole or Whole()
        self._plan = plan
        self._wanted = watched() and not loudness.quiet and not log.is_wanted()
        self._blocks = 0
        self._first: tuple[float, int] | None = None
        """When there was some progress for the first time, and how far it was then."""

    def watch(self) -> None:
        """Show how far it is now."""
        self._tell_plan()
        self.draw()

    def draw(self) -> None:
        if self._wanted:
            of = f" ({self.number} of {self._whole.files})" if self._whole.files > 1 else ""
            self._whole.draw(self._label + of, self._total)

    def __enter__(self) -> Self:
        self.number = self._whole.begin(self)
        if log.is_wanted():
            self.progress.on_block = self._log_block
            plan = self._plan._asdict() if self._plan else {}
            log.event("file-begin", file=self._label, text_bytes=self._total, **plan)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        done, stored = self.progress.position, self.progress.stored
        known = error is None or self._total is None
        self._whole.end(self, done if known else self._total or 0, stored)
        if error is None:
            log.event("file-end", file=self._label, text_bytes=done, archive_bytes=stored)

    def _log_block(self, text_size: int, stored_size: int) -> None:
        log.event(
            "block",
            file=self._label,
            number=self._blocks,
            text_bytes=text_size,
            archive_bytes=stored_size,
        )
        self._blocks += 1

    def _tell_plan(self) -> None:
        """Once, when it is clear that it takes long, and about how long."""
        if self._plan is None or not self._total or not self._loudness.verbose:
            return
        now, position = time.monotonic(), self.progress.position
        if not position:
            return
        if self._first is None:
            self._first = now, position
        passed, done = now - self._first[0], position - self._first[1]
        if passed >= _LONG and done:
            left = passed * max(0, self._total - position) / done
            if left >= _LONG:
                remark(self._loudness, f"{self._label}: {self._plan}, about {_span(left)} left")
            self._plan = None


def _bytes(count: int) -> str:
    """A number of bytes, as bars show it.

    >>> _bytes(999), _bytes(1234567)
    ('999 B', '1.23 MB')
    """
    size = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:,.3g} TB"


def _span(seconds: float) -> str:
    """A time, roughly.

    >>> _span(42), _span(200), _span(10_000)
    ('42 s', '3 min', '2.8 h')
    """
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 100 * 60 else f"{seconds / 3600:.1f} h"
