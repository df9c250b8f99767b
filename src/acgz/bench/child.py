"""One child process, with its time and its memory."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from acgz import blas

# ru_maxrss is in kB on Linux and in bytes on macOS
_RSS_UNIT = 1 if sys.platform == "darwin" else 1024


class ToolFailedError(Exception):
    """The child did not do its work; the message says how."""


@dataclass(frozen=True)
class Usage:
    """What one run of a child took."""

    seconds: float  # from start to end, as a person waits
    cpu_seconds: float  # user + system, all threads
    peak_bytes: int  # largest resident memory
    floor_bytes: int  # a peak no larger than this is only an upper bound, see `run`


def run(command: Sequence[str], folder: Path, *, timeout: float | None = None) -> Usage:
    """Run ``command`` in ``folder`` and wait for it.

    The kernel counts the memory of a child from the moment of the fork, when it still is
    a copy of this process: a peak below our own is not seen. ``floor_bytes`` is our own.

    Raises ToolFailedError on a non-zero exit, a signal, or after ``timeout`` seconds.
    """
    floor = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _RSS_UNIT
    log = folder / ".log"
    expired = threading.Event()
    with log.open("wb") as output:
        start = time.perf_counter()
        child = subprocess.Popen(
            command,
            cwd=folder,
            env=blas.environment_of_children(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # a group of its own, so that grandchildren die with it
        )

        def expire() -> None:
            expired.set()
            _kill(child.pid)

        timer = threading.Timer(timeout or 0, expire)
        if timeout is not None:
            timer.start()
        try:
            _, status, usage = os.wait4(child.pid, 0)
        except BaseException:
            _kill(child.pid)
            child.wait()
            raise
        finally:
            timer.cancel()
        seconds = time.perf_counter() - start
    child.returncode = os.waitstatus_to_exitcode(status)
    if expired.is_set():
        raise ToolFailedError(f"stopped after {timeout:g} s")
    if child.returncode != 0:
        raise ToolFailedError(_reason(child.returncode, log))
    return Usage(
        seconds=seconds,
        cpu_seconds=usage.ru_utime + usage.ru_stime,
        peak_bytes=usage.ru_maxrss * _RSS_UNIT,
        floor_bytes=floor,
    )


def _kill(group: int) -> None:
    with contextlib.suppress(ProcessLookupError):  # it may have ended by itself meanwhile
        os.killpg(group, signal.SIGKILL)


def _reason(code: int, log: Path) -> str:
    how = f"exit code {code}" if code > 0 else signal.Signals(-code).name
    lines = log.read_text(errors="replace").split("\n")
    said = [line.strip() for line in lines if line.strip()]
    return f"{how}: {said[-1][:200]}" if said else how
