"""What is an address, what is in it, and what may be shown of it."""

from __future__ import annotations

import os
import re

_SCHEME = r"[A-Za-z][A-Za-z0-9+.-]+"  # two letters at least: c:// is a drive
_ADDRESS = re.compile(rf"{_SCHEME}(::{_SCHEME})*://")

_USER = re.compile(r"(://)[^\s?#'\"]*:[^\s?#'\"]*@|(://)[^\s/?#'\"]*@")
"""A user with a password, which may have a slash in it, or a user alone."""
_QUERY = re.compile(r"(://[^?\n]*)[?]\S+?(?=:?(\s|$))")


def is_address(path: object) -> bool:
    """True for ``scheme://…``. A file here of such a name is written ``./scheme://…``.

    >>> is_address("s3://bucket/a.fa"), is_address("zip://a.fa::https://h/b.zip")
    (True, True)
    >>> is_address("./s3://bucket/a.fa"), is_address("c://a.fa"), is_address("a.fa")
    (False, False, False)
    """
    return isinstance(path, str) and _ADDRESS.match(path) is not None


def masked(text: str) -> str:
    """A text in which no address has a user, a password or a query, which may be a signature.

    >>> masked("https://me:secret@host/a.fa?sig=xyz: there is no such file")
    'https://***@host/a.fa?***: there is no such file'
    """
    if "://" not in text:
        return text
    return _QUERY.sub(r"\1?***", _USER.sub("://***@", text))


def path_of(address: str) -> str:
    """An address without a query; of several in a chain, the one that names the file.

    >>> path_of("https://host/a.fa.gz?sig=x"), path_of("zip://a.fa::s3://bucket/b.zip")
    ('https://host/a.fa.gz', 'zip://a.fa')
    """
    links = address.split("::")
    named = next((link for link in links if "://" in link), links[-1])
    return re.split("[?#]", named, maxsplit=1)[0] if named.startswith("http") else named


def plain(path: str) -> str:
    """A path as it is, an address as `path_of` has it."""
    return path_of(path) if is_address(path) else path


def name_of(address: str) -> str:
    """What a file behind an address is called in an archive of several: its path, without the host
    or bucket.

    >>> name_of("s3://bucket/strains/COL.fa"), name_of("https://host/a.fa?sig=x")
    ('strains/COL.fa', 'a.fa')
    """
    within = path_of(address).partition("://")[2]
    return within.partition("/")[2].strip("/") or within.strip("/")


def ends_as_folder(address: str) -> bool:
    """True if it ends with a slash: only words can tell."""
    return address.endswith("/")


def joined(folder: str, name: str) -> str:
    """The address, or the path here, of a file in a folder."""
    if not is_address(folder):
        return os.path.join(folder, name)
    return f"{folder.rstrip('/')}/{name}"


def folder_of(path: str) -> str:
    """`os.path.dirname`, of addresses too."""
    return path.rpartition("/")[0] if is_address(path) else os.path.dirname(path)
