"""The Python interface: bytes to bytes, files, records, slices; importing it is light."""

from __future__ import annotations

import gzip
import io
import os
import pickle
import random
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import acgz
from acgz.container.contents import Contents
from acgz.errors import InputError, NotAnArchiveError, RecordNotFoundError, UsageError
from acgz.progress import Progress
from conftest import fasta

SEQUENCES = {
    "chr1": "".join(random.Random(5).choices("ACGT", k=100)) + "N" * 133 + "acgt" * 25,
    "chr2": "",
    "chr3": "ACGTRYKMacgt-*",
    "chr4": "".join(random.Random(6).choices("ACGT", k=100)),
}
TEXT = "".join(
    f">{name} described\n" + "".join(f"{seq[i : i + 50]}\n" for i in range(0, len(seq), 50))
    for name, seq in SEQUENCES.items()
).encode()


def archive_of(text: bytes, **settings: int) -> acgz.Archive:
    return acgz.open(io.BytesIO(acgz.compress(text, "twobit", **settings)))


@pytest.mark.parametrize("block", [16, 64, 100, 1 << 20])
def test_records_have_names_and_lengths_in_order(block: int) -> None:
    with archive_of(TEXT, block=block) as archive:
        found = [(record.name, record.length) for record in archive.records]
        assert found == [(name, len(sequence)) for name, sequence in SEQUENCES.items()]
        assert [record.name for record in archive] == list(SEQUENCES)
        assert len(archive) == 4


@pytest.mark.parametrize("block", [16, 64, 100, 1 << 20])
def test_slices_are_those_of_the_sequence(block: int) -> None:
    generator = random.Random(block)
    with archive_of(TEXT, block=block) as archive:
        for name, sequence in SEQUENCES.items():
            record = archive[name]
            assert str(record) == sequence
            assert len(record) == len(sequence)
            for _ in range(30):
                start, stop = generator.choices([None, *range(-350, 351)], k=2)
                step = generator.choice([None, 1, 2, 7, -1, -3])
                assert record[start:stop:step] == sequence[start:stop:step]


def test_single_letters_have_positions_from_0_and_from_the_end() -> None:
    with archive_of(TEXT) as archive:
        assert archive["chr3"][0] == "A"
        assert archive["chr3"][-1] == "*"
        for position in (14, -15):
            with pytest.raises(IndexError):
                archive["chr3"][position]


def test_records_have_numbers_too() -> None:
    with archive_of(TEXT) as archive:
        assert archive[0].name == "chr1"
        assert archive[-1].name == "chr4"
        with pytest.raises(RecordNotFoundError):
            archive[4]


def test_a_name_that_is_missing_is_an_error_that_repeats_it() -> None:
    with archive_of(TEXT) as archive:
        assert "chr1" in archive
        assert "chr5" not in archive
        with pytest.raises(RecordNotFoundError, match="chr5"):
            archive["chr5"]


def test_of_records_with_one_name_the_first_is_found_and_all_are_listed() -> None:
    with archive_of(b">a\nACGT\n>a\nGGGG\n") as archive:
        assert str(archive["a"]) == "ACGT"
        assert [str(record) for record in archive] == ["ACGT", "GGGG"]


