"""Archives of folders and lists: what is taken, under which names, and what is never read."""

from __future__ import annotations

import gzip
import io
import os
import socket
import stat
import sys
from pathlib import Path

import pytest

import acgz
from acgz.cli import gathering
from acgz.cli.main import main
from conftest import fasta

TEXT = fasta(500, 40)
OTHER = fasta(300, seed=2)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a", "b", "b/.hidden"):
        Path("d", name).mkdir(parents=True)
    Path("d/a/g.fa").write_bytes(TEXT)
    Path("d/b/g.fa").write_bytes(OTHER)
    Path("d/b/.hidden/notes").write_bytes(b"text")


def compress(*arguments: str) -> int:
    return main(["compress", "-m", "twobit", "-o", "c.acgz", *arguments])


def names(archive: str = "c.acgz") -> tuple[str, ...]:
    with acgz.open(archive) as opened:
        return opened.info.files


def restored() -> dict[str, bytes]:
    """What c.acgz holds, restored into the folder out."""
    assert main(["decompress", "-o", "out", "c.acgz"]) == 0
    return {
        str(path.relative_to("out")): path.read_bytes()
        for path in Path("out").rglob("*")
        if path.is_file()
    }


def test_files_of_one_name_in_two_folders_share_an_archive() -> None:
    assert compress("d/a/g.fa", "d/b/g.fa") == 0
    assert restored() == {"d/a/g.fa": TEXT, "d/b/g.fa": OTHER}


def test_a_folder_is_everything_in_it_hidden_files_too() -> None:
    assert compress("d") == 0
    assert names() == ("d/a/g.fa", "d/b/g.fa", "d/b/.hidden/notes")
    assert restored() == {"d/a/g.fa": TEXT, "d/b/g.fa": OTHER, "d/b/.hidden/notes": b"text"}


