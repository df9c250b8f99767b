"""Kills, starves and interrupts acgz; afterwards nothing may be lost: ``make faults COUNT=200``.

After every fault: the original is there as it was, or its archive is there and restores it; a file
under its final name is complete; what else lies about is the hidden folder that the next run
sweeps up; and that run does the work. Kills at random moments meet the long parts of a run. The
short ones, between two calls of the system, are met one by one: the process stops itself right
before call number 1, 2, 3 … that changes the file system.
"""

from __future__ import annotations

import argparse
import errno
import io
import json
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import acgz

HIDDEN = re.compile(r"\.acgz-.{8}\.part")
"""The folder for what is not complete; see acgz.staging."""

# Commands in processes that do something to themselves before their n-th call that changes the file
# system. One process imports everything, and a fork of it is each of them: starting would be most
# of the time. With arguments, it is the only one.
STAGE = """
import json, os, signal, sys, tempfile
import acgz.api, acgz.cli.append, acgz.cli.compress, acgz.cli.restore, acgz.container.contents
from acgz.cli.main import main
calls = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.chmod", "os.chown"}
calls |= {"os.truncate", "os.utime", "os.setxattr", "shutil.rmtree", "tempfile.mkdtemp"}

def perform(folder, number, what, arguments):
    met = 0
    def watch(event, about):
        nonlocal met
        writes = event == "open" and isinstance(about[2], int) and about[2] & 3
        if not (writes or event in calls) or "__pycache__" in str(about):
            return
        met += 1
        if met != number:
            return
        if what == "error":
            raise OSError(28, "No space left on device")
        os.kill(os.getpid(), int(what))
    os.chdir(folder)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.addaudithook(watch)
    code = main(arguments)
    print("calls", met, file=sys.stderr)
    return code

def forked(errors, *task):
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    code = 1
    try:
        os.dup2(errors.fileno(), 2)
        code = perform(*task)
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stderr.flush()
        os._exit(code)

if sys.argv[1:]:
    sys.exit(perform(*json.loads(sys.argv[1])))
acgz.api.decompress(acgz.api.compress(b">a\\nACGT\\n", "order0"))  # kernels are loaded
for task in sys.stdin:
    with tempfile.TemporaryFile("w+") as errors:
        code = forked(errors, *json.loads(task))
        errors.seek(0)
        print(json.dumps([code, errors.read()]), flush=True)
"""


class BrokenPromiseError(Exception):
    """Something was lost, or left behind."""


@dataclass(frozen=True)
class Work:
    """A command that is disturbed."""

    name: str
    arguments: tuple[str, ...]
    given: tuple[str, ...]
    """The files that are there before."""
    made: tuple[str, ...]
    """The files that are there afterwards."""
    removes: bool = False
    adds: bool = False
    """What is made is there before, too, and gets more files."""

    @property
    def packed(self) -> tuple[str, ...]:
        """What is in the archive that there is before, or that comes to be."""
        if self.adds:
            return ("genome.fa",)
        return self.made if ARCHIVE in self.given else self.given


ARCHIVE = "genome.fa.acgz"
_ONE, _TWO = ("genome.fa",), ("genome.fa", "more.fa")
_COMPRESS = ("compress", "-m", "order0")
_TOGETHER = (*_COMPRESS, "-o", ARCHIVE)
_APPEND = ("append", "-m", "order0", ARCHIVE)

WORKS = (
    Work("compress", _COMPRESS, _ONE, (ARCHIVE,)),
    Work("compress --rm", (*_COMPRESS, "--rm"), _ONE, (ARCHIVE,), removes=True),
    Work("decompress", ("decompress",), (ARCHIVE,), _ONE),
    Work("decompress --rm", ("decompress", "--rm"), (ARCHIVE,), _ONE, removes=True),
    Work("append", _APPEND, ("more.fa",), (ARCHIVE,), adds=True),
    Work("compress two", _TOGETHER, _TWO, (ARCHIVE,)),
    Work("compress two --rm", (*_TOGETHER, "--rm"), _TWO, (ARCHIVE,), removes=True),
    Work("decompress two", ("decompress",), (ARCHIVE,), _TWO),
    Work("decompress two --rm", ("decompress", "--rm"), (ARCHIVE,), _TWO, removes=True),
    Work("append two", _APPEND, ("more.fa", "third.fa"), (ARCHIVE,), adds=True),
)


