"""The progress bar: on stderr, only if that is a terminal, only if there is time to see it."""

from __future__ import annotations

import argparse
import sys
import time
from types import TracebackType
from typing import Any, Self

from acgz.progress import Progress

_DELAY = 0.5
"""Seconds of work without a bar: it would only flash up."""


class ProgressBar:
    """Use as a context; `watch` draws what ``progress`` says."""

    def __init__(self, args: argparse.Namespace, label: str, total: int | None) -> None:
        self.progress = Progress()
        self._label = label
        self._total = total
        self._wanted = sys.stderr.isatty() and not args.quiet
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

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.close()

    def _new_bar(self) -> Any:
        from tqdm import tqdm

        bar = tqdm(total=self._total, desc=self._label, unit="B", unit_scale=True, leave=False)
        bar.start_t -= _DELAY
        return bar