@pytest.mark.parametrize(
    ("word", "expected", "said"),
    [
        ("./d//a/", "d/a/g.fa", ""),
        ("d/b/../a", "a/g.fa", "names in the archive are without 'd/b/../'"),
        ("../{here}/d/a/g.fa", "{here}/d/a/g.fa", "without '../'"),
        ("{absolute}/d/a", "{absolute}/d/a/g.fa", "without '/'"),
    ],
)
def test_names_are_relative_as_those_of_tar(
    word: str, expected: str, said: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    known = {"here": tmp_path.name, "absolute": str(tmp_path)}
    assert compress(word.format(**known), "d/b/g.fa") == 0
    assert names()[0] == expected.format(**known).removeprefix("/")
    assert said in capfd.readouterr().err


def test_the_working_folder_has_no_name() -> None:
    os.chdir("d")
    assert main(["compress", "-m", "twobit", "-o", "../c.acgz", "."]) == 0
    assert names("../c.acgz") == ("a/g.fa", "b/g.fa", "b/.hidden/notes")


@pytest.mark.parametrize("packed", [False, True])
def test_sequences_stand_together_and_share_a_block(packed: bool) -> None:
    """As in a download with a folder for each strain: sequence, annotation, sequence, …"""
    for number in range(3):
        strain = Path("strains", str(number))
        strain.mkdir(parents=True)
        text = TEXT.replace(b"chr", b"strain%d-" % number)
        Path(strain, "g.fna.gz" if packed else "g.fna").write_bytes(
            gzip.compress(text) if packed else text
        )
        Path(strain, "g.gff").write_bytes(b"##gff-version 3\n")
        Path(strain, "protein.faa").write_bytes(b">p\nMKVLAAGIVGMKVLAAGIVG\n")
    assert main(["compress", "-q", "-m", "plus", "-o", "c.acgz", "strains"]) == 0
    assert names()[:3] == ("strains/0/g.fna", "strains/1/g.fna", "strains/2/g.fna")
    with acgz.open("c.acgz") as archive:
        assert archive.info.residues_size < 1.2 * len(TEXT) / 4  # that of one
    assert len(restored()) == 9


def test_words_may_stand_behind_options() -> None:
    assert main(["compress", "-m", "twobit", "d/a", "-o", "c.acgz", "d/b/g.fa", "-q", "-v"]) == 2
    assert main(["compress", "-m", "twobit", "d/a", "-o", "c.acgz", "d/b/g.fa", "-q"]) == 0
    assert names() == ("d/a/g.fa", "d/b/g.fa")
    assert main(["append", "c.acgz", "-q", "-m", "twobit", "d/b/.hidden"]) == 0
    assert main(["decompress", "c.acgz", "-o", "out", "d/a", "-q", "d/b/.hidden/notes"]) == 0
    assert Path("out/d/b/.hidden/notes").read_bytes() == b"text"
    assert main(["compress", "d/a/g.fa", "--unknown", "d/b/g.fa"]) == 2


def test_a_folder_alone_wants_a_name_for_its_archive(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["compress", "-m", "twobit", "d", "d/a/g.fa"]) == 3
    assert "acgz: d: is a folder: -o names one archive" in capfd.readouterr().err
    assert Path("d/a/g.fa.acgz").exists()


def test_what_is_no_file_is_left_out_with_a_remark(capfd: pytest.CaptureFixture[str]) -> None:
    Path("outside").mkdir()
    Path("outside/secret").write_bytes(b"secret")
    Path("d/empty").mkdir()
    Path("d/to-folder").symlink_to(Path("outside").absolute())
    Path("d/to-file").symlink_to(Path("outside/secret").absolute())
    Path("d/to-nowhere").symlink_to("nowhere")
    os.mkfifo("d/pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("d/socket")
    Path("d/.acgz-abcdefgh.part").mkdir()
    Path("d/.acgz-abcdefgh.part/new0").write_bytes(b"half")
    assert compress("d") == 0
    assert names() == ("d/a/g.fa", "d/b/g.fa", "d/b/.hidden/notes")
    error = capfd.readouterr().err
    for what in (
        "d/empty: the empty folder",
        "d/to-folder: the symbolic link",
        "d/to-file: the symbolic link",
        "d/to-nowhere: the symbolic link",
        "d/pipe: the named pipe",
        "d/socket: the socket",
        "d/.acgz-abcdefgh.part: the unfinished work of acgz",
    ):
        assert what in error


def test_links_in_folders_are_followed_if_asked_for(capfd: pytest.CaptureFixture[str]) -> None:
    Path("outside").mkdir()
    Path("outside/o.fa").write_bytes(OTHER)
    Path("d/to-folder").symlink_to(Path("outside").absolute())
    Path("d/a/to-file").symlink_to("g.fa")
    Path("d/a/up").symlink_to("..")
    assert compress("--follow", "d/a", "d/to-folder") == 0
    assert names() == ("d/a/g.fa", "d/a/to-file", "d/a/up/b/g.fa", "d/a/up/to-folder/o.fa",
                       "d/to-folder/o.fa", "d/a/up/b/.hidden/notes")  # fmt: skip
    assert "d/a/up/a: the link to a folder that it is in" in capfd.readouterr().err


def test_a_link_that_is_named_itself_is_followed() -> None:
    Path("link").symlink_to("d/a")
    Path("link.fa").symlink_to("d/b/g.fa")
    assert compress("link", "link.fa") == 0
    assert restored() == {"link/g.fa": TEXT, "link.fa": OTHER}


def test_nothing_to_compress_is_an_error(capfd: pytest.CaptureFixture[str]) -> None:
    Path("empty").mkdir()
    assert compress("empty") == 2
    assert "there are no files to compress" in capfd.readouterr().err
    assert not Path("c.acgz").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_cannot_be_read_makes_no_archive(
    capfd: pytest.CaptureFixture[str],
) -> None:
    Path("d/b").chmod(0)
    try:
        assert compress("d") == 3
    finally:
        Path("d/b").chmod(0o700)
    assert "acgz: d/b: cannot be read" in capfd.readouterr().err
    assert not Path("c.acgz").exists()


def test_very_deep_folders_are_refused_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    import resource

    deep = Path("deep")
    deep.mkdir()
    with monkeypatch.context() as patch:
        patch.chdir(deep)
        for _ in range(300):
            os.mkdir("a")
            os.chdir("a")
        Path("x.fa").write_bytes(TEXT)
    Path("short").symlink_to("deep" + 100 * "/a")
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (60, limit[1]))
    try:
        assert compress("deep") == 2
        error = capfd.readouterr().err
        assert error == "acgz: deep: has more than 256 folders in one another\n"
        assert compress("deep" + 50 * "/a") == 2  # the name is still too deep
        assert main(["compress", "-m", "twobit", "-o", "c.acgz", "short"]) == 0
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limit)
    assert names() == ("short/" + 200 * "a/" + "x.fa",)


