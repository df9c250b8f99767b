"""Adds files to an archive without coding anew what is in it."""

from __future__ import annotations

import zlib
from dataclasses import replace

from acgz.codec import Job
from acgz.container import format as fields
from acgz.container.blocks import Block, Recipe
from acgz.container.contents import Contents
from acgz.container.format import FileStart
from acgz.container.index import BlockRow
from acgz.container.writer import ArchiveWriter, Sink
from acgz.errors import UsageError


class Appender(ArchiveWriter):
    """An `ArchiveWriter` that begins with the blocks of an archive, as they are stored.

    Whatever is taken over has its check verified. Blocks stay byte for byte as they were, unless
    the file in the archive has no name: then it gets one, and every block has another check.
    """

    def __init__(
        self,
        out: Sink,
        recipe: Recipe,
        contents: Contents,
        name: str | None = None,
        job: Job | None = None,
    ) -> None:
        """``contents``: the archive. ``name``: for the file in it, if that has none.

        Raises UsageError if there is no name for it, and what reading a block raises.
        """
        super().__init__(out, recipe, job)
        unnamed = contents.names == [None]
        if unnamed and name is None:
            raise UsageError("the file in the archive has no name, which it needs among others")
        for known in contents.names:
            self._take_name(name if unnamed else known)
        for number in range(len(contents)):
            self._keep(contents, number, name if unnamed and number == 0 else None)
        index = contents.index
        for file in index.files:
            self._index.add_file(file._replace(name=name) if unnamed else file)
            self.digests.append(file.digest)
        for rows in index:
            for record, letters in zip(rows.names, rows.lengths.tolist(), strict=True):
                self._index.add_record(record, letters)
        self._records = index.record_count
        for mode in index.modes:
            self._index.add_method(mode, index.needs)
        self._blocks = len(contents)

    def _keep(self, contents: Contents, number: int, name: str | None) -> None:
        """Write a block of the archive once more. ``name``: of the file that begins in it, if that
        has been without one."""
        before = self.size
        if name is None:
            self._write_checked([contents.stored(number)[: -fields.CHECK_SIZE]])
        else:
            block = contents.block(number)
            files = fields.pack_starts([FileStart(name)])
            head = replace(block.head, files_size=len(files))
            if head.text_crc is None:  # a single block has the digest instead, which is verified
                head = replace(head, text_crc=zlib.crc32(contents.text(number)))
            named = Block(head, block.layout, block.residues, files)
            self._write_checked(named.pack(fields.BLOCK))
        self._write_check()
        row = BlockRow(*(int(column[number]) for column in contents.index.blocks))
        self._index.add_block(row._replace(size=self.size - before, check=self._check))
