"""Names of files in an archive: relative, and never a way out of the folder they go to."""

from __future__ import annotations

import os
from collections.abc import Iterable

LONGEST_NAME = 4095
"""Bytes of a path that POSIX systems take (their 4,096 count the zero byte behind it)."""
LONGEST_PART = 255
"""Bytes that file systems take between two "/"."""
DEEPEST = 256
"""Parts of a name; no tree of genomes is so deep, and some programs walk trees recursively."""


def fault_of(name: str) -> str:
    """Why no file may have this ``name``, in words that follow it; "" if one may.

    The rule is the same for writing and for reading: what an archive takes can be restored.
    Only what is dangerous or impossible on POSIX is refused; colons and backslashes are letters.

    >>> fault_of("genomes/HLA:A.fa"), fault_of("../yeast.fa")
    ('', 'leads out of its folder')
    """
    try:
        encoded = encode_name(name)
    except UnicodeEncodeError:
        return "is no text that a file system could hold"
    parts = encoded.split(b"/")
    if b"\0" in encoded:
        return "has a zero byte"
    if b".." in parts or encoded.startswith(b"/"):
        return "leads out of its folder"
    if b"" in parts or b"." in parts:
        return "has an empty part"
    if len(encoded) > LONGEST_NAME:
        return f"has more than {LONGEST_NAME:,} bytes"
    if max(map(len, parts)) > LONGEST_PART:
        return f"has a part of more than {LONGEST_PART} bytes"
    if len(parts) > DEEPEST:
        return f"has more than {DEEPEST} parts"
    return ""


def archive_name(path: str) -> tuple[str, str]:
    """What a file is called in an archive, and what of the beginning of its ``path`` is not in it.

    As tar does it: the name is relative, and no more than what is behind the last "..". It is
    UTF-8, whatever the system's encoding of names is.

    >>> archive_name("strains/./COL.fa"), archive_name("/data/a.fa"), archive_name("../../a.fa")
    (('strains/COL.fa', ''), ('data/a.fa', '/'), ('a.fa', '../../'))
    """
    whole = os.fsencode(os.path.splitdrive(path)[1]).decode("utf-8", "surrogateescape")
    parts = whole.replace(os.sep, "/").split("/")
    behind = len(parts) - parts[::-1].index("..") if ".." in parts else 0
    begin = len("/".join(parts[:behind])) + 1 if behind else 0
    cut = whole[:begin] or "/" * whole.startswith("/")
    return "/".join(part for part in parts[behind:] if part not in ("", ".")), cut


def fault_among(names: Iterable[str]) -> str:
    """Why no archive may have files of these ``names``; "" if one may.

    >>> fault_among(["a", "a/b"])
    "the name 'a' would be a file and a folder"
    """
    files: set[str] = set()
    for name in names:
        fault = fault_of(name)
        if fault:
            return f"the name {_shown(name)} {fault}"
        if name in files:
            return f"the files of one archive need different names, not {_shown(name)} again"
        files.add(name)
    for name in files:
        end = name.find("/")
        while end >= 0:
            if name[:end] in files:
                return f"the name {_shown(name[:end])} would be a file and a folder"
            end = name.find("/", end + 1)
    return ""


def encode_name(name: str) -> bytes:
    """The bytes of a name; those that are not UTF-8 are the surrogates that Python makes of them.

    UnicodeEncodeError for surrogates that no byte has made.
    """
    return name.encode("utf-8", "surrogateescape")


def decode_name(name: bytes) -> str:
    """The inverse of `encode_name`, for any bytes."""
    return name.decode("utf-8", "surrogateescape")


def _shown(name: str) -> str:
    """``name`` for a message: one short line."""
    text = repr(name)
    return text if len(text) <= 80 else text[:60] + "..." + text[-17:]