@pytest.mark.parametrize("block", [16, 1 << 20])
def test_a_sequence_without_header_is_a_record_without_name(block: int) -> None:
    with archive_of(b"ACGT" * 30, block=block) as archive:
        assert [(record.name, record.length) for record in archive] == [("", 120)]
        assert archive[""][118:] == "GT"


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Numbers of the blocks that are decoded from now on."""
    numbers: list[int] = []
    text = Contents.text

    def counted(self: Contents, number: int, *job: Any) -> bytes:
        numbers.append(number)
        return text(self, number, *job)

    monkeypatch.setattr(Contents, "text", counted)
    return numbers


@pytest.mark.parametrize("odd", [b"\xc3\xa9", b"\xff", b"\xe2\x82\xac"])
def test_a_byte_is_a_letter_whatever_it_is(odd: bytes) -> None:
    with acgz.open(io.BytesIO(acgz.compress(b">a\nAC" + odd + b"GT\n", "twobit"))) as archive:
        whole = str(archive["a"])
        assert len(whole) == len(archive["a"]) == 4 + len(odd)
        assert archive["a"][-2:] == whole[-2:] == "GT"
        assert whole.encode("ascii", "surrogateescape") == b"AC" + odd + b"GT"


def test_only_the_blocks_of_a_slice_are_decoded(decoded: list[int]) -> None:
    with archive_of(fasta(5000), block=500) as archive:
        assert archive.info.blocks == 11
        assert len(archive["chr1"][2000:2010]) == 10
        assert len(archive["chr1"][2010:2020]) == 10
        assert len(decoded) == 1


def test_listing_decodes_nothing(decoded: list[int]) -> None:
    with archive_of(fasta(*[100] * 50), block=500) as archive:
        assert [len(record) for record in archive] == [100] * 50
        assert archive["chr50"].blocks[-1] == archive.info.blocks - 1
    assert decoded == []


def test_blocks_are_kept_as_long_as_they_fit(decoded: list[int]) -> None:
    data = acgz.compress(fasta(*[400] * 6), "twobit", block=450)
    for cache, times in ((1 << 20, 1), (0, 3)):
        decoded.clear()
        with acgz.open(io.BytesIO(data), cache=cache) as archive:
            assert archive.info.blocks == 6
            for _ in range(3):
                for name in ("chr1", "chr4"):
                    assert len(archive[name][100:110]) == 10
        assert len(decoded) == 2 * times


def test_numpy_integers_are_integers() -> None:
    with archive_of(TEXT) as archive:
        record = archive[np.int64(2)]
        assert record.name == "chr3"
        assert record[np.int8(0)] == "A"
        assert record[np.uint16(4) : np.int64(6)] == SEQUENCES["chr3"][4:6]
    assert acgz.compress(TEXT, "twobit", block=np.int32(64)) == acgz.compress(
        TEXT, "twobit", block=64
    )


@pytest.mark.parametrize("data", [None, "text", 7, [65]])
def test_only_bytes_are_compressed(data: object) -> None:
    for function in (acgz.compress, acgz.decompress):
        with pytest.raises(TypeError):
            function(data)  # type: ignore[operator]


def test_all_sorts_of_bytes_are_compressed() -> None:
    expected = acgz.compress(TEXT, "twobit")
    for data in (bytearray(TEXT), memoryview(TEXT), np.frombuffer(TEXT, np.uint8)):
        assert acgz.compress(data, "twobit") == expected


def test_a_record_that_is_missing_is_a_key_error_with_a_plain_message() -> None:
    with archive_of(TEXT) as archive:
        with pytest.raises(KeyError) as caught:
            archive["chr5"]
        assert str(caught.value) == "there is no record 'chr5'"
        assert "\ud800" not in archive


def slices(archive: acgz.Archive, seed: int) -> list[tuple[str, int, str]]:
    generator = random.Random(seed)
    found = []
    for _ in range(40):
        name = f"chr{generator.randrange(1, 13)}"
        start = generator.randrange(400)
        found.append((name, start, archive[name][start : start + 20]))
    return found


def sliced(archive: acgz.Archive, seed: int) -> bool:
    """True if all slices are right; at the top of the module, for other processes."""
    known = {record.name: str(record) for record in archive_of(MANY)}
    return all(known[name][at : at + 20] == got for name, at, got in slices(archive, seed))


MANY = fasta(*[420] * 12)


@pytest.fixture(params=["path", "file", "bytes"])
def shared_archive(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[acgz.Archive]:
    """Opened in every way, with a cache that is too small, so that blocks come and go."""
    path = tmp_path / "x.acgz"
    path.write_bytes(acgz.compress(MANY, "order0", block=300))
    if request.param == "path":
        with acgz.open(path, cache=1000) as archive:
            yield archive
    else:
        with path.open("rb") as file:
            source = file if request.param == "file" else io.BytesIO(file.read())
            yield acgz.open(source, cache=1000)


def test_threads_share_an_archive(shared_archive: acgz.Archive) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(sliced, [shared_archive] * 8, range(8)))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_forks_share_an_archive(shared_archive: acgz.Archive) -> None:
    children = []
    for seed in range(4):
        child = os.fork()
        if child == 0:
            os._exit(0 if sliced(shared_archive, seed) else 1)
        children.append(child)
    assert sliced(shared_archive, 9)
    assert [os.waitpid(child, 0)[1] for child in children] == [0] * 4


def test_a_fork_does_not_wait_for_threads_that_it_does_not_have() -> None:
    with archive_of(MANY, block=300) as archive:
        cache, places = archive._cache, archive.contents._places._place
        cache._lock.acquire()
        places._lock.acquire()
        cache.renew()
        places.renew()
        assert sliced(archive, 1)


def test_an_archive_opened_by_path_can_be_pickled(tmp_path: Path) -> None:
    path = tmp_path / "x.acgz"
    path.write_bytes(acgz.compress(MANY, "twobit", block=300))
    with acgz.open(path, threads=2, cache=77) as archive:
        with pickle.loads(pickle.dumps(archive)) as again:
            assert sliced(again, 1)
            assert again._cache.most == 77
        with pickle.loads(pickle.dumps(archive["chr2"]))._archive as other:
            assert str(other["chr2"]) == str(archive["chr2"])
    with pytest.raises(TypeError, match="by its path"):
        pickle.dumps(archive_of(TEXT))


def test_a_closed_archive_does_not_read_what_others_have_opened(tmp_path: Path) -> None:
    path = tmp_path / "x.acgz"
    path.write_bytes(acgz.compress(MANY, "twobit", block=300))
    archive = acgz.open(path)
    archive.close()
    with path.open("rb"), pytest.raises(ValueError, match="closed"):
        str(archive["chr1"])


def test_a_packed_file_is_read_through_its_packing(tmp_path: Path) -> None:
    """It has a handle, but that of other bytes."""
    path = tmp_path / "x.acgz.gz"
    path.write_bytes(gzip.compress(acgz.compress(MANY, "twobit", block=300)))
    with gzip.open(path) as file, acgz.open(file) as archive:  # type: ignore[arg-type]
        assert sliced(archive, 2)


@pytest.mark.parametrize(
    "text",
    [b"", b"\n\n", b"@r\nACGT\n+\nIIII\n", b"LOCUS x\n//\n", bytes(range(256)), b"plain words\n"],
)
def test_files_that_are_no_sequence_have_no_records(text: bytes) -> None:
    with archive_of(text) as archive:
        assert list(archive.records) == []


@pytest.mark.parametrize("text", [b">p1 x\nMKVLAAGIV\n>p2\nLLE\n", b">p1\nNNNNNNNNN\n>p2\nNNN\n"])
@pytest.mark.parametrize("block", [16, 1 << 20])
def test_records_without_bases_are_listed_and_read(text: bytes, block: int) -> None:
    with archive_of(text, block=block) as archive:
        assert [(record.name, len(record)) for record in archive] == [("p1", 9), ("p2", 3)]
        assert str(archive["p1"]).encode() in text


def test_info_adds_up() -> None:
    with archive_of(TEXT) as archive:
        info = archive.info
    assert info.mode == "twobit"
    assert info.records == 4
    assert info.blocks == 1
    assert info.text_size == len(TEXT)
    assert info.bases == sum(
        seq.upper().count(base) for seq in SEQUENCES.values() for base in "ACGT"
    )
    assert info.residues_size == -(-info.bases // 4)
    assert info.bits_per_base == 8 * info.size / info.bases
    assert info.models == ()
    assert info.files == ()


def test_files_are_opened_by_path_and_closed(tmp_path: Path) -> None:
    path = tmp_path / "x.acgz"
    path.write_bytes(acgz.compress(TEXT, "twobit"))
    with acgz.open(path) as archive:
        stream = archive._stream
        assert archive["chr4"][:] == SEQUENCES["chr4"]
    assert stream.closed


def test_a_file_object_of_the_caller_stays_open() -> None:
    stream = io.BytesIO(acgz.compress(TEXT, "twobit"))
    with acgz.open(stream):
        pass
    assert not stream.closed


def test_a_file_that_cannot_be_opened_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere\.acgz: No such file"):
        acgz.open(tmp_path / "nowhere.acgz")
    with pytest.raises(InputError, match="Is a directory"):
        acgz.open(tmp_path)


def test_a_file_that_is_no_archive_is_closed_again(tmp_path: Path) -> None:
    path = tmp_path / "x.fa"
    path.write_bytes(TEXT)
    with pytest.raises(NotAnArchiveError):
        acgz.open(path)  # an open file would be a ResourceWarning


def test_mistakes_in_settings_are_usage_errors() -> None:
    with pytest.raises(UsageError, match="no mode"):
        acgz.compress(TEXT, "best")
    with pytest.raises(UsageError, match="'lane'"):
        acgz.compress(TEXT, "order0", lane=3)
    with pytest.raises(UsageError, match="lanes"):
        acgz.compress(TEXT, "order0", lanes=0)


def test_streams_are_copied_and_the_meter_counts_their_bytes() -> None:
    packed, restored = io.BytesIO(), io.BytesIO()
    meter = Progress()
    acgz.compress_stream(io.BytesIO(TEXT), packed, "order0", block=100, progress=meter)
    assert meter.position == len(TEXT)
    packed.seek(0)
    meter = Progress()
    acgz.decompress_stream(packed, restored, progress=meter)
    assert restored.getvalue() == TEXT
    assert meter.position == len(TEXT)


@pytest.mark.parametrize("threads", [0, -1, "2", 1.5, None, "9" * 5000])
def test_threads_and_the_memory_limit_are_whole_numbers_above_0(threads: Any) -> None:
    archive = acgz.compress(TEXT, "twobit")
    for call in (
        lambda: acgz.compress(TEXT, "twobit", threads=threads),
        lambda: acgz.decompress(archive, threads=threads),
        lambda: acgz.decompress(archive, memory_limit=threads),
        lambda: acgz.open(io.BytesIO(archive), memory_limit=threads),
    ):
        with pytest.raises(UsageError, match="a whole number above 0") as caught:
            call()
        assert len(str(caught.value)) < 200


@pytest.mark.parametrize("as_path", [True, False])
def test_several_files_become_one_archive(as_path: bool, tmp_path: Path) -> None:
    contents = {"a.fa": TEXT, "sub/b.fa": TEXT[::-1], "empty": b""}
    files: dict[str, object] = {name: io.BytesIO(data) for name, data in contents.items()}
    (tmp_path / "on_disk").write_bytes(TEXT)
    files["c"] = tmp_path / "on_disk"
    target = tmp_path / "all.acgz" if as_path else io.BytesIO()
    acgz.create(target, files, "twobit", block=100)
    with acgz.open(target) as archive:
        assert archive.info.files == ("a.fa", "sub/b.fa", "empty", "c")
    data = target.read_bytes() if isinstance(target, Path) else target.getvalue()
    assert acgz.decompress(data) == b"".join([*contents.values(), TEXT])


def test_paths_give_the_names(tmp_path: Path) -> None:
    for name in ("x", "y"):
        (tmp_path / name).write_bytes(TEXT)
    acgz.create(tmp_path / "all", [tmp_path / "x", str(tmp_path / "y")], "twobit", overwrite=True)
    with acgz.open(tmp_path / "all") as archive:
        assert archive.info.files == ("x", "y")


def test_an_archive_is_created_as_a_whole_and_over_nothing(tmp_path: Path) -> None:
    source = tmp_path / "x"
    source.write_bytes(TEXT)
    target = tmp_path / "all"
    target.write_bytes(b"precious")
    with pytest.raises(InputError, match="exists already"):
        acgz.create(target, [source], "twobit")
    with pytest.raises(InputError, match="nowhere"):
        acgz.create(target, [source, tmp_path / "nowhere"], "twobit", overwrite=True)
    with pytest.raises(UsageError, match="would replace the input"):
        acgz.create(source, [source], "twobit", overwrite=True)
    with pytest.raises(UsageError, match="name"):
        acgz.create(target, {"../x": source}, "twobit", overwrite=True)
    with pytest.raises(UsageError, match="name"):
        acgz.create(target, [source, source], "twobit", overwrite=True)
    assert target.read_bytes() == b"precious"
    assert source.read_bytes() == TEXT
    assert sorted(path.name for path in tmp_path.iterdir()) == ["all", "x"]


def test_the_command_line_writes_what_python_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from acgz.cli.main import main

    monkeypatch.chdir(tmp_path)
    for file in ("x", "y"):
        Path(file).write_bytes(TEXT)
    acgz.create("python", ["x", "y"], "twobit", block=100)
    assert main(["compress", "-m", "twobit", "--block", "100", "-o", "command", "x", "y"]) == 0
    assert Path("python").read_bytes() == Path("command").read_bytes()


def test_importing_the_package_imports_nothing_heavy() -> None:
    code = (
        "import sys, acgz, acgz.cli.main; acgz.__version__\n"
        "print(*({'torch', 'numba', 'numpy', 'tqdm', 'msgpack'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_compressing_does_not_import_pytorch() -> None:
    code = (
        "import sys, acgz\n"
        "acgz.decompress(acgz.compress(b'ACGT', 'order0'))\n"
        "print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False"]


def test_the_package_lists_what_it_offers() -> None:
    assert set(acgz.__all__) <= set(dir(acgz))
    for name in acgz.__all__:
        assert getattr(acgz, name) is not None
    with pytest.raises(AttributeError, match="telepathy"):
        acgz.telepathy  # noqa: B018
