"""What a command does, for programs that watch it: ``--log-json``, an object a line on stderr."""

from __future__ import annotations

import json
import sys
import threading
import time
from typing import Any

from acgz.cli import turns
from acgz.remote.address import masked

_lock = threading.Lock()
_begin: float | None = None
"""When the command began; None: nobody wants to know."""


def start(*, wanted: bool) -> None:
    """A command begins."""
    global _begin
    _begin = time.monotonic() if wanted else None


def is_wanted() -> bool:
    """Whether stderr is for a program, which wants nothing but events."""
    return _begin is not None


def event(kind: str, **facts: object) -> None:
    """Say, if it is wanted, that something has happened; ``time`` is seconds since the start."""
    if _begin is None or sys.stderr is None:
        return
    passed = round(time.monotonic() - _begin, 3)
    line = json.dumps({"event": kind, "time": passed, **_without_secrets(facts)}) + "\n"
    turns.say(lambda: _write(line))


def _write(line: str) -> None:
    with _lock:
        try:
            sys.stderr.write(line)
            sys.stderr.flush()
        except OSError:  # nobody reads it; the work goes on
            pass


def _without_secrets(value: Any) -> Any:
    """The value, but for passwords and signatures in addresses."""
    if isinstance(value, dict):
        return {key: _without_secrets(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_without_secrets(one) for one in value]
    return masked(value) if isinstance(value, str) else value
