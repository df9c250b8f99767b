"""Who may read what is written: nobody who may not read what it was made of."""

from __future__ import annotations

import os
import stat
import struct
from pathlib import Path

import pytest

import acgz
from acgz import newfiles
from acgz.cli.main import main
from acgz.rights import Rights
from conftest import fasta

TEXT = fasta(200)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, "umask", lambda mask: 0o022)  # of the process: others may need it
    for name in ("x.fa", "y.fa"):
        Path(name).write_bytes(TEXT)


def mode_of(name: str) -> int:
    return stat.S_IMODE(os.stat(name).st_mode)


def compress(*arguments: str) -> int:
    return main(["compress", "-m", "twobit", *arguments])


@pytest.mark.parametrize("special", [stat.S_ISUID, stat.S_ISGID, stat.S_ISVTX, 0o7000])
def test_nothing_becomes_the_right_to_act_as_another_user(special: int) -> None:
    Path("x.fa").chmod(0o755 | special)
    assert compress("x.fa") == 0
    assert mode_of("x.fa.acgz") == 0o755
    Path("x.fa.acgz").chmod(0o755 | special)
    assert main(["decompress", "-f", "x.fa.acgz"]) == 0
    assert mode_of("x.fa") == 0o755


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give such attributes")
def test_capabilities_of_the_system_are_not_kept() -> None:
    assert compress("x.fa") == 0
    capability = struct.pack("<5I", 0x02000001, 1 << 7, 0, 0, 0)
    try:
        os.setxattr("x.fa.acgz", "security.capability", capability)
    except OSError:
        pytest.skip("the file system has no capabilities")
    assert main(["decompress", "-f", "x.fa.acgz"]) == 0
    assert os.listxattr("x.fa") == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_root_keeps_owner_and_group() -> None:
    os.chown("x.fa", 12345, 54321)
    assert compress("x.fa") == 0
    Path("x.fa").unlink()
    assert main(["decompress", "x.fa.acgz"]) == 0
    for name in ("x.fa.acgz", "x.fa"):
        assert (os.stat(name).st_uid, os.stat(name).st_gid) == (12345, 54321)


def test_owner_and_group_come_before_the_permissions(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    for name in ("fchown", "fchmod"):
        monkeypatch.setattr(os, name, lambda *_, name=name: calls.append(name))
    assert compress("x.fa") == 0
    assert calls == ["fchown", "fchown", "fchmod"]


def test_a_group_that_cannot_be_given_gets_what_all_get(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(handle: int, user: int, group: int) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "fchown", refuse)
    for before, after in ((0o640, 0o600), (0o664, 0o644), (0o604, 0o600), (0o755, 0o755)):
        Path("x.fa").chmod(before)
        assert compress("-f", "x.fa") == 0
        assert oct(mode_of("x.fa.acgz")) == oct(after)


def test_an_archive_of_several_files_is_as_private_as_the_most_private() -> None:
    Path("x.fa").chmod(0o644)
    Path("y.fa").chmod(0o600)
    assert compress("-o", "both.acgz", "x.fa", "y.fa") == 0
    assert mode_of("both.acgz") == 0o600
    assert main(["decompress", "-o", "out", "both.acgz"]) == 0
    assert mode_of("out/x.fa") == mode_of("out/y.fa") == 0o600
    acgz.create("again.acgz", ["x.fa", "y.fa"], "twobit")
    assert mode_of("again.acgz") == 0o600


def test_what_many_may_write_is_restored_within_the_umask() -> None:
    for name in ("x.fa", "y.fa"):
        Path(name).chmod(0o666)
    assert compress("-o", "both.acgz", "x.fa", "y.fa") == 0
    assert mode_of("both.acgz") == 0o644


def test_files_of_different_groups_are_for_no_group() -> None:
    sources = [Rights(0o660, (1, 1)), Rights(0o660, (1, 2))]
    assert Rights.common(sources).mode == 0o600
    assert Rights.common(sources[:1] * 2) == Rights(0o640, (1, 1))


def test_a_list_of_access_gives_nothing_to_the_group() -> None:
    Path("x.fa").chmod(0o660)
    entries = [(1, 6, -1), (2, 6, 12345), (4, 0, -1), (16, 6, -1), (32, 0, -1)]
    access = struct.pack("<I", 2) + b"".join(struct.pack("<HHi", *entry) for entry in entries)
    try:
        os.setxattr("x.fa", "system.posix_acl_access", access)
    except OSError:
        pytest.skip("the file system has no access control lists")
    assert compress("x.fa") == 0
    assert mode_of("x.fa.acgz") == 0o600


def test_nobody_else_can_read_a_result_before_it_has_its_rights(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen = []
    give = Rights.give

    def look(self: Rights, handle: int) -> None:
        (hidden,) = Path().glob(".acgz-*")
        seen.append((mode_of(str(hidden)), stat.S_IMODE(os.fstat(handle).st_mode)))
        give(self, handle)

    monkeypatch.setattr(Rights, "give", look)
    assert compress("x.fa") == 0
    assert seen == [(0o700, 0o600)]


@pytest.mark.parametrize("force", [[], ["-f"]])
def test_a_planted_link_that_leads_nowhere_is_not_followed(
    force: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    compress("x.fa")
    Path("x.fa").unlink()
    Path("x.fa").symlink_to("elsewhere")
    assert main(["decompress", *force, "x.fa.acgz"]) == 3
    assert "a symbolic link that leads nowhere" in capfd.readouterr().err
    assert not Path("elsewhere").exists()


def test_a_link_that_is_planted_meanwhile_is_not_followed() -> None:
    with newfiles.NewFiles() as new:
        new.begin(Path("new"))
        new.write(b"text")
        Path("new").symlink_to("elsewhere")
        with pytest.raises(acgz.AcgzError, match="no regular file"):
            new.commit(Rights.usual())
    assert not Path("elsewhere").exists()


def test_files_of_an_archive_do_not_go_through_links_to_other_folders(tmp_path: Path) -> None:
    import io

    acgz.create("deep.acgz", {"sub/a": io.BytesIO(TEXT), "b": io.BytesIO(TEXT)}, "twobit")
    Path("elsewhere").mkdir()
    Path("sub").symlink_to("elsewhere")
    assert main(["decompress", "deep.acgz"]) == 3
    assert list(Path("elsewhere").iterdir()) == []
    assert not Path("b").exists()
