"""Parts of files that are read for themselves: they are what was read there, or nothing."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from acgz.codec import Job
from acgz.container.blocks import Recipe
from acgz.container.journal import Journal
from acgz.container.parts import ElsewhereError, Part, Shared
from acgz.container.writer import ArchiveWriter
from acgz.crew import Task
from conftest import fasta


def shared(path: Path) -> Shared:
    status = os.stat(path)
    return Shared(str(path), status.st_size, status.st_mtime_ns)


def test_a_part_of_another_file_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "x.fa"
    path.write_bytes(b"ACGTACGT")
    part = shared(path).part(2, b"GTAC")
    assert part.read() == b"GTAC"
    times = os.stat(path).st_mtime_ns
    for content, changed in ((b"ACGTACGA", times), (b"ACGGACGT", times), (b"ACGTACGT", times + 1)):
        path.write_bytes(content)
        os.utime(path, ns=(changed, changed))
        if (content[2:6], changed) == (b"GTAC", times):
            assert part.read() == b"GTAC"  # what is behind it does not matter
        else:
            with pytest.raises(ElsewhereError, match="another file"):
                part.read()
    path.unlink()
    with pytest.raises(ElsewhereError, match="cannot read"):
        part.read()


@pytest.mark.parametrize("size", [16, 100, 333, 1000, 5000])
def test_parts_have_the_texts_of_their_blocks(
    size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever files share a block; of a block of several files there is no part."""
    lengths = [700, 0, 10, 350, 1, 2000, 0]
    paths = [tmp_path / f"{number}.fa" for number in range(len(lengths))]
    for path, length in zip(paths, lengths, strict=True):
        path.write_bytes(fasta(length) if length else b"")
    seen: list[tuple[bytes, Part]] = []
    missing = 0

    def note(self: Journal, text: bytes, task: Task[object]) -> Task[object]:
        nonlocal missing
        if task.short is None:
            missing += 1
        else:
            seen.append((text, task.short().text))  # type: ignore[attr-defined]
        return task

    monkeypatch.setattr(Journal, "task", note)
    recipe = Recipe.of("twobit", {}, size)
    with (
        Journal(tmp_path / "x.acgz", recipe) as journal,
        ArchiveWriter(io.BytesIO(), recipe, Job(), journal) as writer,
    ):
        for path in paths:
            writer.add(io.BytesIO(path.read_bytes()), path.name, shared(path))
        writer.finish()
    assert all(part.read() == text for text, part in seen)
    assert len(seen) > missing or size == 5000
