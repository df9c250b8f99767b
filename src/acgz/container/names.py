"""Names of files in an archive: relative, and never a way out of the directory they go to."""

from __future__ import annotations

from acgz.errors import DamagedError


def is_safe(name: str) -> bool:
    """True if ``name`` is a path below any directory, on any system.

    >>> is_safe("genomes/yeast.fa")
    True
    >>> is_safe("../yeast.fa") or is_safe("/etc/passwd") or is_safe("C:\\\\boot.ini")
    False
    """
    parts = name.split("/")
    return (
        not any(part in ("", ".", "..") for part in parts)
        and not any(sign in name for sign in "\\\0")
        and ":" not in parts[0]
        and len(name) <= 4096
    )


def check_name(name: str) -> str:
    """``name`` itself; DamagedError if it could be written anywhere else than intended."""
    if not is_safe(name):
        raise DamagedError(f"refused: the archive wants to write to {name!r}")
    return name
