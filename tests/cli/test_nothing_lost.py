"""No file is lost: outputs that would be inputs, inputs that change, disks that fill, kills."""

from __future__ import annotations

import errno
import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import acgz
from acgz import newfiles
from acgz.cli import inputs
from acgz.cli.main import main
from conftest import fasta

TEXT = fasta(500, 40)
OTHER = fasta(300, seed=2)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("x.fa").write_bytes(TEXT)
    Path("x.acgz").write_bytes(acgz.compress(TEXT, "twobit"))
    Path("o.acgz").write_bytes(acgz.compress(OTHER, "twobit"))
    return tmp_path


def compress(*arguments: str) -> int:
    return main(["compress", "-m", "twobit", *arguments])


def everything() -> dict[str, bytes | None]:
    """Content of all files, None for folders."""
    return {
        str(path): path.read_bytes() if path.is_file() else None
        for path in sorted(Path().rglob("*"))
    }


def archive_of(**files: bytes) -> None:
    """many.acgz, with files of these names, "__" for "/" and "_" for "."."""
    names = {name.replace("__", "/").replace("_", "."): data for name, data in files.items()}
    acgz.create("many.acgz", {name: io.BytesIO(data) for name, data in names.items()}, "twobit")


# --- the output is an input, or two outputs are one file


def link_to_the_input() -> None:
    Path("x.fa.acgz").symlink_to("x.fa")


def two_that_become_one() -> None:
    import gzip

    Path("a").write_bytes(TEXT)
    Path("a.gz").write_bytes(gzip.compress(OTHER))


def two_of_one_name() -> None:
    for name, data in (("x", TEXT), ("y", OTHER)):
        Path(name).mkdir()
        Path(name, "f.acgz").write_bytes(acgz.compress(data, "twobit"))
    Path("d").mkdir()


def a_folder_under_two_names() -> None:
    two_of_one_name()
    Path("e").symlink_to("d")
    Path("x/f.acgz").rename("d/f.acgz")
    Path("d/other").mkdir()
    Path("y/f.acgz").rename("d/other/f.acgz")


def an_archive_that_becomes_another() -> None:
    Path("x.acgz.acgz").write_bytes(acgz.compress(OTHER, "twobit"))


def an_archive_with_its_own_name_in_it() -> None:
    archive_of(a=TEXT, many_acgz=OTHER)


def two_archives_with_one_name_in_them() -> None:
    archive_of(a=TEXT, b=OTHER)
    Path("many.acgz").rename("1.acgz")
    archive_of(b=TEXT, c=OTHER)


def hard_link() -> None:
    os.link("x.fa", "y.fa")


@pytest.mark.parametrize(
    ("prepare", "command"),
    [
        (link_to_the_input, "compress -m twobit -f --rm x.fa"),
        (link_to_the_input, "compress -m twobit -f -o x.fa.acgz o.acgz x.fa"),
        (hard_link, "compress -m twobit -f -o y.fa x.fa"),
        (hard_link, "compress -m twobit -f -o ../{here}/x.fa x.fa"),
        (two_that_become_one, "compress -m twobit -f --rm a.gz a"),
        (two_of_one_name, "decompress -f --rm x/f.acgz y/f.acgz -o d"),
        (a_folder_under_two_names, "decompress -f --rm d/f.acgz e/other/../f.acgz"),
        (an_archive_that_becomes_another, "decompress -f x.acgz.acgz x.acgz"),
        (an_archive_with_its_own_name_in_it, "decompress -f many.acgz"),
        (two_archives_with_one_name_in_them, "decompress -f -o . 1.acgz many.acgz"),
        (hard_link, "extract -f -o x.acgz x.acgz chr1"),
        (hard_link, "extract -f -o ./x.acgz x.acgz chr1"),
    ],
)
def test_an_output_is_no_input_and_no_other_output(
    prepare: Callable[[], None], command: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    prepare()
    before = everything()
    assert main(command.format(here=tmp_path.name).split()) == 2
    error = capfd.readouterr().err
    assert "would replace the input" in error or "would be written twice" in error
    assert everything() == before


def test_standard_streams_are_files_too() -> None:
    run = [sys.executable, "-m", "acgz"]
    before = everything()
    with open("x.acgz", "ab") as out:
        done = subprocess.run([*run, "cat", "x.acgz"], stdout=out, capture_output=False)
    assert done.returncode == 2
    with open("x.fa", "rb") as source:
        arguments = ["compress", "-m", "twobit", "-f", "-o", "x.fa"]
        assert subprocess.run([*run, *arguments], stdin=source).returncode == 2
    assert everything() == before


# --- --rm


@pytest.mark.parametrize("command", ["compress -m twobit --rm -o out", "decompress --rm -o out"])
def test_rm_never_means_a_file_that_is_named_like_standard_input(
    command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("-").write_bytes(b"precious")
    for files in ([], ["-"], ["-", "x.fa"]):
        data = TEXT if "decompress" not in command else Path("x.acgz").read_bytes()
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
        assert main([*command.split(), *files]) == 2
    assert Path("-").read_bytes() == b"precious"


def test_a_file_that_is_really_named_so_can_be_given() -> None:
    Path("-").write_bytes(TEXT)
    assert compress("--rm", "./-") == 0
    assert not Path("-").exists()


def grow(file: str) -> None:
    with open(file, "ab") as more:
        more.write(b"ACGT\n")


def replace(file: str) -> None:
    Path("new").write_bytes(Path(file).read_bytes())
    os.replace("new", file)


def rewrite(file: str) -> None:
    status = os.stat(file)
    Path(file).write_bytes(bytes(reversed(Path(file).read_bytes())))
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns + 1))