def test_packed_files_and_archives_in_folders(capfd: pytest.CaptureFixture[str]) -> None:
    archive = acgz.compress(TEXT, "twobit")
    Path("d/a/x.fa.acgz").write_bytes(archive)
    for number in range(5):
        Path(f"d/b/{number}.fa.gz").write_bytes(gzip.compress(OTHER))
    assert compress("d") == 0
    error = capfd.readouterr().err
    assert "d/a/x.fa.acgz: this archive is kept as the bytes that it is" in error
    assert error.count("of this gzip file") == 4
    assert "2 more files: compressing the content of this gzip file" in error
    found = restored()
    assert found["d/a/x.fa.acgz"] == archive
    assert all(found[f"d/b/{number}.fa"] == OTHER for number in range(5))


# --- lists


@pytest.mark.parametrize("from_stdin", [False, True])
@pytest.mark.parametrize(("between", "option"), [("\n", []), ("\0", ["-0"])])
def test_names_come_from_a_list(
    from_stdin: bool, between: str, option: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = "new\nline" if option else "with blank "
    Path(odd).write_bytes(b"odd")
    Path("-").write_bytes(b"dash")
    data = between.join(["d/b", odd, "-", ""]).encode()
    Path("list").write_bytes(data)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    assert compress("--files-from", "-" if from_stdin else "list", *option, "d/a/g.fa") == 0
    assert names() == ("d/a/g.fa", "d/b/g.fa", "d/b/.hidden/notes", odd, "-")


def test_a_list_of_one_file_gives_it_a_name_and_without_o_an_archive_beside_it() -> None:
    Path("list").write_text("d/a/g.fa\n")
    assert compress("--files-from", "list") == 0
    assert names() == ("d/a/g.fa",)
    assert main(["compress", "-m", "twobit", "--files-from", "list"]) == 0
    assert Path("d/a/g.fa.acgz").exists()


def test_a_list_may_be_packed_and_begin_with_a_mark_that_is_no_name() -> None:
    Path("list.gz").write_bytes(gzip.compress(b"\xef\xbb\xbfd/a/g.fa\n"))
    assert compress("--files-from", "list.gz") == 0
    assert names() == ("d/a/g.fa",)
    Path("\ufeffx").write_bytes(b"odd")
    Path("list").write_text("\ufeffx\n")
    assert compress("-f", "--files-from", "list") == 0
    assert names() == ("\ufeffx",)


def test_line_ends_of_windows_are_named_where_they_are_the_trouble(
    capfd: pytest.CaptureFixture[str],
) -> None:
    Path("list").write_bytes(b"d/a/g.fa\r\n")
    assert compress("--files-from", "list") == 3
    assert "cannot be read: No such file or directory, but d/a/g.fa can" in capfd.readouterr().err
    Path("list").write_bytes(b"nowhere\r\n")
    assert compress("--files-from", "list") == 3
    assert "nowhere can" not in capfd.readouterr().err


def test_a_list_is_an_input_that_no_archive_replaces(capfd: pytest.CaptureFixture[str]) -> None:
    Path("c.acgz").write_text("d/a/g.fa\n")
    assert compress("-f", "--files-from", "c.acgz") == 2
    assert "would replace the input c.acgz" in capfd.readouterr().err
    assert compress("--files-from", "nowhere") == 3
    Path("empty").write_bytes(b"\n")
    assert compress("-f", "--files-from", "empty") == 2
    assert Path("c.acgz").read_text() == "d/a/g.fa\n"


# --- nothing is lost, and nobody is let in


@pytest.mark.parametrize("target", ["d/a/g.fa", "d/b/../a/g.fa", "hard", "soft"])
def test_no_archive_replaces_a_file_in_a_folder(
    target: str, capfd: pytest.CaptureFixture[str]
) -> None:
    os.link("d/a/g.fa", "hard")
    Path("soft").symlink_to("d/a/g.fa")
    assert main(["compress", "-m", "twobit", "-f", "--rm", "-o", target, "d"]) == 2
    assert "would replace the input" in capfd.readouterr().err
    assert Path("d/a/g.fa").read_bytes() == TEXT


def test_rm_deletes_the_files_and_leaves_the_folders() -> None:
    Path("d/link").symlink_to("a/g.fa")
    assert compress("--rm", "d") == 0
    left = sorted(str(path) for path in Path("d").rglob("*"))
    assert left == ["d/a", "d/b", "d/b/.hidden", "d/link"]
    assert restored() == {"d/a/g.fa": TEXT, "d/b/g.fa": OTHER, "d/b/.hidden/notes": b"text"}


def test_rm_deletes_nothing_behind_links(capfd: pytest.CaptureFixture[str]) -> None:
    Path("d/a/link").symlink_to("../b/g.fa")
    assert compress("--rm", "--follow", "d/a") == 2
    assert "regular files only" in capfd.readouterr().err
    assert Path("d/b/g.fa").exists()
    assert Path("d/a/g.fa").exists()


def plant_link(path: Path) -> None:
    path.unlink()
    path.symlink_to(Path("secret").absolute())


def plant_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def plant_folder(path: Path) -> None:
    path.parent.rename("moved")
    Path("secrets").mkdir()
    Path("secrets", path.name).write_bytes(b"secret")
    path.parent.symlink_to(Path("secrets").absolute())


def plant_file(path: Path) -> None:
    Path("secret").replace(path)


@pytest.mark.parametrize("plant", [plant_link, plant_pipe, plant_folder, plant_file])
def test_what_is_planted_after_the_search_is_not_read(
    plant: object, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    Path("secret").write_bytes(b"secret")
    check = gathering.check_different

    def check_and_plant(files: object) -> None:
        check(files)  # type: ignore[arg-type]
        plant(Path("d/a/g.fa"))  # type: ignore[operator]

    monkeypatch.setattr("acgz.cli.together.check_different", check_and_plant)
    assert compress("d") == 3
    assert "acgz: d/a/g.fa: is another file than the one" in capfd.readouterr().err
    assert not Path("c.acgz").exists()


def test_a_folder_that_becomes_a_link_is_not_entered(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    Path("secrets").mkdir()
    Path("secrets/g.fa").write_bytes(b"secret")
    look = gathering.Gathering._look_into

    def look_and_plant(self: gathering.Gathering, folder: object) -> list[object]:
        inside = look(self, folder)  # type: ignore[arg-type]
        if not Path("d/b").is_symlink():
            Path("d/b").rename("moved")
            Path("d/b").symlink_to(Path("secrets").absolute())
        return inside  # type: ignore[return-value]

    monkeypatch.setattr(gathering.Gathering, "_look_into", look_and_plant)
    assert compress("d") == 3
    assert (
        "acgz: d/b: is another folder than the one that was found there" in capfd.readouterr().err
    )
    assert not Path("c.acgz").exists()


@pytest.mark.parametrize(
    ("folder_mode", "file_mode", "archive_mode"),
    [(0o755, 0o644, 0o644), (0o755, 0o640, 0o640), (0o700, 0o644, 0o600), (0o750, 0o666, 0o640)],
)
def test_an_archive_is_as_private_as_the_folders_that_it_is_made_of(
    folder_mode: int, file_mode: int, archive_mode: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "umask", lambda mask: 0o022)
    Path("d/a/g.fa").chmod(file_mode)
    Path("d/b").chmod(folder_mode)
    assert compress("d") == 0
    assert oct(stat.S_IMODE(os.stat("c.acgz").st_mode)) == oct(archive_mode)
