"""Files that are at work at the same time speak in turn, in the order of the command line."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

_current = threading.local()


class Turn:
    """What a file has to say, until it is its turn: the main thread says it, then at once."""

    def __init__(self, number: int, changed: threading.Condition) -> None:
        self.number = number
        """Of the file, from 1."""
        self._changed = changed
        self._acts: deque[Callable[[], object]] = deque()
        self._has_come = False

    def take(self) -> None:
        """This thread is the one that works at the file."""
        _current.turn = self

    def add(self, act: Callable[[], object]) -> None:
        with self._changed:
            self._acts.append(act)
            self._changed.notify_all()

    def wait(self) -> None:
        """Return when all files before this one are done."""
        with self._changed:
            self._changed.wait_for(lambda: self._has_come)

    def come(self) -> None:
        """It is its turn; ``changed`` is held."""
        if not self._has_come:
            self._has_come = True
            self._changed.notify_all()

    @property
    def has_more(self) -> bool:
        return bool(self._acts)

    def act(self) -> None:
        """Say in this thread what there is to be said by now."""
        while self._acts:
            self._acts.popleft()()


def current() -> Turn | None:
    """The turn of the file that this thread works at; None: of the command as a whole."""
    return getattr(_current, "turn", None)


def say(act: Callable[[], object]) -> None:
    """Do what tells the user something, as soon as it is the turn of the file at hand."""
    turn = current()
    if turn is None:
        act()
    else:
        turn.add(act)


def wait() -> None:
    """Wait for the turn of the file at hand, with what depends on the files before it."""
    turn = current()
    if turn is not None:
        turn.wait()
