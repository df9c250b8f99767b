"""Blocks on the workers of a real scheduler: the same archives, and what may go wrong there."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

import acgz
from conftest import fasta

pytest.importorskip("distributed", reason="Dask is not installed")

pytestmark = pytest.mark.slow

ACGZ = [sys.executable, "-m", "acgz"]
LONG = 120
"""Seconds that nothing here takes, unless it hangs."""

# Workers that take their time, and say which blocks they have begun: a line each in a file.
SLOW = """
import os, time
from acgz.container import blocks

encode_block, decode_block = blocks.encode_block, blocks.decode_block

def slow(work):
    def do(*arguments):
        job = arguments[-1]
        with open({log!r}, "a") as log:
            log.write("%d\\n" % os.getpid())
        end = time.monotonic() + {pause}
        while time.monotonic() < end:
            time.sleep(0.02)
            job.progress.reached(0)
        return work(*arguments)
    return do

if encode_block.__name__ != "do":  # workers run this more than once
    blocks.encode_block, blocks.decode_block = slow(encode_block), slow(decode_block)
"""

# Workers that say which texts they read for themselves, or have another file there.
READING = """
from acgz.container.parts import ElsewhereError, Part

def noted(read):
    def do(part):
        with open({log!r}, "a") as log:
            log.write("0\\n")
        if not {reads}:
            raise ElsewhereError("it is not here")
        return read(part)
    return do

if Part.read.__name__ == "read":  # workers run this more than once
    Part.read = noted(Part.read)
"""

ENDLESS = """
from acgz.container import blocks

def encode_block(*arguments):
    return encode_block(*arguments)

blocks.encode_block = encode_block
"""

OTHER = "import acgz\nacgz.__version__ = '9.9.9'\n"

STRANGER = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name == "acgz" or name.startswith("acgz."):
            raise ModuleNotFoundError("No module named 'acgz'", name="acgz")

sys.meta_path.insert(0, Absent())
"""


class Cluster:
    """A scheduler, and workers as they are wanted."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "scheduler.json"
        self.log = folder / "begun"
        self.log.touch()
        self._processes = ExitStack()
        self.scheduler = self._start("scheduler", "--port", "0", "--no-dashboard")
        until(self.file.exists)

    @property
    def address(self) -> str:
        return str(json.loads(self.file.read_text())["address"])

    def worker(self, script: str = "", pause: float = 0) -> subprocess.Popen[bytes]:
        """A worker of one thread. ``script``: is run in it before anything else."""
        options = ["--nthreads", "1", "--no-nanny", "--no-dashboard"]
        if pause:
            script = SLOW.format(log=str(self.log), pause=pause)
        if script:
            path = self.folder / f"preload{len(os.listdir(self.folder))}.py"
            path.write_text(script)
            options += ["--preload", str(path)]
        return self._start("worker", *options)

    def workers(self, count: int, script: str = "", pause: float = 0) -> None:
        """So many workers, which are there when this returns."""
        for _ in range(count):
            self.worker(script, pause)
        self.ask(f"client.wait_for_workers({count}, timeout={LONG})")

    def ask(self, what: str) -> str:
        """Do something as another client; returns what that prints."""
        code = (
            "from distributed import Client\n"
            f"with Client(scheduler_file={str(self.file)!r}) as client:\n    {what}\n"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=LONG)
        assert done.returncode == 0, done.stderr
        return done.stdout.decode()

    def begun(self) -> list[int]:
        """The processes of the blocks that have been begun."""
        return [int(line) for line in self.log.read_text().split()]

    def close(self) -> None:
        self._processes.close()

    def _start(self, kind: str, *options: str) -> subprocess.Popen[bytes]:
        module = f"distributed.cli.dask_{kind}"
        command = [sys.executable, "-m", module, "--scheduler-file", str(self.file), *options]
        with open(self.folder / f"{kind}.log", "ab") as log:
            process = subprocess.Popen(
                command, cwd=self.folder, stdout=log, stderr=log, start_new_session=True
            )
        self._processes.callback(process.wait)
        self._processes.callback(process.kill)
        return process


def until(holds: Callable[[], object]) -> None:
    end = time.monotonic() + LONG
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    folder = tmp_path / "cluster"
    folder.mkdir()
    made = Cluster(folder)
    yield made
    made.close()


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder of files, one of them of many blocks."""
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "large.fa").write_bytes(fasta(12_000))
    for number in range(3):
        (folder / f"{number}.fa").write_bytes(fasta(700 + number, seed=number))
    return folder


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*ACGZ, *arguments], cwd=folder, capture_output=True, timeout=LONG, check=False
    )


