"""The file system behind an address."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from acgz.errors import MissingDependencyError, UsageError
from acgz.remote.address import path_of
from acgz.remote.trouble import INSTALL, trouble

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

_HERE = ("file", "local")


def system_of(address: str, doing: str) -> tuple[AbstractFileSystem, str]:
    """The file system of an address, and what the file is called in it.

    Credentials are found by fsspec alone: its configuration, the environment, the files of the
    provider. ``doing``: how the message of an error begins.

    Raises MissingDependencyError without fsspec or the library of a scheme, UsageError for
    ``file://``, InputError for an unknown scheme.
    """
    scheme = path_of(address).partition("://")[0]
    if scheme in _HERE:
        raise UsageError("a file of this machine is named by its path")
    try:
        from fsspec.core import url_to_fs
    except ImportError:
        raise MissingDependencyError(f"addresses need fsspec: {INSTALL}") from None
    _hush()
    # What is quoted already stays as it is: signatures are made of it.
    options: dict[str, Any] = {"encoded": True} if _is_quoted(address) else {}
    with trouble(doing):
        system, path = url_to_fs(address, **options)
    return system, path


def _hush() -> None:
    """Keep what these libraries log from standard error, unless somebody has asked for logs: errors
    are said once, and without secrets."""
    for name in ("fsspec", "s3fs", "gcsfs", "aiohttp", "botocore", "aiobotocore", "asyncio"):
        logger = logging.getLogger(name)
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())


def is_http(system: AbstractFileSystem) -> bool:
    """True if conditions of requests are headers."""
    return "http" in system.protocol


def _is_quoted(address: str) -> bool:
    return address.startswith(("http://", "https://")) and "%" in address
