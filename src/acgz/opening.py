"""Files by their names: on this machine, or behind addresses."""

from __future__ import annotations

import os
from typing import BinaryIO, cast

from acgz.errors import InputError
from acgz.newfiles import NewFiles
from acgz.remote.address import is_address, masked
from acgz.remote.writing import RemoteFiles

NewOnes = NewFiles | RemoteFiles
"""Where to write: files that appear complete, all of them together, or not at all."""


def open_to_read(path: str | os.PathLike[str]) -> BinaryIO:
    """A file, here or behind an address; InputError if it cannot be read.

    One behind an address may be `seekable` or not, as its server allows.
    """
    name = os.fspath(path)
    if is_address(name):
        from acgz.remote.reading import open_remote

        return cast(BinaryIO, open_remote(name))
    try:
        return open(name, "rb")
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"cannot read {name}: {reason}") from error


def open_by_place(path: str | os.PathLike[str]) -> BinaryIO:
    """`open_to_read` for a file that is read at any place; InputError if that is not possible."""
    stream = open_to_read(path)
    name = os.fspath(path)
    if is_address(name) and not stream.seekable():
        stream.close()
        raise InputError(
            f"cannot read {masked(name)}: its server gives no parts of it, so fetch it first"
        )
    return stream


def new_files(place: str | os.PathLike[str], *, force: bool) -> NewOnes:
    """For files in, or of the name of, a ``place`` here or behind an address."""
    return (RemoteFiles if is_address(os.fspath(place)) else NewFiles)(force=force)