NAMES = ["large.fa", "0.fa", "1.fa", "2.fa"]
OPTIONS = ["-m", "order0", "--block", "1000"]


def expected(folder: Path) -> dict[str, bytes]:
    return {
        name: acgz.compress((folder / name).read_bytes(), "order0", block=1000) for name in NAMES
    }


def made(folder: Path) -> dict[str, bytes]:
    return {name: (folder / f"{name}.acgz").read_bytes() for name in NAMES}


def test_archives_are_those_of_one_machine(cluster: Cluster, files: Path) -> None:
    """By the address of the scheduler, and by its file; there and back, side by side."""
    cluster.workers(2, pause=0.01)
    packed = run(files, "compress", "--cluster", cluster.address, *OPTIONS, *NAMES)
    assert (packed.returncode, packed.stderr) == (0, b"")
    assert made(files) == expected(files)
    assert len(set(cluster.begun())) == 2  # both have had their share

    originals = {name: (files / name).read_bytes() for name in NAMES}
    archives = [f"{name}.acgz" for name in NAMES]
    for name in NAMES:
        (files / name).unlink()
    before = len(cluster.begun())
    tested = run(files, "test", "-v", "--cluster", str(cluster.file), *archives)
    assert tested.returncode == 0
    assert [line.split(b":")[0].decode() for line in tested.stderr.splitlines()] == archives
    assert len(cluster.begun()) == before + 13 + 3
    restored = run(files, "decompress", "--cluster", str(cluster.file), *archives)
    assert (restored.returncode, restored.stderr) == (0, b"")
    assert {name: (files / name).read_bytes() for name in NAMES} == originals

    damaged = bytearray((files / "large.fa.acgz").read_bytes())
    damaged[len(damaged) // 2] ^= 1
    (files / "damaged.acgz").write_bytes(damaged)
    local = run(files, "test", "damaged.acgz")
    remote = run(files, "test", "--cluster", cluster.address, "damaged.acgz")
    assert (remote.returncode, remote.stderr) == (local.returncode, local.stderr)
    assert remote.returncode == 6


@pytest.mark.parametrize("reads", [True, False])
def test_workers_read_what_they_can_for_themselves(
    reads: bool, cluster: Cluster, files: Path
) -> None:
    """A file of blocks, and a collection; where they cannot, the texts are sent."""
    cluster.workers(1, READING.format(log=str(cluster.log), reads=reads))
    (files / "empty.fa").write_bytes(b"")
    many = ["empty.fa", *NAMES]
    options = ["--cluster", cluster.address, *OPTIONS]
    assert run(files, "compress", *options, "large.fa").returncode == 0
    assert (files / "large.fa.acgz").read_bytes() == expected(files)["large.fa"]
    count = len(cluster.begun())
    assert count == 13 if reads else 3 <= count <= 3 + 4  # some are on their way meanwhile
    assert run(files, "compress", *options, "-o", "all.acgz", *many).returncode == 0
    assert run(files, "compress", *OPTIONS, "-o", "here.acgz", *many).returncode == 0
    assert (files / "all.acgz").read_bytes() == (files / "here.acgz").read_bytes()
    if reads:
        assert 13 + 12 <= len(cluster.begun()) < 13 + 16


def test_a_bug_in_a_worker_is_an_error_here(cluster: Cluster, files: Path) -> None:
    """Even one that Dask could not send."""
    cluster.workers(1, ENDLESS)
    done = run(files, "compress", "--cluster", cluster.address, *OPTIONS, "large.fa")
    assert done.returncode == 1
    assert b"in a worker: RecursionError" in done.stderr
    assert sorted(os.listdir(files)) == sorted(NAMES)


def test_a_worker_that_is_killed_loses_nothing(cluster: Cluster, files: Path) -> None:
    first = cluster.worker(pause=0.3)
    cluster.workers(2, pause=0.3)
    command = [*ACGZ, "compress", "--cluster", cluster.address, *OPTIONS, *NAMES]
    with subprocess.Popen(command, cwd=files, stderr=subprocess.PIPE) as process:
        until(lambda: first.pid in cluster.begun())
        os.killpg(first.pid, signal.SIGKILL)
        _, said = process.communicate(timeout=LONG)
    assert (process.returncode, said) == (0, b"")
    assert made(files) == expected(files)


def test_a_lost_scheduler_is_an_error_and_leaves_nothing(cluster: Cluster, files: Path) -> None:
    cluster.workers(1, pause=0.5)
    command = [*ACGZ, "compress", "--cluster", cluster.address, *OPTIONS, "large.fa"]
    with subprocess.Popen(command, cwd=files, stderr=subprocess.PIPE) as process:
        until(cluster.begun)
        os.killpg(cluster.scheduler.pid, signal.SIGKILL)
        _, said = process.communicate(timeout=LONG)
    assert process.returncode == 3
    assert said == b"acgz: large.fa: the connection to the cluster is lost\n"
    assert sorted(os.listdir(files)) == sorted(NAMES)


def test_a_worker_of_another_version_is_refused(cluster: Cluster, files: Path) -> None:
    cluster.workers(1, OTHER)
    done = run(files, "compress", "--cluster", cluster.address, *OPTIONS, "large.fa")
    assert done.returncode == 5
    assert done.stderr.count(b"\n") == 1
    assert b"has acgz 9.9.9+" in done.stderr
    assert b"and here is " + acgz.__version__.encode() in done.stderr


def test_a_worker_of_another_version_that_comes_late_is_refused(
    cluster: Cluster, files: Path
) -> None:
    cluster.workers(1, pause=1)
    command = [*ACGZ, "compress", "--cluster", cluster.address, *OPTIONS, "large.fa"]
    with subprocess.Popen(command, cwd=files, stderr=subprocess.PIPE) as process:
        until(cluster.begun)
        cluster.worker(OTHER)
        _, said = process.communicate(timeout=LONG)
    assert process.returncode == 5
    assert b"a worker has acgz 9.9.9+" in said
    assert sorted(os.listdir(files)) == sorted(NAMES)


def test_a_worker_without_acgz_is_refused(cluster: Cluster, files: Path) -> None:
    cluster.workers(1, STRANGER)
    done = run(files, "compress", "--cluster", cluster.address, *OPTIONS, "large.fa")
    assert done.returncode == 5
    assert done.stderr.count(b"\n") == 1
    assert b"has no acgz that could help" in done.stderr


def test_an_interrupted_command_stops_its_workers(cluster: Cluster, files: Path) -> None:
    """In the middle of a block that would take a minute."""
    cluster.workers(1, pause=60)
    command = [*ACGZ, "compress", "--cluster", cluster.address, *OPTIONS, "large.fa"]
    with subprocess.Popen(command, cwd=files, stderr=subprocess.PIPE) as process:
        until(cluster.begun)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=LONG)
    assert (process.returncode, said) == (130, b"")
    assert sorted(os.listdir(files)) == sorted(NAMES)
    running = "client.run(lambda dask_worker: len(dask_worker.active_threads))"
    until(lambda: cluster.ask(f"print(sum({running}.values()))") == "0\n")
    assert len(cluster.begun()) == 1


