"""Numba's cache of compiled kernels, in a world where it may be missing, read-only or damaged.

Without this, a package and a home that cannot be written end every command, and so does a cache
file that was cut. A damaged one that still loads would run wrong machine code. Here, every file
begins with its SHA-256; what does not fit is compiled anew, and what cannot be stored stays
in memory.
"""

from __future__ import annotations

import logging
import pickle
from functools import cache
from hashlib import sha256
from typing import Any

from numba.core.caching import FunctionCache, IndexDataCacheFile
from numba.core.serialize import dumps

_DIGEST = sha256().digest_size


def give_cache(dispatcher: Any, state: str) -> None:
    """Let a compiled function use the cache, as long as all kernels are in this ``state``."""
    try:
        dispatcher._cache = _KernelCache(dispatcher.py_func, state)
    except (OSError, RuntimeError) as error:  # RuntimeError: no folder can be written
        _remark(error)


class _KernelCache(FunctionCache):
    """A cache that fails without a loss."""

    def __init__(self, function: Any, state: str) -> None:
        super().__init__(function)
        self._cache_file = _CheckedFile(
            cache_path=self._cache_path,
            filename_base=self._impl.filename_base,
            source_stamp=(self._impl.locator.get_source_stamp(), state),
        )

    def save_overload(self, signature: Any, data: Any) -> None:
        try:
            super().save_overload(signature, data)
        except OSError as error:
            _remark(error)


class _CheckedFile(IndexDataCacheFile):
    """An index file, and files of machine code, that are as they were written or are not there."""

    def _load_index(self) -> dict[Any, str]:
        try:
            version, stamp, overloads = _read(self._index_path)
        except OSError:
            return {}
        fresh = version == self._version and stamp == self._source_stamp
        return overloads if fresh else {}

    def _save_index(self, overloads: dict[Any, str]) -> None:
        self._save(self._index_path, (self._version, self._source_stamp, overloads))

    def _load_data(self, name: str) -> Any:
        return _read(self._data_path(name))

    def _save_data(self, name: str, data: Any) -> None:
        self._save(self._data_path(name), data)

    def _save(self, path: str, content: Any) -> None:
        data = dumps(content)
        with self._open_for_write(path) as file:
            file.write(sha256(data).digest() + data)


def _read(path: str) -> Any:
    """What `_CheckedFile` has written there; OSError if it is damaged or not there."""
    with open(path, "rb") as file:
        stored, data = file.read(_DIGEST), file.read()
    if stored != sha256(data).digest():
        raise OSError(f"{path} is damaged")
    return pickle.loads(data)


def _remark(error: Exception) -> None:
    reason = getattr(error, "strerror", None) or "no folder for them can be written"
    _warn_once(
        f"acgz: compiled kernels cannot be stored ({reason}), so every start takes long; "
        "NUMBA_CACHE_DIR may name a folder for them"
    )


@cache
def _warn_once(text: str) -> None:
    logging.getLogger("acgz").warning(text)
