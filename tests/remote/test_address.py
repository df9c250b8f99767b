"""What is taken for an address, and what for a file here."""

from __future__ import annotations

from pathlib import Path

import pytest

from acgz.cli import compress


def test_a_folder_named_like_a_scheme_is_no_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "s3:" / "bucket").mkdir(parents=True)
    (tmp_path / "s3:" / "bucket" / "x.fa").write_bytes(b">x\nACGT\n")
    monkeypatch.chdir(tmp_path)
    assert compress._is_here("./s3://bucket/x.fa")
    assert not compress._is_here("s3://bucket/x.fa")