def test_it_waits_for_workers_and_says_so(cluster: Cluster, files: Path) -> None:
    command = [*ACGZ, "compress", "--cluster", cluster.address, *OPTIONS, "large.fa"]
    with subprocess.Popen(command, cwd=files, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        assert process.stderr.readline().endswith(b"has no workers yet: this waits for one\n")
        cluster.worker()
        _, said = process.communicate(timeout=LONG)
    assert (process.returncode, said) == (0, b"")
    assert (files / "large.fa.acgz").read_bytes() == expected(files)["large.fa"]


def test_where_there_is_no_cluster_it_says_so(files: Path) -> None:
    for address in ("tcp://127.0.0.1:1", "nonsense", "files"):
        done = run(files, "test", "--cluster", address, "none.acgz")
        assert done.returncode == 3
        assert done.stderr.startswith(f"acgz: there is no cluster at {address}".encode())
        assert done.stderr.count(b"\n") == 1
    done = run(files, "test", "--dashboard", "none.acgz")
    assert done.returncode == 2


def test_processes_of_this_machine(files: Path) -> None:
    command = ["compress", "--cluster", "local", "--dashboard", "-T", "2", *OPTIONS, *NAMES]
    done = run(files, *command)
    assert done.returncode == 0
    assert done.stderr.startswith(b"acgz: the dashboard is at http://127.0.0.1:")
    assert made(files) == expected(files)


def test_nothing_of_dask_is_imported_without_a_cluster(files: Path) -> None:
    code = (
        "import sys; from acgz.cli.main import main; main(sys.argv[1:]);"
        "sys.exit(any(name.split('.')[0] in ('dask', 'distributed') for name in sys.modules))"
    )
    command = [sys.executable, "-c", code, "compress", "-T", "2", "-m", "twobit", *NAMES]
    assert subprocess.run(command, cwd=files, check=False).returncode == 0
