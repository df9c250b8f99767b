"""Many files, one archive."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from acgz.cli.gathering import Found, Gathering, check_different
from acgz.cli.inputs import Input
from acgz.cli.outputs import claim, open_output
from acgz.errors import AcgzError, UsageError
from acgz.places import Claims, remove
from acgz.rights import Rights

if TYPE_CHECKING:
    from acgz.api import Source
    from acgz.cli.compress import Compression


@dataclass(frozen=True)
class Together:
    """Files that become one archive, all of them or none."""

    compression: Compression
    files: Sequence[Found]
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
        from acgz.api import check_names

        if "-" in words:
            raise UsageError("standard input has no name for an archive of several files")
        gathering = Gathering(compression.remarks.say, follow=compression.follow)
        for word in words:
            gathering.add(word)
        files = gathering.files
        if not files:
            raise UsageError("there are no files to compress")
        names = [compression.planned_name(found) for found in files]
        check_different((found.path, name) for found, name in zip(files, names, strict=True))
        check_names(names)
        claims = Claims([*(found.path for found in files), *lists])
        return cls(compression, files, gathering.rights, claims)

    def pack(self, target: str) -> None:
        """Make an archive of them."""
        paths = [found.path for found in self.files]
        claim(self.claims, target, "all files")
        self.compression.check(target, paths)
        read: list[tuple[str, Input]] = []
        with open_output(target, force=self.compression.force) as out:
            self.compression.write(out, self._sources(read), out.name, self._size())
            rights = [source.rights for _, source in read if source.rights is not None]
            out.commit(Rights.common([*rights, *self.rights]), durable=self.compression.remove)
        if self.compression.remove:
            remove([(path, source.identity) for path, source in read if source.identity])

    def _size(self) -> int:
        """Bytes of all files, as far as that can be known."""
        paths = (found.path for found in self.files)
        return sum(os.path.getsize(path) for path in paths if os.path.isfile(path))

    def _sources(self, read: list[tuple[str, Input]]) -> Iterator[Source]:
        """The files, each opened when it is its turn and then added to ``read``."""
        from acgz.api import Source

        for found in self.files:
            try:
                with self.compression.open(found) as source:
                    read.append((found.path, source))
                    yield Source(source.stream, source.name_of(found.name), found.path)
            except AcgzError as error:
                error.place = error.place or found.path
                raise
