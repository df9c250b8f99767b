"""Compressing and decompressing by command line: what is written where, and what never is."""

from __future__ import annotations

import gzip
import io
import os
import stat
import sys
from pathlib import Path

import pytest

import acgz
from acgz.cli.main import main
from acgz.cli.outputs import FileOutput
from conftest import fasta

TEXT = fasta(500, 40)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every test runs in a folder of its own, with a genome and its archive."""
    monkeypatch.chdir(tmp_path)
    Path("x.fa").write_bytes(TEXT)
    Path("old.fa.acgz").write_bytes(acgz.compress(TEXT, "twobit"))
    return tmp_path


def names() -> set[str]:
    return {path.name for path in Path(".").iterdir()} - {"x.fa", "old.fa.acgz"}


def compress(*arguments: str) -> int:
    return main(["compress", "-m", "order0", *arguments])


def give_stdin(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))


def test_the_archive_is_put_beside_the_file_and_both_stay() -> None:
    assert compress("x.fa") == 0
    assert names() == {"x.fa.acgz"}
    assert Path("x.fa").read_bytes() == TEXT
    assert acgz.decompress(Path("x.fa.acgz").read_bytes()) == TEXT


def test_the_original_is_put_beside_the_archive_and_both_stay() -> None:
    assert main(["decompress", "old.fa.acgz"]) == 0
    assert names() == {"old.fa"}
    assert Path("old.fa").read_bytes() == TEXT


def test_nothing_is_said_when_all_is_well_and_nobody_watches(
    capfd: pytest.CaptureFixture[str],
) -> None:
    compress("x.fa")
    main(["decompress", "old.fa.acgz"])
    main(["test", "x.fa.acgz"])
    assert capfd.readouterr() == ("", "")


def test_sizes_are_said_if_asked_for(capfd: pytest.CaptureFixture[str]) -> None:
    compress("-v", "x.fa")
    main(["decompress", "-v", "old.fa.acgz"])
    main(["test", "-v", "x.fa.acgz"])
    lines = capfd.readouterr().err.splitlines()
    assert len(lines) == 3
    assert all(f"{len(TEXT):,}" in line for line in lines)


@pytest.mark.parametrize("keep", [[], ["-k"], ["--rm"]])
def test_the_input_goes_only_with_rm(keep: list[str]) -> None:
    assert compress("x.fa", *keep) == 0
    assert Path("x.fa").exists() == (keep != ["--rm"])
    assert main(["decompress", "-f", "x.fa.acgz", *keep]) == 0
    assert Path("x.fa.acgz").exists() == (keep != ["--rm"])
    assert Path("x.fa").read_bytes() == TEXT


def test_several_files_become_several_archives() -> None:
    Path("y.fa").write_bytes(b"ACGT")
    assert compress("x.fa", "y.fa") == 0
    assert names() == {"x.fa.acgz", "y.fa", "y.fa.acgz"}
    Path("y.fa").unlink()
    assert main(["decompress", "-f", "x.fa.acgz", "y.fa.acgz"]) == 0
    assert Path("y.fa").read_bytes() == b"ACGT"


def test_after_an_error_the_other_files_are_done_and_the_code_is_that_of_the_error(
    capfd: pytest.CaptureFixture[str],
) -> None:
    assert compress("nowhere.fa", "x.fa") == 3
    assert names() == {"x.fa.acgz"}
    assert capfd.readouterr().err == "acgz: nowhere.fa: cannot be read: No such file or directory\n"


def test_output_has_the_given_name() -> None:
    assert compress("-o", "a", "x.fa") == 0
    assert main(["decompress", "-o", "b", "a"]) == 0
    assert names() == {"a", "b"}
    assert Path("b").read_bytes() == TEXT


def test_output_may_be_a_folder_when_decompressing() -> None:
    Path("here").mkdir()
    assert compress("x.fa") == 0
    assert main(["decompress", "-o", "here", "old.fa.acgz", "x.fa.acgz"]) == 0
    assert Path("here/old.fa").read_bytes() == Path("here/x.fa").read_bytes() == TEXT
    assert main(["decompress", "-o", "nowhere", "old.fa.acgz", "x.fa.acgz"]) == 2


@pytest.mark.parametrize("arguments", [["-c", "x.fa"], ["-o", "-", "x.fa"], ["-"], []])
def test_pipes(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    give_stdin(monkeypatch, TEXT)
    assert compress(*arguments) == 0
    archive = capfdbinary.readouterr().out
    assert archive == acgz.compress(TEXT, "order0")
    give_stdin(monkeypatch, archive)
    Path("archive").write_bytes(archive)
    back = [word.replace("x.fa", "archive") for word in arguments]
    assert main(["decompress", *back]) == 0
    assert capfdbinary.readouterr().out == TEXT
    assert names() == {"archive"}


def test_standard_input_to_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    give_stdin(monkeypatch, TEXT)
    assert compress("-o", "a", "-") == 0
    give_stdin(monkeypatch, Path("a").read_bytes())
    assert main(["decompress", "-o", "b"]) == 0
    assert Path("b").read_bytes() == TEXT


def test_cat_writes_archives_one_after_the_other(
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    assert main(["cat", "old.fa.acgz", "old.fa.acgz"]) == 0
    assert capfdbinary.readouterr().out == TEXT * 2


@pytest.mark.parametrize("command", ["compress", "decompress"])
def test_existing_files_are_not_overwritten_unless_forced(
    command: str, capfd: pytest.CaptureFixture[str]
) -> None:
    source, target = ("x.fa", "x.fa.acgz") if command == "compress" else ("old.fa.acgz", "old.fa")
    Path(target).write_bytes(b"precious")
    options = ["-m", "twobit"] if command == "compress" else []
    assert main([command, *options, source]) == 3
    assert "exists already (-f overwrites it)" in capfd.readouterr().err
    assert Path(target).read_bytes() == b"precious"
    assert main([command, *options, "-f", source]) == 0
    assert Path(target).read_bytes() != b"precious"


def test_a_file_that_appears_meanwhile_is_not_overwritten() -> None:
    with FileOutput("new", force=False) as out:
        out.write(b"new")
        Path("new").write_bytes(b"precious")
        with pytest.raises(acgz.AcgzError, match="exists already"):
            out.commit()
    assert Path("new").read_bytes() == b"precious"
    assert names() == {"new"}


def test_the_input_is_never_the_output(capfd: pytest.CaptureFixture[str]) -> None:
    assert compress("-f", "-o", "x.fa", "x.fa") == 2
    assert main(["decompress", "-f", "-o", "old.fa.acgz", "old.fa.acgz"]) == 2
    assert capfd.readouterr().err.count("would replace") == 2
    assert Path("x.fa").read_bytes() == TEXT


def test_a_link_stays_and_what_it_points_to_is_replaced() -> None:
    Path("target").write_bytes(b"")
    Path("link").symlink_to("target")
    assert compress("-f", "-o", "link", "x.fa") == 0
    assert Path("link").is_symlink()
    assert acgz.decompress(Path("target").read_bytes()) == TEXT


def test_a_device_is_written_to_and_not_replaced() -> None:
    assert compress("-o", "/dev/null", "x.fa") == 0
    assert main(["decompress", "-o", "/dev/null", "old.fa.acgz"]) == 0
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


def test_permissions_and_times_are_kept_in_both_directions() -> None:
    Path("x.fa").chmod(0o640)
    os.utime("x.fa", (1e9, 1e9))
    compress("x.fa")
    Path("x.fa").unlink()
    main(["decompress", "x.fa.acgz"])
    for name in ("x.fa.acgz", "x.fa"):
        status = os.stat(name)
        assert stat.S_IMODE(status.st_mode) == 0o640
        assert status.st_mtime == 1e9


def test_a_damaged_archive_leaves_no_file_behind(capfd: pytest.CaptureFixture[str]) -> None:
    damaged = bytearray(Path("old.fa.acgz").read_bytes())
    damaged[60] ^= 1
    Path("bad.fa.acgz").write_bytes(damaged)
    assert main(["decompress", "--rm", "bad.fa.acgz"]) == 6
    assert main(["test", "bad.fa.acgz"]) == 6
    assert names() == {"bad.fa.acgz"}
    assert "acgz: bad.fa.acgz: block 0 (at byte 4): wrong checksum" in capfd.readouterr().err


def test_a_truncated_archive_leaves_no_file_behind() -> None:
    Path("bad.fa.acgz").write_bytes(Path("old.fa.acgz").read_bytes()[:-3])
    assert main(["decompress", "bad.fa.acgz"]) == 7
    assert names() == {"bad.fa.acgz"}


def test_the_wrong_end_of_a_name_is_an_error(capfd: pytest.CaptureFixture[str]) -> None:
    Path("old.fa.acgz").rename("old")
    assert main(["decompress", "old"]) == 2
    assert "say with -o or -c" in capfd.readouterr().err
    Path("old").rename("old.fa.acgz")


def test_what_is_no_archive_is_not_decompressed() -> None:
    assert main(["decompress", "-c", "x.fa"]) == 4


def test_an_archive_is_not_compressed_again_unless_forced() -> None:
    assert compress("old.fa.acgz") == 2
    assert names() == set()
    assert compress("-f", "old.fa.acgz") == 0
    assert main(["decompress", "-o", "back", "old.fa.acgz.acgz"]) == 0
    assert Path("back").read_bytes() == Path("old.fa.acgz").read_bytes()


@pytest.mark.parametrize("command", ["compress", "decompress", "test", "info", "ls", "cat"])
def test_folders_and_missing_files_are_file_trouble(
    command: str, capfd: pytest.CaptureFixture[str]
) -> None:
    Path("folder.acgz").mkdir()
    assert main([command, "folder.acgz"]) == 3
    assert main([command, "nowhere.acgz"]) == 3
    lines = capfd.readouterr().err.splitlines()
    known = {"compress": "is a folder: -o names one archive for what is in it"}
    assert lines[0] == f"acgz: folder.acgz: {known.get(command, 'cannot be read: Is a directory')}"
    assert lines[1] == "acgz: nowhere.acgz: cannot be read: No such file or directory"


def test_an_output_folder_that_is_missing_is_file_trouble() -> None:
    assert compress("-o", "nowhere/x.acgz", "x.fa") == 3
    assert main(["decompress", "-o", "nowhere/x", "old.fa.acgz"]) == 3


def test_several_files_become_one_archive_if_it_has_a_name() -> None:
    Path("sub").mkdir()
    Path("sub/y.fa.gz").write_bytes(gzip.compress(b">y\nACGT\n"))
    Path("empty").write_bytes(b"")
    assert compress("-q", "-o", "all.acgz", "x.fa", "sub/y.fa.gz", "empty") == 0
    Path("out").mkdir()
    assert main(["decompress", "-o", "out", "all.acgz"]) == 0
    assert {path.name for path in Path("out").iterdir()} == {"x.fa", "sub", "empty"}
    assert Path("out/x.fa").read_bytes() == TEXT
    assert Path("out/sub/y.fa").read_bytes() == b">y\nACGT\n"
    assert Path("out/empty").read_bytes() == b""


def test_several_files_are_restored_together_or_not_at_all() -> None:
    Path("y.fa").write_bytes(b"ACGT")
    compress("-o", "all.acgz", "x.fa", "y.fa")
    Path("x.fa").unlink()
    assert main(["decompress", "all.acgz"]) == 3  # y.fa is there
    assert not Path("x.fa").exists()
    Path("y.fa").unlink()
    assert main(["decompress", "all.acgz"]) == 0
    assert Path("x.fa").read_bytes() == TEXT
    assert names() == {"y.fa", "all.acgz"}


def test_files_of_one_archive_need_different_names(capfd: pytest.CaptureFixture[str]) -> None:
    Path("sub").mkdir()
    Path("sub/x.fa").write_bytes(TEXT)
    assert compress("-o", "all.acgz", "x.fa", "./x.fa") == 2
    assert "x.fa and ./x.fa would be 'x.fa'" in capfd.readouterr().err
    Path("sub/x.fa.gz").write_bytes(gzip.compress(TEXT))
    assert compress("-o", "all.acgz", "sub") == 2
    assert "sub/x.fa and sub/x.fa.gz would be 'sub/x.fa'" in capfd.readouterr().err
    assert names() == {"sub"}


def test_an_error_in_one_of_several_files_names_it(capfd: pytest.CaptureFixture[str]) -> None:
    assert compress("-o", "all.acgz", "x.fa", "nowhere") == 3
    assert "acgz: nowhere: cannot be read" in capfd.readouterr().err
    assert names() == set()


def test_the_archive_is_verified_before_the_original_goes(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """The disk changes a byte when the archive is complete."""
    flush = FileOutput.flush

    def flush_and_spoil(self: FileOutput) -> None:
        flush(self)
        spoilt = bytearray(self.part.read_bytes())
        spoilt[-50] ^= 4
        self.part.write_bytes(spoilt)

    monkeypatch.setattr(FileOutput, "flush", flush_and_spoil)
    for option in ("--verify", "--rm"):
        assert compress(option, "x.fa") == 6
        assert "checksum" in capfd.readouterr().err
        assert names() == set()
        assert Path("x.fa").read_bytes() == TEXT


def test_a_verified_archive_is_like_any_other() -> None:
    assert compress("--verify", "-o", "a", "x.fa") == 0
    assert Path("a").read_bytes() == acgz.compress(TEXT, "order0")


@pytest.mark.parametrize("option", ["--verify", "--rm"])
def test_what_goes_to_a_pipe_cannot_be_verified(option: str) -> None:
    assert compress(option, "-c", "x.fa") == 2
    assert compress(option, "-o", "/dev/null", "x.fa") == 2
    assert Path("x.fa").exists()


def test_the_archive_stays_if_the_output_is_no_file() -> None:
    assert main(["decompress", "--rm", "-c", "old.fa.acgz"]) == 2
    assert main(["decompress", "--rm", "-o", "/dev/null", "old.fa.acgz"]) == 2
    assert Path("old.fa.acgz").exists()


def test_settings_reach_the_archive() -> None:
    assert compress("--block", "100", "--lanes", "3", "-T", "2", "x.fa") == 0
    assert Path("x.fa.acgz").read_bytes() == acgz.compress(TEXT, "order0", block=100, lanes=3)


def test_the_memory_limit_is_kept(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["test", "--memory-limit", "1K", "old.fa.acgz"]) == 10
    assert "memory" in capfd.readouterr().err
    assert main(["test", "--memory-limit", "64M", "old.fa.acgz"]) == 0


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["explode"],
        ["compress", "--lanes", "0", "x.fa"],
        ["compress", "--lanes", "x", "x.fa"],
        ["compress", "--block", "1X", "x.fa"],
        ["compress", "--block", "-5", "x.fa"],
        ["compress", "--block", "nan", "x.fa"],
        ["compress", "--block", "15", "x.fa"],
        ["compress", "-T", "-1", "x.fa"],
        ["compress", "-m", "best", "x.fa"],
        ["compress", "-c", "-o", "a", "x.fa"],
        ["compress", "-q", "-v", "x.fa"],
        ["decompress", "--memory-limit", "much", "old.fa.acgz"],
        ["extract", "old.fa.acgz"],
    ],
)
def test_wrong_usage_has_code_2_and_writes_nothing(
    arguments: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert "Traceback" not in capfd.readouterr().err
    assert names() == set()
