"""Many files, one archive: a new one, or one that is there already."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from acgz.cli.gathering import Found, Gathering, check_different
from acgz.cli.inputs import Input, open_regular
from acgz.cli.outputs import claim, open_output
from acgz.container.names import archive_name
from acgz.errors import AcgzError, UsageError
from acgz.places import Claims, check_unchanged, remove
from acgz.rights import Rights

if TYPE_CHECKING:
    from acgz.cli.compress import Compression
    from acgz.container.contents import Contents
    from acgz.creating import Source


@dataclass(frozen=True)
class Together:
    """Files that become one archive, all of them or none."""

    compression: Compression
    files: Sequence[Found]
    names: Sequence[str]
    """What they will be called, unless one turns out to be odd."""
    rights: Sequence[Rights]
    """Of the folders that they were found in."""
    claims: Claims

    @classmethod
    def gather(
        cls, compression: Compression, words: Sequence[str], lists: Sequence[str]
    ) -> Together:
        """The files that are named, and those in folders. ``lists``: what else is an input.

        UsageError if there are none, or if no archive could have them.
        """
        from acgz.creating import check_names

        if "-" in words:
            raise UsageError("standard input has no name for an archive of several files")
        gathering = Gathering(compression.remarks.say, follow=compression.follow)
        for word in words:
            gathering.add(word)
        if not gathering.files:
            raise UsageError("there are no files to compress")
        seen = [(found, compression.glance(found)) for found in gathering.files]
        # Neighbours of one kind share a block, and so what they have in common.
        seen.sort(key=lambda pair: pair[1].kind)
        files = [found for found, _ in seen]
        names = [glance.name for _, glance in seen]
        check_different((found.path, name) for found, name in zip(files, names, strict=True))
        check_names(names)
        claims = Claims(
            [*(found.path for found in files), *lists, *compression.recipe.settings.files()]
        )
        return cls(compression, files, names, gathering.rights, claims)

    def pack(self, target: str) -> None:
        """Make an archive of them."""
        paths = [found.path for found in self.files]
        self.compression.claim(self.claims, target, "all files")
        self.compression.check(target, paths)
        read: list[tuple[str, Input]] = []
        compression = self.compression
        with (
            open_output(target, force=compression.force) as out,
            compression.journal(target) as journal,
        ):
            sources = self._sources(read)
            compression.write(out, sources, out.name, self._size(), journal=journal)
            rights = [source.rights for _, source in read if source.rights is not None]
            compression.commit(out, Rights.common([*rights, *self.rights]), journal)
        if self.compression.remove:
            remove([(path, source.identity) for path, source in read if source.identity])

    def append(self, archive: str, name: str | None) -> None:
        """Add them to an archive. ``name``: for the file in it, if that has none."""
        from acgz.container.contents import Contents
        from acgz.creating import Old, check_here

        check_here(archive)
        claim(self.claims, archive, "all files")
        path = os.path.realpath(archive)
        read: list[tuple[str, Input]] = []
        with open_regular(archive) as opened, open_output(path, force=True) as out:
            contents = Contents(opened.stream)
            name = self._name_in(contents, archive, name)
            old = Old(contents, name)
            self.compression.write(out, self._sources(read), archive, self._size(), old=old)
            rights = [source.rights for _, source in read if source.rights is not None]
            check_unchanged(path, opened.identity, "nothing is added to it")
            # Durable: after a power cut there is one of both, whole.
            out.commit(Rights.common([opened.rights, *rights, *self.rights]), durable=True)

    def _name_in(self, contents: Contents, archive: str, name: str | None) -> str | None:
        """What the file in the archive will be called, if it has no name.

        UsageError if that, or what is to be added, cannot be.
        """
        from acgz.cli.compress import SUFFIX
        from acgz.creating import check_names

        known = contents.names
        if known != [None]:
            if name is not None:
                raise UsageError("--name is for an archive of one file that has no name")
        elif name is not None:
            name, cut = archive_name(name)
            if cut:
                self.compression.remarks.say(archive, f"names in the archive are without {cut!r}")
        elif archive.endswith(SUFFIX):
            name = archive_name(os.path.basename(archive).removesuffix(SUFFIX))[0]
        else:
            raise UsageError("the file in it has no name: --name gives it one")
        there = {name if one is None else one for one in known}
        for new in self.names:
            if new in there:
                raise UsageError(f"there is a file {new!r} in the archive already")
        check_names([*filter(None, there), *self.names])
        return name

    def _size(self) -> int:
        """Bytes of all files, as far as that can be known."""
        paths = (found.path for found in self.files)
        return sum(os.path.getsize(path) for path in paths if os.path.isfile(path))

    def _sources(self, read: list[tuple[str, Input]]) -> Iterator[Source]:
        """The files, each opened when it is its turn and then added to ``read``."""
        from acgz.creating import Source

        for found in self.files:
            try:
                with self.compression.open(found) as source:
                    read.append((found.path, source))
                    name = source.name_of(found.name)
                    yield Source(source.stream, name, found.path, source.shared(found.path))
            except AcgzError as error:
                error.place = error.place or found.path
                raise
