"""``acgz compress --resume``: what earlier runs have left is not done again."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from acgz.cli import background
from acgz.cli.inputs import Input
from acgz.cli.messages import Remarks
from acgz.cli.outputs import FileOutput, Output
from acgz.errors import AcgzError
from acgz.newfiles import landing

if TYPE_CHECKING:
    from acgz.container.blocks import Recipe
    from acgz.container.journal import Journal

_PIECE = 1 << 20
"""Bytes that are hashed at a time."""


@contextmanager
def journal(target: str, recipe: Recipe, remarks: Remarks) -> Iterator[Journal]:
    """The journal of an archive; says how much of the work is done already."""
    from acgz.container.journal import Journal

    with Journal(landing(Path(target)), recipe) as journal:
        if journal.is_outdated:
            remarks.say(target, "begins again, for the settings or this acgz are others")
        elif len(journal):
            remarks.say(target, f"goes on; coded before: {blocks(len(journal))}")
        yield journal


def blocks(count: int) -> str:
    """So many blocks, in words."""
    return "1 block" if count == 1 else f"{count:,} blocks"


def end(out: Output, journal: Journal | None) -> None:
    """An archive has got its name: no journal of it is left, whoever has begun that."""
    from acgz.container.journal import forget

    if journal is not None:
        journal.remove()
    elif isinstance(out, FileOutput):
        forget(landing(Path(out.name)))


def is_archive_of(target: str, source: Input, recipe: Recipe) -> bool:
    """Whether ``target`` is an archive of ``source``, which is read, in the mode of the recipe.

    Other settings cannot be told from an archive.
    """
    from acgz.container.contents import Contents
    from acgz.modes import mode_of

    if not os.path.isfile(target):
        return False
    mode = mode_of(recipe.codec.name, recipe.settings.parameters())
    try:
        with open(target, "rb") as stream:
            contents = Contents(stream)
    except (AcgzError, OSError):
        return False
    if contents.names != [None] or set(contents.index.modes) - {mode}:
        return False
    digest = background.run(lambda: _sha256(source))
    return contents.digests == (digest[: len(contents.digests[0])],)


def _sha256(source: Input) -> bytes:
    digest = hashlib.sha256()
    while piece := source.stream.read(_PIECE):
        digest.update(piece)
    return digest.digest()
