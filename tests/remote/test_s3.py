"""Addresses of S3, against a server of it: nothing is seen there before it is complete."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import acgz
from acgz.cli.main import main
from conftest import fasta

pytest.importorskip("s3fs", reason="the extra remote is not installed")
pytest.importorskip("moto", reason="moto is not installed")

TEXT = fasta(3000, 2000, 100)
BUCKET = "genomes"
SECRET = "the-secret-key"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """A server of S3 in a process of its own."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A client with a bucket that is empty; acgz finds server and keys where botocore looks."""
    import botocore.session

    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "me")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    client = botocore.session.get_session().create_client("s3")
    client.create_bucket(Bucket=BUCKET)
    yield client
    for one in client.list_objects_v2(Bucket=BUCKET).get("Contents", []):
        client.delete_object(Bucket=BUCKET, Key=one["Key"])
    for one in client.list_multipart_uploads(Bucket=BUCKET).get("Uploads", []):
        client.abort_multipart_upload(Bucket=BUCKET, Key=one["Key"], UploadId=one["UploadId"])
    client.delete_bucket(Bucket=BUCKET)
    client.close()


def keys(s3: Any) -> list[str]:
    return [one["Key"] for one in s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])]


def uploads(s3: Any) -> list[Any]:
    found: list[Any] = s3.list_multipart_uploads(Bucket=BUCKET).get("Uploads", [])
    return found


def content(s3: Any, key: str) -> bytes:
    data: bytes = s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
    return data


