"""Keeps what was made last, such as decoded texts, within some bytes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from acgz.container.source import renew_after_fork


class Kept(Protocol):
    """What a cache can hold."""

    @property
    def memory(self) -> int:
        """Bytes that it takes."""
        ...


Item = TypeVar("Item", bound=Kept)


class Cache(Generic[Item]):
    """The items that were used last, as many as fit in some bytes, but always one.

    Threads may share it: two that want the same item wait for one to make it.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        """Bytes."""
        self._items: OrderedDict[int, Item] = OrderedDict()
        self._memory = 0
        self._lock = threading.Lock()
        self._turns: dict[int, threading.Lock] = {}
        renew_after_fork(self)

    def get(self, number: int, load: Callable[[int], Item]) -> Item:
        """The item ``number``, from the cache or by ``load``."""
        with self._lock:
            if number in self._items:
                self._items.move_to_end(number)
                return self._items[number]
            turn = self._turns.setdefault(number, threading.Lock())
        with turn:
            with self._lock:
                if number in self._items:
                    return self._items[number]
            try:
                item = load(number)
                self._keep(number, item)
            finally:
                with self._lock:
                    self._turns.pop(number, None)
        return item

    def renew(self) -> None:
        """Get new locks in the child of a fork: the threads that held the old ones are gone."""
        if self._lock.locked():
            self._items.clear()
            self._memory = 0
        self._lock = threading.Lock()
        self._turns = {}

    def _keep(self, number: int, item: Item) -> None:
        with self._lock:
            if number in self._items:
                return
            self._items[number] = item
            self._memory += item.memory
            while self._memory > self.most and len(self._items) > 1:
                _, oldest = self._items.popitem(last=False)
                self._memory -= oldest.memory
