"""Archives of earlier versions decode for ever. tests/golden/make.py has made them."""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path
from typing import Any

import pytest

import acgz

FOLDER = Path(__file__).parent / "golden"
MANIFEST: dict[str, dict[str, Any]] = json.loads((FOLDER / "manifest.json").read_text())


def test_the_manifest_lists_every_archive() -> None:
    assert {path.stem for path in FOLDER.glob("*.acgz")} == set(MANIFEST)
    assert MANIFEST


@pytest.mark.parametrize("name", MANIFEST)
def test_the_archive_is_the_one_that_was_made(name: str) -> None:
    archive = (FOLDER / f"{name}.acgz").read_bytes()
    assert hashlib.sha256(archive).hexdigest() == MANIFEST[name]["archive_sha256"]


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("name", MANIFEST)
def test_the_archive_restores_its_original(name: str, threads: int) -> None:
    text = acgz.decompress((FOLDER / f"{name}.acgz").read_bytes(), threads=threads)
    assert len(text) == MANIFEST[name]["size"]
    assert hashlib.sha256(text).hexdigest() == MANIFEST[name]["sha256"]


@pytest.mark.parametrize("name", MANIFEST)
def test_the_records_of_the_archive_are_those_of_its_original(name: str) -> None:
    archive = (FOLDER / f"{name}.acgz").read_bytes()
    text = acgz.decompress(archive)
    with acgz.open(io.BytesIO(archive)) as opened:
        found = {record.name: str(record) for record in opened}
    if "genome" in name:
        assert list(found) == ["chr1", "chr2"]
        assert found["chr2"] == "ACGTTGCA"
        assert len(found["chr1"]) == len(b"".join(text.split(b">")[1].split(b"\n")[1:]))