def test_there_and_back_beside_the_file(s3: Any, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    s3.put_object(Bucket=BUCKET, Key="x/a.fa", Body=TEXT)
    assert main(["compress", "-q", "-m", "twobit", f"s3://{BUCKET}/x/a.fa"]) == 0
    assert keys(s3) == ["x/a.fa", "x/a.fa.acgz"]
    assert content(s3, "x/a.fa.acgz") == acgz.compress(TEXT, "twobit")
    assert main(["extract", f"s3://{BUCKET}/x/a.fa.acgz", "chr3:1-4"]) == 0
    assert capfdbinary.readouterr().out.startswith(b">chr3:1-4\n")
    assert main(["decompress", "-q", "-o", f"s3://{BUCKET}/y/", f"s3://{BUCKET}/x/a.fa.acgz"]) == 0
    assert content(s3, "y/a.fa") == TEXT
    assert uploads(s3) == []


def test_an_empty_file_is_a_file(s3: Any, tmp_path: Path) -> None:
    (tmp_path / "e.acgz").write_bytes(acgz.compress(b"", "twobit"))
    command = ["decompress", "-q", "-o", f"s3://{BUCKET}/e.fa", str(tmp_path / "e.acgz")]
    assert main(command) == 0
    assert content(s3, "e.fa") == b""
    assert uploads(s3) == []


def test_what_exists_stays_without_force(s3: Any, capfd: pytest.CaptureFixture[str]) -> None:
    s3.put_object(Bucket=BUCKET, Key="a.fa", Body=TEXT)
    s3.put_object(Bucket=BUCKET, Key="a.fa.acgz", Body=b"old")
    assert main(["compress", "-q", "-m", "twobit", f"s3://{BUCKET}/a.fa"]) == 3
    assert "exists already (-f overwrites it)" in capfd.readouterr().err
    assert content(s3, "a.fa.acgz") == b"old"
    assert main(["compress", "-q", "-f", "-m", "twobit", f"s3://{BUCKET}/a.fa"]) == 0
    assert acgz.decompress(content(s3, "a.fa.acgz")) == TEXT
    command = ["compress", "-q", "-f", "-m", "twobit", "-o", f"s3://{BUCKET}/a.fa"]
    assert main([*command, f"s3://{BUCKET}/a.fa"]) == 2
    assert content(s3, "a.fa") == TEXT


def test_many_files_go_to_a_folder_and_come_back(s3: Any, tmp_path: Path) -> None:
    (tmp_path / "in" / "deep").mkdir(parents=True)
    (tmp_path / "in" / "a.fa").write_bytes(TEXT)
    (tmp_path / "in" / "deep" / "b.fa").write_bytes(TEXT[:500])
    target = f"s3://{BUCKET}/c.acgz"
    assert main(["compress", "-q", "-m", "twobit", "-o", target, str(tmp_path / "in")]) == 0
    assert main(["decompress", "-q", "-o", f"s3://{BUCKET}/out", target]) == 0
    names = [key.removeprefix("out/") for key in keys(s3) if key.startswith("out/")]
    assert [name.rpartition("in/")[2] for name in names] == ["a.fa", "deep/b.fa"]
    assert content(s3, "out/" + names[1]) == TEXT[:500]


def test_a_file_of_many_parts(s3: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import s3fs

    monkeypatch.setattr(s3fs.S3FileSystem, "default_block_size", 5 << 20)
    data = os.urandom(13 << 20)
    (tmp_path / "noise").write_bytes(data)
    target = f"s3://{BUCKET}/noise.acgz"
    command = ["compress", "-q", "-m", "twobit", "--block", "1M", "-o", target]
    assert main([*command, str(tmp_path / "noise")]) == 0
    assert s3.head_object(Bucket=BUCKET, Key="noise.acgz")["ETag"].endswith('-3"')
    assert acgz.decompress(content(s3, "noise.acgz")) == data


def test_an_error_leaves_neither_a_file_nor_parts(
    s3: Any, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    archive = acgz.compress(fasta(300_000), "twobit", block=1 << 14)
    (tmp_path / "a.acgz").write_bytes(archive[:-100])
    target = f"s3://{BUCKET}/a.fa"
    assert main(["decompress", "-q", "-o", target, str(tmp_path / "a.acgz")]) == 7
    assert capfd.readouterr().err.count("\n") == 1
    assert (keys(s3), uploads(s3)) == ([], [])


SLOW = """
import sys, time
import s3fs
from acgz.cli.main import main
s3fs.S3FileSystem.default_block_size = 5 << 20
upload = s3fs.core.S3File._upload_chunk
def slow(self, final=False):
    result = upload(self, final)
    print("sent", file=sys.stderr, flush=True)
    time.sleep(2)
    return result
s3fs.core.S3File._upload_chunk = slow
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_upload(number: signal.Signals, s3: Any, tmp_path: Path) -> None:
    (tmp_path / "noise").write_bytes(os.urandom(20 << 20))
    command = [sys.executable, "-c", SLOW, "compress", "-m", "twobit", "--block", "1M", "noise"]
    with subprocess.Popen(
        [*command, "-o", f"s3://{BUCKET}/noise.acgz"], cwd=tmp_path, stderr=subprocess.PIPE
    ) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == b"sent\n"
        assert len(uploads(s3)) == 1
        assert keys(s3) == []
        time.sleep(0.2)
        process.send_signal(number)
        assert process.wait(60) == 128 + number
        assert b"Traceback" not in process.stderr.read()
    assert (keys(s3), uploads(s3)) == ([], [])


@pytest.mark.parametrize(
    ("address", "message"),
    [
        (f"s3://{BUCKET}/none.acgz", "there is no such file"),
        ("s3://nosuchbucket/none.acgz", "there is no such file"),
        (f"s3://{BUCKET}", "cannot read"),
    ],
)
def test_what_is_not_there(
    address: str, message: str, s3: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["ls", address]) == 3
    error = capfd.readouterr().err
    assert error.count("\n") == 1
    assert message in error


def test_without_credentials_one_line_says_so(
    s3: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    environment = {k: v for k, v in os.environ.items() if k not in _KEYS}
    environment |= {"HOME": str(tmp_path), "AWS_EC2_METADATA_DISABLED": "true"}
    command = [sys.executable, "-m", "acgz", "ls", f"s3://{BUCKET}/a.acgz"]
    done = subprocess.run(command, env=environment, capture_output=True, check=False)
    assert done.returncode == 3
    assert done.stderr.decode() == (
        f"acgz: cannot read s3://{BUCKET}/a.acgz: no credentials for it are where fsspec looks "
        "for them\n"
    )


_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")


def test_a_file_that_changes_meanwhile_is_an_error(s3: Any) -> None:
    archive = acgz.compress(fasta(3_000_000), "twobit", block=1 << 20)
    s3.put_object(Bucket=BUCKET, Key="a.acgz", Body=archive)
    opened = acgz.open(f"s3://{BUCKET}/a.acgz")
    s3.put_object(Bucket=BUCKET, Key="a.acgz", Body=archive[::-1])
    with pytest.raises(acgz.errors.InputError, match="it has changed while it was read"):
        opened["chr1"][1_500_000:1_500_010]
    opened.close()


def test_python_writes_to_addresses(s3: Any, tmp_path: Path) -> None:
    (tmp_path / "a.fa").write_bytes(TEXT)
    s3.put_object(Bucket=BUCKET, Key="x/b.fa", Body=TEXT[:500])
    target = f"s3://{BUCKET}/c.acgz"
    acgz.create(target, [tmp_path / "a.fa", f"s3://{BUCKET}/x/b.fa"], "twobit")
    with acgz.open(target) as archive:
        assert archive.info.files == ("a.fa", "b.fa")
    with pytest.raises(acgz.errors.InputError, match="exists already"):
        acgz.create(target, [tmp_path / "a.fa"], "twobit")
    acgz.create(target, [tmp_path / "a.fa"], "twobit", overwrite=True)