def vanish(file: str) -> None:
    os.remove(file)


@pytest.mark.parametrize("change", [grow, replace, rewrite, vanish])
@pytest.mark.parametrize("command", ["compress -m twobit --rm x.fa", "decompress --rm x.acgz"])
def test_rm_deletes_only_what_was_read(
    command: str,
    change: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """The input changes after its end has been read and before it would be deleted."""
    commit = newfiles.NewFiles.commit
    file = command.split()[-1]

    def commit_and_change(self: newfiles.NewFiles, *arguments: object, **options: object) -> None:
        commit(self, *arguments, **options)  # type: ignore[arg-type]
        change(file)

    monkeypatch.setattr(newfiles.NewFiles, "commit", commit_and_change)
    assert main(command.split()) == 3
    assert f"acgz: {file}: has changed since it was read" in capfd.readouterr().err
    assert Path(file).exists() == (change is not vanish)
    restored = Path("x").read_bytes() if "decompress" in command else TEXT
    assert restored == TEXT


def test_if_one_of_several_has_changed_all_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("y.fa").write_bytes(OTHER)
    commit = newfiles.NewFiles.commit

    def commit_and_change(self: newfiles.NewFiles, *arguments: object, **options: object) -> None:
        commit(self, *arguments, **options)  # type: ignore[arg-type]
        grow("y.fa")

    monkeypatch.setattr(newfiles.NewFiles, "commit", commit_and_change)
    assert compress("--rm", "-o", "both", "x.fa", "y.fa") == 3
    assert Path("x.fa").read_bytes() == TEXT
    assert Path("y.fa").read_bytes() == OTHER + b"ACGT\n"


def test_rm_deletes_no_links_and_no_pipes(capfd: pytest.CaptureFixture[str]) -> None:
    Path("link").symlink_to("x.fa")
    os.mkfifo("pipe")
    for name in ("link", "pipe"):
        assert compress("--rm", "-o", "out", name) == 2
        assert "regular files only" in capfd.readouterr().err
    assert Path("link").is_symlink()
    assert not Path("out").exists()


@pytest.mark.parametrize("command", ["compress -m twobit --rm x.fa", "decompress --rm x.acgz"])
def test_rm_does_not_wait_for_the_reader_of_a_pipe(command: str) -> None:
    os.mkfifo("pipe")
    assert main([*command.split(), "-o", "pipe"]) == 2
    assert Path("x.fa").exists()
    assert Path("x.acgz").exists()


# --- all or nothing


def test_an_archive_of_more_files_than_may_be_open_is_restored() -> None:
    import resource

    limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    contents = {f"f{number}": b"ACGT"[: number % 5] for number in range(200)}
    acgz.create("many.acgz", {name: io.BytesIO(data) for name, data in contents.items()}, "twobit")
    resource.setrlimit(resource.RLIMIT_NOFILE, (60, limit[1]))
    try:
        assert main(["decompress", "--rm", "-o", "out", "many.acgz"]) == 0
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limit)
    assert {path.name: path.read_bytes() for path in Path("out").iterdir()} == contents


