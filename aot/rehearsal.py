"""Which kernels are called from Python, and with which arguments: found by watching.

``python aot/rehearsal.py OUT`` runs every mode on small inputs with Numba's compiler at run time
and pickles what was seen: kernel -> signature -> `Seen`.
"""

from __future__ import annotations

import json
import pickle
import random
import sys
from contextlib import redirect_stdout, suppress
from io import BytesIO, TextIOWrapper
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import sources  # noqa: F401

ROOT = Path(__file__).parent.parent


class Seen(NamedTuple):
    """A kernel and arguments that it was called with."""

    module: str
    name: str
    types: tuple[Any, ...]
    """Numba's types of the arguments."""
    slots: str
    """See `acgz.compiled.slots`."""


def watch(seen: dict[str, dict[str, Seen]]) -> None:
    """From now on every call of a kernel from Python is noted in ``seen``."""
    from numba import typeof
    from numba.core.dispatcher import Dispatcher

    from acgz.compiled import signature, slots

    call = Dispatcher.__call__

    def noted(self: Any, *arguments: Any) -> Any:
        function = self.py_func
        known = seen.setdefault(f"{function.__module__}.{function.__qualname__}", {})
        described = signature(arguments)
        if described not in known:
            types = tuple(typeof(argument) for argument in arguments)
            known[described] = Seen(
                function.__module__, function.__qualname__, types, slots(arguments)
            )
        return call(self, *arguments)

    Dispatcher.__call__ = noted


def rehearse() -> None:
    """Restore every golden archive, and make it again unless that takes PyTorch.

    PyTorch is hidden: what is called does not depend on what is installed, and nothing is trained.
    """
    sys.modules["torch"] = None  # type: ignore[assignment]
    import acgz
    from acgz.errors import MissingDependencyError
    from acgz.nets import SYSTEMS
    from acgz.nets.deepgeco import settings as deepgeco_settings
    from acgz.nets.exact import numpy_operations

    deepgeco_settings.SHORTEST_LANE = 16  # as when they were made; a tenth of the steps
    folder = ROOT / "tests" / "golden"
    for wide in (False, True):  # whatever this processor prefers, others may prefer the other way
        numpy_operations.has_wide_products = lambda wide=wide: wide
        for name, made in sorted(json.loads((folder / "manifest.json").read_text()).items()):
            if wide and made["mode"].partition("-")[0] not in SYSTEMS:
                continue
            archive = (folder / f"{name}.acgz").read_bytes()
            text = acgz.decompress(archive)
            with suppress(MissingDependencyError):
                acgz.compress(text, made["mode"], **made["settings"])
    # Long sequences are looked over first.
    acgz.compress(bytes(random.Random(1).choices(b"ACGT", k=1 << 20)), "fast")
    rehearse_commands()


def rehearse_commands() -> None:
    """What no archive of `rehearse` calls: the work of commands, on small inputs."""
    from acgz.cli.main import main as acgz

    letters = random.Random(2).choices("ACGT", k=6000)
    with TemporaryDirectory() as folder:
        text, other, made = (str(Path(folder) / name) for name in ("x.fa", "y.fa", "z"))
        Path(text).write_text(f">x\n{''.join(letters)}\n>y\n{''.join(letters[1000:3000])}\n")
        Path(other).write_text(f">x\n{''.join(letters[:5000])}\n")
        commands = [
            ["train", "dictionary", "--size", "4K", "-o", made, text, other],
            ["tune", "--sample", "500", "--most", "2", text],
        ]
        for mode in ("fast", "plus", "ultra"):
            archive = f"{made}.{mode}.acgz"
            commands += [
                ["profile", "-m", mode, "--strands", "minimum", "-o", f"{made}.{mode}", text],
                ["compress", "-m", mode, "--dictionary", made, "-o", archive, other],
                ["test", archive],
                ["compress", "-f", "-m", mode, "--reference", text, "-o", archive, other],
                ["test", "--reference", text, archive],
                ["ls", "--fai", archive],
            ]
        with redirect_stdout(TextIOWrapper(BytesIO())):
            for words in commands:
                if acgz(words):
                    raise RuntimeError(f"acgz {' '.join(words)} fails")


def main(out: str) -> None:
    seen: dict[str, dict[str, Seen]] = {}
    watch(seen)
    rehearse()
    Path(out).write_bytes(pickle.dumps(seen))


if __name__ == "__main__":
    # Pickled under a name that others can import.
    from rehearsal import main as run

    run(*sys.argv[1:])
