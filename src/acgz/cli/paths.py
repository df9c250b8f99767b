"""Names of files: what is called what, and which are the same."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from acgz.errors import UsageError

if TYPE_CHECKING:
    from acgz.cli.inputs import Input

SUFFIX = ".acgz"


def same_file(file: str, output: str) -> bool:
    """True if both are one file on the disk."""
    return os.path.exists(file) and os.path.exists(output) and os.path.samefile(file, output)


def remove(files: Iterable[str]) -> None:
    """Delete the files that could be read and are safe elsewhere now; not standard input."""
    for file in files:
        if os.path.isfile(file):
            os.remove(file)


def own_name(file: str, source: Input) -> str:
    """The name of what is compressed: without the ending of a compression that was undone."""
    for suffix in source.packing.suffixes if source.packing else ():
        if file.lower().endswith(suffix) and len(os.path.basename(file)) > len(suffix):
            return file[: -len(suffix)]
    return file


def restored_path(output: str | None, archive: str, member: str | None) -> Path:
    """Where to restore ``member`` (None: the one file without a name) of an archive.

    ``output``: a file or a folder, if the user has named one. UsageError if there is no name.
    """
    if member is not None:
        return Path(output or os.path.dirname(archive), member)
    if output and not os.path.isdir(output):
        return Path(output)
    stem = archive.removesuffix(SUFFIX)
    if stem == archive or not os.path.basename(stem):
        raise UsageError(
            f"its name does not end in {SUFFIX}: say with -o or -c where to restore it"
        )
    return Path(output, os.path.basename(stem)) if output else Path(stem)