@pytest.mark.parametrize("force", [[], ["-f"]])
@pytest.mark.parametrize("step", ["link", "replace", "mkdir"])
@pytest.mark.parametrize("number", range(3))
def test_a_disk_that_fills_while_files_get_their_names_leaves_none_of_them(
    force: list[str],
    step: str,
    number: int,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    archive_of(a=b"ACGT", deep__er__b=b"TT", deep__c=b"GG", d=b"CC")
    if force:
        Path("d").write_bytes(b"old")
        Path("a").write_bytes(b"older")
    before = everything()
    calls = 0
    module = os if step == "link" else Path
    function = getattr(module, step)

    def fail(*arguments: object, **options: object) -> object:
        nonlocal calls
        calls += 1
        if calls == number + 1:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return function(*arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(module, step, fail)
        code = main(["decompress", *force, "many.acgz"])
    if code == 0:  # a file that cannot be linked is renamed; or there were not so many calls
        assert step == "link" or calls <= number
        assert Path("deep/er/b").read_bytes() == b"TT"
    else:
        assert code == 3
        assert "No space left on device" in capfd.readouterr().err
        assert everything() == before


def test_a_full_disk_before_that_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    archive_of(a=b"ACGT", b=b"TT")
    before = everything()

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    assert main(["decompress", "--rm", "many.acgz"]) == 3
    assert everything() == before


def test_a_file_and_a_folder_of_one_name_are_refused_by_both_sides() -> None:
    with pytest.raises(acgz.AcgzError, match="a file and a folder"):
        archive_of(a=b"ACGT", a__b=b"TT")
    assert not Path("many.acgz").exists()


# --- names


@pytest.mark.parametrize(
    "name",
    ["名" * 81 + ".fa", "ü" * 123 + ".f", "x" * 250, "sp ace", "new\nline", "\udce9.fa", "é.fa"],
)
@pytest.mark.parametrize("together", [False, True])
def test_every_name_that_is_accepted_comes_back(name: str, together: bool) -> None:
    Path(name).write_bytes(OTHER)
    files = [name, "x.fa"] if together else [name]
    assert compress(*(["-o", "all.acgz"] if together else []), "--rm", *files) == 0
    assert main(["decompress", "all.acgz" if together else f"{name}.acgz"]) == 0
    assert Path(name).read_bytes() == OTHER


@pytest.mark.parametrize("together", [False, True])
def test_names_do_not_depend_on_the_locale(together: bool) -> None:
    Path("é.fa").write_bytes(OTHER)
    environment = {
        **os.environ,
        "LC_ALL": "C",
        "PYTHONUTF8": "0",
        "PYTHONCOERCECLOCALE": "0",
    }
    run = [sys.executable, "-m", "acgz"]
    packed = ["-o", "all.acgz", "x.fa"] if together else []
    arguments = [*run, "compress", "-m", "twobit", *packed, "é.fa".encode()]
    assert subprocess.run(arguments, env=environment).returncode == 0
    Path("é.fa").unlink()
    archive = "all.acgz" if together else "é.fa.acgz"
    assert main(["decompress", "-f", archive]) == 0
    assert Path("é.fa").read_bytes() == OTHER
    Path("é.fa").unlink()
    again = [*run, "decompress", "-f", archive.encode()]
    assert subprocess.run(again, env=environment).returncode == 0
    assert Path("é.fa").read_bytes() == OTHER


@pytest.mark.parametrize("name", ["HLA:A.fa", "back\\slash.fa"])
def test_what_compress_accepts_decompress_restores(name: str) -> None:
    Path(name).write_bytes(OTHER)
    code = compress("-o", "all.acgz", name, "x.fa")
    if code == 0:
        Path(name).unlink()
        assert main(["decompress", "-f", "all.acgz"]) == 0
        assert Path(name).read_bytes() == OTHER
    else:
        assert code == 2
        assert not Path("all.acgz").exists()


# --- what killed processes leave

KILLED = """
import os, signal, sys
from acgz import newfiles
from acgz.cli.main import main
newfiles.NewFiles.commit = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
sys.exit(main(sys.argv[1:]))
"""


def hidden() -> list[str]:
    return [path.name for path in Path().iterdir() if path.name.startswith(".")]


def test_the_next_run_removes_what_a_killed_one_has_left() -> None:
    run = [sys.executable, "-c", KILLED]
    archive_of(a=TEXT, b=OTHER)
    for arguments in (["compress", "-m", "twobit", "x.fa"], ["decompress", "many.acgz"]):
        assert subprocess.run([*run, *arguments]).returncode == -signal.SIGKILL
        assert len(hidden()) == 1
        assert subprocess.run([sys.executable, "-m", "acgz", *arguments]).returncode == 0
        assert hidden() == []


def test_what_belongs_to_a_living_process_or_to_nobody_stays() -> None:
    living = newfiles.NewFiles()
    living.begin(Path("living"))
    living.write(b"half")
    for name in (".acgz-strange1.part", ".acgz-notmine", ".x.fa.part"):
        Path(name).mkdir()
        Path(name, "precious").write_bytes(b"precious")
    before = set(hidden())
    done = subprocess.run([sys.executable, "-m", "acgz", "compress", "-m", "twobit", "x.fa"])
    assert done.returncode == 0
    assert set(hidden()) == before
    living.write(b" and half")
    living.commit(newfiles.Rights.usual())
    assert Path("living").read_bytes() == b"half and half"


def test_a_signal_while_files_get_their_names_waits_until_all_have_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    archive_of(a=b"ACGT", b=b"TT", c=b"GG")
    link = os.link

    def link_and_interrupt(*arguments: object) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(0.01)
        link(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "link", link_and_interrupt)
    assert main(["decompress", "-o", "out", "--rm", "many.acgz"]) == 143
    assert {path.name for path in Path("out").iterdir()} == {"a", "b", "c"}
    assert Path("many.acgz").exists()


def test_input_module_keeps_no_file_open() -> None:
    with inputs.open_input("x.fa") as source:
        stream = source.stream
        assert stream.read() == TEXT
