"""What every kind of ``acgz train`` does. A system's module ``cli`` has its own as ``TRAINER``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from acgz.cli import background, messages, mode_options, options
from acgz.nets import SYSTEMS
from acgz.nets.architecture import Architecture
from acgz.nets.training import Plan, Report, Run
from acgz.places import Claims
from acgz.settings import Settings


def trainers() -> Iterator[Trainer]:
    """The kinds of ``acgz train``: of all systems, and priors of the engine."""
    for system in (*SYSTEMS, "seqcoder.twobit", "prior"):
        yield import_module(f"acgz.nets.{system}.cli").TRAINER


class Trainer:
    """One kind of ``acgz train``.

    Its flags are the declarations of its architecture and of its plan. The module ``work`` has
    ``read(texts)``, which makes data of the texts of files, and ``trained(data, architecture,
    plan, run)``, which writes a model file and returns its SHA-256; only there PyTorch is imported.
    """

    name: str
    help: str
    description: str
    architecture: type[Architecture]
    plan: type[Plan]
    work: str

    def declare(self, parser: options.Parser) -> None:
        """The options of the command."""
        parser.description = self.description
        parser.examples = (
            f"acgz train {self.name} -o model.safetensors genomes/*.fa.gz",
            f"acgz train {self.name} -o model.safetensors --resume genomes/*.fa.gz # go on",
            f"acgz train {self.name} -T 2 --device cpu -o model.safetensors genomes/*.fa.gz",
        )
        parser.add_argument("files", nargs="+", metavar="FILE")
        parser.add_argument(
            "-o", "--output", required=True, type=Path, metavar="PATH", help="the model"
        )
        for title, settings in (("network", self.architecture), ("training", self.plan)):
            group = parser.add_argument_group(title)
            for declared in settings.declarations().values():
                if declared.flag:
                    mode_options.add_flag(group, declared)
        parser.add_argument("--device", help="as PyTorch names it (default: a GPU if there is one)")
        parser.add_argument("--resume", action="store_true", help="go on from the last epoch")
        options.add_threads(parser)
        options.add_messages(parser)
        parser.set_defaults(main=self.main)

    def sized(self, given: Mapping[str, Any], plan: Any, files: Sequence[str]) -> Architecture:
        """The architecture with the sizes that a user has ``given``, for what is in ``files``."""
        return self.architecture.of(given, self._who)

    def main(self, args: argparse.Namespace) -> int:
        """Train, and say what came out; a checkpoint lies beside the output until then."""
        from acgz.nets.exact import pytorch

        checkpoint = args.output.with_name(args.output.name + ".checkpoint")
        claims = Claims(args.files)
        for output in (args.output, checkpoint):
            claims.output(output, str(output))
        torch = pytorch.load()
        work = import_module(self.work)
        plan = self.plan.of(self._given(self.plan, args), self._who)
        architecture = self.sized(self._given(self.architecture, args), plan, args.files)
        data = work.read(_texts(args.files))
        messages.remark(args, str(data))
        if not args.resume:
            checkpoint.unlink(missing_ok=True)
        device = args.device or pytorch.best_device(torch)
        run = Run(args.output, device, checkpoint, lambda report: _show(args, report))

        def train() -> bytes:
            torch.set_num_threads(args.threads)  # it holds for the thread that calls it
            digest: bytes = work.trained(data, architecture, plan, run)
            return digest

        digest = background.run(train)
        checkpoint.unlink(missing_ok=True)
        messages.remark(args, f"{args.output}: {digest.hex()}")
        return 0

    @property
    def _who(self) -> str:
        return f"train {self.name}"

    def _given(self, settings: type[Settings], args: argparse.Namespace) -> dict[str, Any]:
        return {
            name: value
            for name, value in mode_options.flags_of(args)
            if name in settings.declarations()
        }


def _texts(files: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """Names and contents of files."""
    from acgz.cli.inputs import open_input

    for file in files:
        with open_input(file, unpack="always") as source:
            yield file, source.stream.read()


def _show(args: argparse.Namespace, report: Report) -> None:
    """A line for each epoch; between them a line that is overwritten, on a terminal."""
    left = report.seconds / report.step * (report.steps - report.step)
    line = (
        f"step {report.step:,}/{report.steps:,}, {report.training_bits:.4f} {report.unit}, "
        f"{left / 60:.0f} min left"
    )
    if report.validation_bits is not None:
        messages.remark(args, f"{line}, held out: {report.validation_bits:.4f} bits/base")
    elif sys.stderr.isatty() and not args.quiet:
        print(f"\r{line}   ", end="", file=sys.stderr)
