"""Who does the tasks of a command: threads of this machine, within a number and bytes of memory.

Everything that a command codes shares one crew, the blocks of several files among it.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Generic, Self, TypeVar

from acgz.codec import Job, Need
from acgz.progress import Progress

T = TypeVar("T")

AHEAD = 2
"""Tasks for each thread whose results nobody has taken: one slow block does not stop the others
at once, and they do not run away from it."""


@dataclass(frozen=True)
class Task(Generic[T]):
    """Something to be done, with what it takes."""

    work: Callable[[Job], T]
    """Called with a job of its own: its threads, its part of the progress."""
    need: Need
    kept: int = 0
    """Bytes of its result, until that is taken."""
    text_size: int = 0
    """Bytes of text that count as done with it."""
    short: Callable[[], Callable[[Job], T]] | None = None
    """Makes ``work`` with less to be sent, which raises ElsewhereError where the rest is not."""
    here: bool = False
    """It has to be done in this process."""
    then: Callable[[T], object] | None = None
    """Called with the result as soon as it is there, in this process and any thread of it."""

    def do(self, job: Job) -> T:
        """Its result."""
        value = self.work(job)
        if self.then is not None:
            self.then(value)
        return value


@dataclass(eq=False)
class Started:
    """A task that has been started."""

    task: Task[Any]
    progress: Progress
    """Of this task."""
    threads: int = 1
    """That it has got."""
    owner: int = field(default_factory=threading.get_ident)
    """The thread that has started it, and takes its result."""
    done: bool = False
    unwanted: bool = False
    """Nobody will take the result."""
    value: Any = None
    error: BaseException | None = None

    @property
    def memory(self) -> int:
        """Bytes that it takes now."""
        return self.task.kept if self.done else self.task.need.memory

    @property
    def need(self) -> Need:
        """What it takes while it runs."""
        return self.task.need


class Crew:
    """Threads of this machine. All is decided under the condition ``changed``.

    A task starts when there is room for it; one that is too large when nothing else runs.
    """

    def __init__(self, threads: int, memory: int) -> None:
        self.threads = threads
        self.memory = memory
        """Bytes for all that runs."""
        self.changed = threading.Condition()
        self._started: list[Started] = []
        """What runs, and what is done and has not been taken."""
        self._files: dict[int, int] = {}
        """Threads that read a file each, and the bytes that they hold."""
        self._ranks = itertools.count()
        self.waiting: set[int] = set()
        """Ranks of those that have a task and no room for it."""

    def close(self) -> None:
        """There is nothing more to be done."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        # After Ctrl-C nobody waits for an answer.
        if not any(isinstance(part, KeyboardInterrupt) for part in raised):
            self.close()

    @property
    def is_alone(self) -> bool:
        """With one thread, whoever has a task does it, when the one before it has been taken."""
        return self.threads == 1

    def rank(self) -> int:
        """A new one: who came first goes first."""
        return next(self._ranks)

    def has_room(self, need: Need, rank: int) -> bool:
        """Whether a task may start now that whoever has this ``rank`` is waiting for."""
        if any(other < rank for other in self.waiting):
            return False
        busy = self._busy()
        if not busy:
            return True
        if need.alone or any(one.need.alone for one in busy):
            return False
        return (
            len(self._started) < AHEAD * self.threads
            and sum(one.threads for one in busy) < self.threads
            and self._memory() + need.memory <= self.memory
        )

    def start(self, one: Started, job: Job) -> None:
        """Start what there is room for. ``job``: of the whole of which it is a part."""
        free = self.threads - sum(other.threads for other in self._busy())
        one.threads = max(1, free if one.need.alone else min(free, one.need.threads))
        self._started.append(one)
        self._hand_over(one, replace(job, threads=one.threads, progress=one.progress))

    def taken(self, one: Started) -> None:
        """The result of ``one``, which is done, is no longer kept."""
        with self.changed:
            self._started.remove(one)
            self.changed.notify_all()

    def drop(self, ones: list[Started]) -> None:
        """Nobody wants these any more: what runs ends at the next occasion."""
        with self.changed:
            for one in ones:
                one.unwanted = True
                one.progress.stop()
                if one.done:
                    self._started.remove(one)
            self.changed.notify_all()

    @contextmanager
    def file(self, held: int) -> Iterator[None]:
        """In this context this thread reads a file, of which it holds so many bytes at most."""
        with self.changed:
            self._files[threading.get_ident()] = held
        try:
            yield
        finally:
            with self.changed:
                del self._files[threading.get_ident()]
                self.changed.notify_all()

    def wants_file(self, begun: int, held: int) -> bool:
        """Whether another file should be read now. ``begun``: so many are, or are about to be.

        A file that has nothing coded counts as a thread: it will soon.
        """
        busy = self._busy()
        idle = begun - len({one.owner for one in busy})
        return not begun or (
            sum(one.threads for one in busy) + idle < self.threads
            and self._memory() + held <= self.memory
        )

    def _busy(self) -> list[Started]:
        return [one for one in self._started if not one.done]

    def _memory(self) -> int:
        return sum(one.memory for one in self._started) + sum(self._files.values())

    def _hand_over(self, one: Started, job: Job) -> None:
        """Have it done elsewhere; `_finished` says when it is."""
        # A daemon: nobody waits at the end of the process for work that is not wanted.
        threading.Thread(target=self._run, args=(one, job), name="acgz block", daemon=True).start()

    def _run(self, one: Started, job: Job) -> None:
        try:
            one.value = one.task.do(job)
        except BaseException as error:  # noqa: BLE001 - it is raised again where it is taken
            one.error = error
        finally:
            self._finished(one)

    def _finished(self, one: Started) -> None:
        with self.changed:
            one.done = True
            if one.unwanted:
                self._started.remove(one)
            self.changed.notify_all()
