"""Addresses of HTTP: what is fetched, and what is said when that fails."""

from __future__ import annotations

import gzip
import io
import json
import os
import pickle
import random
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import acgz
from acgz.cli.main import main
from acgz.remote import reading
from conftest import fasta
from http_server import Server, serving

pytest.importorskip("aiohttp", reason="the extra remote is not installed")

TEXT = fasta(3000, 2000, 100)


@cache
def large_text() -> bytes:
    return fasta(3_000_000, 2000)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(reading, "_PAUSE", 0.001)
    with serving() as served:
        served.files["/a.fa"] = TEXT
        served.files["/a.acgz"] = acgz.compress(TEXT, "twobit", block=1024)
        yield served


@pytest.fixture(scope="module")
def large() -> bytes:
    """An archive of 25 MB: bytes that cannot be compressed, and a genome in small blocks."""
    archive = io.BytesIO()
    noise = random.Random(1).randbytes(24_000_000)
    acgz.create(
        archive,
        {"noise": io.BytesIO(noise), "genome.fa": io.BytesIO(large_text())},
        "twobit",
        block=256 << 10,
    )
    return archive.getvalue()


def test_a_region_of_a_large_archive_takes_few_requests_and_bytes(
    server: Server, large: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    server.files["/c.acgz"] = large
    assert len(large) > 24_000_000
    region = "chr1:2000001-2001000"
    assert main(["extract", "-w", "0", f"{server.address}/c.acgz", region]) == 0
    sequence = b"".join(large_text().split(b"\n")[1:-1])[2_000_000:2_001_000].decode()
    assert capfd.readouterr().out == f">{region}\n{sequence}\n"
    assert len(server.requests) <= 12
    assert server.sent < 1_000_000


def test_listing_fetches_the_index_alone(
    server: Server, large: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    server.files["/c.acgz"] = large
    assert main(["ls", f"{server.address}/c.acgz"]) == 0
    assert capfd.readouterr().out.startswith("chr1\t3000000\t")
    assert main(["info", "--json", f"{server.address}/c.acgz?sig=secret"]) == 0
    [facts] = json.loads(capfd.readouterr().out)
    assert (facts["size"], facts["archive"]) == (len(large), f"{server.address}/c.acgz?***")
    assert server.sent < 500_000


def test_one_file_of_several_fetches_its_blocks_alone(
    server: Server, large: bytes, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    server.files["/c.acgz"] = large
    assert main(["cat", f"{server.address}/c.acgz", "genome.fa"]) == 0
    assert capfdbinary.readouterr().out == large_text()
    assert server.sent < 3_000_000


@pytest.mark.parametrize("ranges", [True, False])
def test_every_command_that_reads(
    ranges: bool, server: Server, capfdbinary: pytest.CaptureFixture[bytes], tmp_path: Path
) -> None:
    server.ranges = ranges
    archive, target = f"{server.address}/a.acgz", str(tmp_path / "a.fa")
    assert main(["test", "-q", archive]) == 0
    assert main(["decompress", "-q", "-o", target, archive]) == 0
    assert Path(target).read_bytes() == TEXT
    assert main(["decompress", "--keep-going", "-q", "-c", archive]) == 0
    capfdbinary.readouterr()
    assert main(["extract", archive, "chr3"]) == 0
    assert capfdbinary.readouterr().out.startswith(b">chr3\n")
    made = str(tmp_path / "b.acgz")
    assert main(["compress", "-q", "-m", "twobit", "-o", made, f"{server.address}/a.fa"]) == 0
    assert acgz.decompress(Path(made).read_bytes()) == TEXT


def test_a_long_input_is_read_in_growing_parts(server: Server, tmp_path: Path) -> None:
    server.files["/b.fa"] = large_text()
    made = str(tmp_path / "b.acgz")
    assert main(["compress", "-q", "-m", "twobit", "-o", made, f"{server.address}/b.fa"]) == 0
    assert acgz.decompress(Path(made).read_bytes()) == large_text()
    assert server.gets <= 7


def test_packed_input_is_fetched_once_and_unpacked(server: Server, tmp_path: Path) -> None:
    server.files["/b.fa.gz"] = gzip.compress(large_text())
    made = tmp_path / "b.acgz"
    command = ["compress", "-q", "-m", "twobit", "-o", str(made), f"{server.address}/b.fa.gz?x=y"]
    assert main(command) == 0
    assert acgz.decompress(made.read_bytes()) == large_text()
    assert server.sent < 1.2 * len(server.files["/b.fa.gz"]) + 2 * reading.PAGE
    made.unlink()
    server.files["/b.fa.gz"] += b"something else"
    assert main(command) == 3
    assert list(tmp_path.iterdir()) == []


def test_several_addresses_become_one_archive(server: Server, tmp_path: Path) -> None:
    server.files |= {"/x/COL.fa": TEXT, "/y/N315.fa": TEXT[:500]}
    words = [f"{server.address}/x/COL.fa", f"{server.address}/y/N315.fa?sig=1"]
    assert main(["compress", "-m", "twobit", "-o", str(tmp_path / "c.acgz"), *words]) == 0
    with acgz.open(tmp_path / "c.acgz") as archive:
        assert archive.info.files == ("x/COL.fa", "y/N315.fa")


FAULTS = {
    "not there": ({"statuses": {"/a.acgz": 404}}, "there is no such file"),
    "denied": ({"statuses": {"/a.acgz": 403}}, "access is denied"),
    "out of order": ({"statuses": {"/a.acgz": 503}}, "the server answers 503"),
    "lost": ({"cut": -1}, "cannot read"),
    "short": ({"short": True}, "but is said to have"),
    "changed": ({"change_after": 1}, "it has changed while it was read"),
}


@pytest.mark.parametrize("fault", list(FAULTS))
@pytest.mark.parametrize("command", ["extract", "decompress"])
def test_a_fault_is_one_line_without_secrets_and_leaves_nothing(
    command: str, fault: str, server: Server, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    text = fasta(3_000_000)
    server.files["/a.acgz"] = acgz.compress(text, "twobit", block=1 << 20)
    settings, message = FAULTS[fault]
    for name, value in settings.items():
        setattr(server, name, value)
    address = server.address.replace("//", "//me:pass@") + "/a.acgz?signature=secret"
    words = ["chr1:1-10"] if command == "extract" else []
    assert main([command, "-q", "-o", str(tmp_path / "out"), address, *words]) == 3
    error = capfd.readouterr().err
    assert error.count("\n") == 1
    assert message in error
    assert "pass@" not in error
    assert "secret" not in error
    assert list(tmp_path.iterdir()) == []


def test_a_connection_that_is_lost_once_is_made_again(server: Server) -> None:
    server.cut = 2
    with acgz.open(f"{server.address}/a.acgz") as archive:
        assert len(archive["chr1"]) == 3000
        assert str(archive["chr3"][:]).encode() == b"".join(TEXT.split(b"\n")[-3:])


def test_a_stream_that_is_lost_is_an_error(
    server: Server, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    server.files["/a.fa"] = large_text()
    server.ranges, server.cut = False, -1
    target = str(tmp_path / "a.acgz")
    assert main(["compress", "-q", "-m", "twobit", "-o", target, f"{server.address}/a.fa"]) == 3
    assert capfd.readouterr().err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("tags", [True, False])
def test_an_input_that_changes_is_not_compressed(
    tags: bool, server: Server, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    server.files["/a.fa"] = large_text()
    server.tags, server.change_after = tags, 3
    if not tags:  # nothing tells but the size, in the end
        server.change_after = None
        _grow_while_read(server)
    target = str(tmp_path / "a.acgz")
    assert main(["compress", "-q", "-m", "twobit", "-o", target, f"{server.address}/a.fa"]) == 3
    assert "it has changed while it was read" in capfd.readouterr().err
    assert list(tmp_path.iterdir()) == []


def _grow_while_read(server: Server) -> None:
    class Growing(dict[str, bytes]):
        def get(self, key: str, default: object = None) -> bytes:  # type: ignore[override]
            return self[key] + b"ACGT" * (server.gets > 2)

    server.files = Growing(server.files)


def test_damage_has_its_own_exit_code(server: Server, capfd: pytest.CaptureFixture[str]) -> None:
    good = server.files["/a.acgz"]
    server.files["/a.acgz"] = good[:200] + bytes([good[200] ^ 1]) + good[201:]
    assert main(["test", "-q", f"{server.address}/a.acgz"]) == 6
    server.files["/a.acgz"] = good[:-40]
    assert main(["test", "-q", f"{server.address}/a.acgz"]) == 7
    assert main(["ls", f"{server.address}/a.fa"]) == 4
    assert f"acgz: {server.address}/a.fa: this is not an acgz archive" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (["compress", "-m", "twobit", "{}/a.fa"], 3),
        (["compress", "-m", "twobit", "--rm", "{}/a.fa", "-o", "here"], 2),
        (["decompress", "--rm", "-o", "here", "{}/a.acgz"], 2),
        (["append", "{}/a.acgz", "here"], 2),
        (["ls", "file:///a.acgz"], 2),
        (["ls", "nosuch://a.acgz"], 3),
    ],
)
def test_what_is_refused(
    command: list[str],
    code: int,
    server: Server,
    capfd: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([word.format(server.address) for word in command]) == code
    assert capfd.readouterr().err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_json_has_no_secrets(server: Server, capfd: pytest.CaptureFixture[str]) -> None:
    address = server.address.replace("//", "//me:pass@") + "/{}?signature=secret"
    for name in ("a.acgz", "b.acgz"):
        main(["test", "--log-json", address.format(name)])
    output = capfd.readouterr()
    assert "pass" not in output.err + output.out
    assert "secret" not in output.err + output.out
    assert [json.loads(line)["event"] for line in output.err.splitlines()].count("error") == 1


def test_python_opens_addresses(server: Server) -> None:
    with acgz.open(f"{server.address}/a.acgz") as archive:
        again = pickle.loads(pickle.dumps(archive))
        assert [str(record[:5]) for record in again] == [str(record[:5]) for record in archive]
        read, write = os.pipe()
        if (child := os.fork()) == 0:
            os.write(write, str(archive["chr3"][:9]).encode())
            os._exit(0)
        os.waitpid(child, 0)
        assert os.read(read, 100).decode() == str(archive["chr3"][:9])
    server.ranges = False
    server.files["/b.acgz"] = acgz.compress(fasta(900_000), "twobit")
    with pytest.raises(acgz.errors.InputError, match="gives no parts"):
        acgz.open(f"{server.address}/b.acgz")
    with pytest.raises(acgz.errors.InputError, match=r"cannot read .*/none: there is no such"):
        acgz.open(f"{server.address}/none")


def test_nothing_remote_is_imported_for_files_here(tmp_path: Path) -> None:
    """Names with :// behind ./ are files here; so is c://."""
    (tmp_path / "s3:").mkdir()
    (tmp_path / "s3:" / "x.fa").write_bytes(TEXT)
    code = (
        "import sys; from acgz.cli.main import main\n"
        "code = main(['compress', '-q', '-m', 'twobit', './s3://x.fa', '-o', 'x.acgz'])\n"
        "code = code or main(['ls', 'x.acgz'])\n"
        "sys.exit(code or 'fsspec' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=False)
    assert done.returncode == 0
    assert acgz.decompress((tmp_path / "x.acgz").read_bytes()) == TEXT


def test_a_reference_is_fetched_once(
    server: Server, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    server.files["/ref.fa.gz"] = gzip.compress(TEXT)
    (tmp_path / "a.fa").write_bytes(TEXT[:4000])
    target, reference = str(tmp_path / "a.acgz"), f"{server.address}/ref.fa.gz?sig=secret"
    words = ["--block", "1500", "--reference", reference]
    assert main(["compress", "-q", "-m", "fast", "-o", target, *words, str(tmp_path / "a.fa")]) == 0
    assert server.gets == 1
    assert b"secret" not in Path(target).read_bytes()
    assert main(["cat", "--reference", reference, target]) == 0
    assert capfdbinary.readouterr().out == TEXT[:4000]
    server.statuses["/ref2.fa"] = 404
    other = f"{server.address}/ref2.fa?sig=secret"
    command = ["compress", "-q", "-m", "fast", "-o", target, "-f", "--reference", other]
    assert main([*command, str(tmp_path / "a.fa")]) == 3
    assert b"secret" not in capfdbinary.readouterr().err


def test_without_fsspec_one_line_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    assert main(["ls", "s3://bucket/a.acgz?sig=secret"]) == 9
    assert capfd.readouterr().err == (
        "acgz: s3://bucket/a.acgz?***: addresses need fsspec: pip install 'acgz[remote]'\n"
    )


def test_a_plot_has_no_secrets(server: Server, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    page = tmp_path / "a.html"
    address = f"{server.address}/a.fa?sig=secret"
    assert main(["profile", "-q", "-m", "fast", "--plot", str(page), address]) == 0
    assert "a.fa: bits a base" in page.read_text()
    assert "secret" not in page.read_text()
