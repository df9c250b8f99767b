"""Several files of a command at once, where it has several threads for them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from acgz import newfiles
from acgz.cli import background, interrupts, messages
from acgz.cli.turns import Turn
from acgz.cli.watching import Whole
from acgz.crew import Crew

Work = Callable[[str], int | None]

_WATCH_INTERVAL = 0.1
"""Seconds between two looks at the progress."""


def for_each(
    files: Sequence[str], work: Work, crew: Crew, whole: Whole, held: Callable[[str], int]
) -> int:
    """`messages.for_each` with as many files at a time as keep the ``crew`` busy.

    Each file has a thread that reads and writes; what is to be coded goes to the crew. Messages
    and the exit code are those of one file after the other. ``held``: bytes that the thread of a
    file holds at most.
    """
    if crew.is_alone or len(files) < 2:
        return messages.for_each(files, work)
    with interrupts.raised():
        interrupts.begin()
        try:
            return _Files(files, work, crew, whole, held).run()
        except BaseException:  # their threads may go on for ever, and clean up nothing
            interrupts.settle()
            newfiles.abandon()
            raise
        finally:
            whole.hide()


class _File:
    """A file, and the thread that works at it."""

    def __init__(self, name: str, number: int, held: int, crew: Crew) -> None:
        self.name = name
        self.held = held
        self.turn = Turn(number, crew.changed)
        self.code = 0
        self.error: BaseException | None = None
        self.done = False
        self._crew = crew

    def begin(self, work: Work) -> None:
        thread = threading.Thread(target=self._run, args=(work,), name="acgz file", daemon=True)
        background.remember(thread)
        thread.start()

    def _run(self, work: Work) -> None:
        self.turn.take()
        try:
            with self._crew.file(self.held):
                self.code = messages.for_each([self.name], work)
        except BaseException as error:  # noqa: BLE001 - it is raised again in the main thread
            self.error = error
        finally:
            with self._crew.changed:
                self.done = True
                self._crew.changed.notify_all()


class _Files:
    """The main thread: begins files, lets them speak in turn, and shows how far they are."""

    def __init__(
        self,
        files: Sequence[str],
        work: Work,
        crew: Crew,
        whole: Whole,
        held: Callable[[str], int],
    ) -> None:
        self._work = work
        self._crew = crew
        self._whole = whole
        self._files = [
            _File(file, number, held(file), crew) for number, file in enumerate(files, start=1)
        ]
        self._begun = 0
        self._finished = 0

    def run(self) -> int:
        """The exit code: that of the first file that has one."""
        while self._finished < len(self._files):
            with self._crew.changed:
                self._crew.changed.wait_for(self._is_due, _WATCH_INTERVAL)
                begins = self._may_begin()
                if self._finished < self._begun:
                    self._files[self._finished].turn.come()
            if begins:
                self._files[self._begun].begin(self._work)
                self._begun += 1
            if self._finished < self._begun:
                self._look_at(self._files[self._finished])
        return next((file.code for file in self._files if file.code), 0)

    def _look_at(self, front: _File) -> None:
        """Whose turn it is."""
        done = front.done  # before it has its say: then that was all
        front.turn.act()
        if not done:
            self._whole.watch()
            return
        self._finished += 1
        if front.error is not None:
            raise front.error

    def _is_due(self) -> bool:
        if self._may_begin():
            return True
        front = self._files[self._finished] if self._finished < self._begun else None
        return front is not None and (front.done or front.turn.has_more)

    def _may_begin(self) -> bool:
        if self._begun == len(self._files):
            return False
        busy = sum(not file.done for file in self._files[self._finished : self._begun])
        return self._crew.wants_file(busy, self._files[self._begun].held)