class Stage:
    """Runs what `Scene.staged` says, one after the other; use as a context."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", STAGE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def run(self, task: str) -> tuple[int, str]:
        """Exit code, negative if a signal has ended it, and what it said on stderr."""
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise ValueError("the stage is closed")
        print(task, file=stdin, flush=True)
        code, error = json.loads(stdout.readline())
        return code, error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self._process.communicate()


class Scene:
    """A folder with some files, the command, and what must be true whatever happens."""

    def __init__(self, folder: Path, work: Work, text: bytes) -> None:
        self.folder, self.work = folder, work
        self.texts = {
            "genome.fa": text,
            "more.fa": b">more\n" + text,
            "third.fa": b">third\n" + text,
        }
        self.archive = self._packed()
        self.reset()

    def reset(self) -> None:
        for entry in self.folder.iterdir():
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
        self.set_up()

    def set_up(self) -> None:
        """Write what is there before."""
        contents = {**self.texts, ARCHIVE: self.archive}
        for name in (*self.work.given, *(self.work.made if self.work.adds else ())):
            (self.folder / name).write_bytes(contents[name])

    def on(self, folder: Path) -> Scene:
        """The same in another folder, where nothing is set up."""
        there = copy(self)
        there.folder = folder
        return there

    def command(self) -> list[str]:
        return [sys.executable, "-m", "acgz", *self._words()]

    def to_stdout(self) -> list[str]:
        """The command with standard output as its target; it removes nothing."""
        words = [word for word in self.command() if word != "--rm"]
        if "-o" in words:
            at = words.index("-o")
            del words[at : at + 2]
        return [*words, "-c"]

    def staged(self, number: int, what: str, *more: str) -> str:
        """The command in a process that does ``what`` to itself, for `STAGE`."""
        return json.dumps([str(self.folder), number, what, [*self._words(), *more]])

    def _words(self) -> list[str]:
        command, *arguments = self.work.arguments
        return [command, "-q", *arguments, *self.work.given]

    def _packed(self) -> bytes:
        """The archive; of one file alone without its name."""
        names = self.work.packed
        if len(names) == 1:
            return acgz.compress(self.texts[names[0]], "order0")
        with tempfile.TemporaryDirectory() as folder:
            for name in names:
                (Path(folder) / name).write_bytes(self.texts[name])
            run = [sys.executable, "-m", "acgz", *_TOGETHER, "-q", *names]
            subprocess.run(run, cwd=folder, check=True)
            return (Path(folder) / ARCHIVE).read_bytes()

    def check(self, when: str, *, swept: bool = False) -> None:
        """Nothing is lost, and nothing lies about; ``swept``: not even a hidden folder."""
        names = {entry.name for entry in self.folder.iterdir()}
        strays = names - {*self.texts, ARCHIVE}
        if swept or any(not HIDDEN.fullmatch(name) for name in strays):
            self._require(not strays, f"{when}: left behind {sorted(strays)}")
        whole = names.issuperset(self.work.given) or names.issuperset(self.work.made)
        self._require(whole, f"{when}: there is only {sorted(names)}")
        for name, text in self.texts.items():
            with suppress(FileNotFoundError):
                found = (self.folder / name).read_bytes()
                self._require(found == text, f"{when}: {name} is not what it was")
        with suppress(FileNotFoundError):
            found = acgz.decompress((self.folder / ARCHIVE).read_bytes())
            more = (*self.work.packed, *self.work.given) if self.work.adds else self.work.packed
            right = [self.joined(self.work.packed), self.joined(more)]
            self._require(found in right, f"{when}: the archive is not complete")
        kept = (*self.work.given, *(self.work.made if self.work.adds else ()))
        if not self.work.removes:
            self._require(names.issuperset(kept), f"{when}: only {sorted(names)} is left")

    def joined(self, names: tuple[str, ...]) -> bytes:
        """What an archive of them restores."""
        return b"".join(self.texts[name] for name in names)

    def run_again(self, when: str, stage: Stage | None = None) -> None:
        """The same command, undisturbed, does its work and sweeps up."""
        made = self.folder / self.work.made[0]
        if self.work.adds and made.read_bytes() != self.archive:
            return  # it has been added, and cannot be once more
        if all((self.folder / name).exists() for name in self.work.given):
            if stage is None:
                run = [*self.command(), "-f"]
                done = subprocess.run(run, cwd=self.folder, capture_output=True, check=False)
                code, error = done.returncode, done.stderr.decode()
            else:
                code, error = stage.run(self.staged(0, "", "-f"))
            self._require(code == 0, f"{when}, again: {error}")
            there = all((self.folder / name).exists() for name in self.work.made)
            self._require(there, f"{when}, again: nothing made")
            grown = made.read_bytes() != self.archive or not self.work.adds
            self._require(grown, f"{when}, again: nothing added")
            self.check(f"{when}, again", swept=True)

    def _require(self, condition: bool, complaint: str) -> None:
        if not condition:
            raise BrokenPromiseError(f"{self.work.name}: {complaint}")


def killed_at_random(scene: Scene, count: int, choose: random.Random) -> int:
    """SIGKILL ``count`` times at a random moment; how often the process was still at work."""
    start = time.monotonic()
    subprocess.run(scene.command(), cwd=scene.folder, check=True)
    duration = time.monotonic() - start
    killed = 0
    for number in range(count):
        scene.reset()
        process = subprocess.Popen(scene.command(), cwd=scene.folder, stderr=subprocess.DEVNULL)
        with suppress(subprocess.TimeoutExpired):
            process.wait(choose.uniform(0.2, 1.05) * duration)
        process.kill()
        killed += process.wait() == -signal.SIGKILL
        scene.check(f"kill {number}")
        if number % 10 == 0:
            scene.run_again(f"kill {number}")
    return killed


def stopped_at_every_call(scene: Scene, what: str) -> int:
    """SIGKILL, SIGINT, SIGTERM or a full disk, before each call that changes the file system."""
    with Stage() as stage:
        for number in range(1, 1000):
            scene.reset()
            code, error = stage.run(scene.staged(number, what))
            when = f"{what} before call {number}"
            scene.check(when, swept=what not in ("9", "error"))
            last = re.search(r"^calls (\d+)$", error, re.M)
            if last and int(last[1]) < number:
                return number - 1
            if "Traceback" in error:
                raise BrokenPromiseError(f"{scene.work.name}, {when}: {error}")
            allowed = {"9": (-9,), "2": (0, 130), "15": (0, 143)}.get(what, (code,))
            if code not in allowed:
                raise BrokenPromiseError(f"{scene.work.name}, {when}: exit code {code}")
            scene.run_again(when, stage)
    raise BrokenPromiseError(f"{scene.work.name}: it never comes to an end")


def full_disk(scene: Scene, sizes: range) -> int:
    """The work on file systems of that many kB, from no room at all to enough."""
    done = 0
    for kilobytes in sizes:
        with _small_disk(kilobytes) as disk:
            there = scene.on(disk)
            try:
                there.set_up()
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
                continue
            ended = subprocess.run(
                there.command(), cwd=disk, capture_output=True, text=True, check=False
            )
            there.check(f"{kilobytes} kB of disk", swept=True)
            if ended.returncode not in (0, 3) or ended.stderr.count("\n") > 1:
                raise BrokenPromiseError(f"{scene.work.name}: {ended.returncode} {ended.stderr}")
            done += 1
    return done


@contextmanager
def _small_disk(kilobytes: int) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="acgz-disk-") as name:
        options = f"size={kilobytes}k"
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "acgz", name], check=True)
        try:
            yield Path(name)
        finally:
            subprocess.run(["umount", name], check=True)


def starved(scene: Scene) -> int:
    """Limits on memory, on the size of files, and on open files: an error, or success."""
    limits: list[tuple[int, list[int]]] = [
        (resource.RLIMIT_AS, [megabytes << 20 for megabytes in (150, 300, 500, 700, 1000, 1500)]),
        (
            resource.RLIMIT_FSIZE,
            [0, 1, 4096, len(scene.archive) - 1, len(scene.texts["genome.fa"]) - 1],
        ),
        (resource.RLIMIT_NOFILE, [3, 4, 5, 8, 16]),
    ]
    done = 0
    for kind, values in limits:
        for value in values:
            scene.reset()

            def limit(kind: int = kind, value: int = value) -> None:
                resource.setrlimit(kind, (value, value))

            ended = subprocess.run(
                scene.command(),
                cwd=scene.folder,
                capture_output=True,
                preexec_fn=limit,
                check=False,
            )
            scene.check(f"limit {kind} of {value:,}", swept=kind == resource.RLIMIT_FSIZE)
            if kind == resource.RLIMIT_FSIZE and b"Traceback" in ended.stderr:
                raise BrokenPromiseError(f"{scene.work.name}: {ended.stderr.decode()}")
            scene.run_again(f"limit {kind} of {value:,}")
            done += 1
    return done


def closed_pipes(scene: Scene) -> int:
    """Standard output that nobody reads any more, or that is closed, at the beginning or later."""
    for number, read in enumerate((0, 1, 1000, None)):
        scene.reset()
        command = scene.to_stdout()
        if read is None:
            command = ["sh", "-c", 'exec "$@" >&-', "sh", *command]
        process = subprocess.Popen(
            command, cwd=scene.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        with process.stdout or io.BytesIO() as stream:
            stream.read(read or 0)
        error = process.stderr.read() if process.stderr else b""
        process.wait()
        if b"Traceback" in error:
            raise BrokenPromiseError(f"{scene.work.name}: closed pipe {number}: {error.decode()}")
        scene.check(f"closed pipe {number}", swept=True)
    return 4


def changing_input(scene: Scene) -> int:
    """The input grows, shrinks or is replaced while it is read: it is never removed."""
    changes: list[Callable[[Path], object]] = [
        lambda path: path.open("ab").write(b">more\nACGT\n"),
        lambda path: os.truncate(path, 10),
        lambda path: (
            path.with_name("new").write_bytes(b">other\n"),
            path.with_name("new").replace(path),
        ),
    ]
    for number, change in enumerate(changes):
        scene.reset()
        path = scene.folder / scene.work.given[0]
        program = [sys.executable, "-c", STAGE, scene.staged(1, str(int(signal.SIGSTOP)))]
        process = subprocess.Popen(program, stderr=subprocess.DEVNULL)
        os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
        change(path)
        changed = path.read_bytes()
        process.send_signal(signal.SIGCONT)
        process.wait()
        if not path.exists() or path.read_bytes() != changed:
            made, rest = scene.folder / ARCHIVE, scene.joined(scene.work.given[1:])
            kept = made.exists() and ARCHIVE in scene.work.made
            if not kept or acgz.decompress(made.read_bytes()) != changed + rest:
                raise BrokenPromiseError(f"{scene.work.name}: change {number} of the input is lost")
    return len(changes)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=200, help="kills at random of each command")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--bases", type=int, default=300_000)
    parser.add_argument("--only", default="", help="one kind of fault")
    parser.add_argument("--works", default="", help="works with this in their names")
    args = parser.parse_args()
    choose = random.Random(args.seed)
    bases = "".join(choose.choices("ACGTN", [30, 20, 20, 30, 1], k=args.bases))
    text = (">genome\n" + re.sub("(.{60})", "\\1\n", bases) + "\n").encode()
    small = (">genome\n" + bases[:3000] + "\n").encode()
    disks = range(4, 3 * len(text) // 1000, max(4, len(text) // 10_000 // 4 * 4))
    kinds: dict[str, tuple[bytes, Callable[[Scene], int]]] = {
        "kills before every call": (small, lambda scene: stopped_at_every_call(scene, "9")),
        "Ctrl-C before every call": (small, lambda scene: stopped_at_every_call(scene, "2")),
        "SIGTERM before every call": (small, lambda scene: stopped_at_every_call(scene, "15")),
        "calls that fail": (small, lambda scene: stopped_at_every_call(scene, "error")),
        "closed pipes": (text, closed_pipes),
        "inputs that change": (text, changing_input),
        "limits": (text, starved),
        "full disks": (text, lambda scene: full_disk(scene, disks)),
        "kills at random": (text, lambda scene: killed_at_random(scene, args.count, choose)),
    }
    broken = 0
    for kind, (content, run) in kinds.items():
        if args.only not in kind:
            continue
        if kind == "full disks" and (os.geteuid() != 0 or shutil.which("mount") is None):
            print(f"{kind}: skipped, only root can mount small file systems")
            continue
        for work in (work for work in WORKS if args.works in work.name):
            with tempfile.TemporaryDirectory(prefix="acgz-faults-") as name:
                try:
                    done = run(Scene(Path(name), work, content))
                except BrokenPromiseError as error:
                    print(f"{kind}: BROKEN {error}", flush=True)
                    broken += 1
                else:
                    print(f"{kind}: {work.name}: {done}", flush=True)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
