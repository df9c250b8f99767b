"""Archives of earlier versions decode for ever. tests/golden/make.py has made them."""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path
from typing import Any

import pytest

import acgz
from acgz.modes import MODES

FOLDER = Path(__file__).parent / "golden"
MANIFEST: dict[str, dict[str, Any]] = json.loads((FOLDER / "manifest.json").read_text())


def test_the_manifest_lists_every_archive() -> None:
    assert {path.stem for path in FOLDER.glob("*.acgz")} == set(MANIFEST)
    assert MANIFEST


def test_every_mode_has_an_archive() -> None:
    made = {known["mode"] for known in MANIFEST.values()}
    assert [
        mode
        for mode in MODES
        if not any(name == mode or name.startswith(f"{mode}-") for name in made)
    ] == []


@pytest.mark.parametrize("name", MANIFEST)
def test_the_archive_restores_its_original(name: str) -> None:
    known = MANIFEST[name]
    archive = (FOLDER / f"{name}.acgz").read_bytes()
    assert hashlib.sha256(archive).hexdigest() == known["archive_sha256"]
    text = acgz.decompress(archive, threads=2)
    assert (len(text), hashlib.sha256(text).hexdigest()) == (known["size"], known["sha256"])
    with acgz.open(io.BytesIO(archive)) as opened:
        found = {record.name: len(record) for record in opened}
    if "genome" in name:
        assert found == {"chr1": len(b"".join(text.split(b">")[1].split(b"\n")[1:])), "chr2": 8}
