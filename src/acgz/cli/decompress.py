"""``acgz decompress``: archives to files."""

from __future__ import annotations

import argparse
import os
from contextlib import ExitStack
from typing import TYPE_CHECKING

from acgz.cli import messages, options
from acgz.cli.paths import remove, restored_path, same_file
from acgz.errors import UsageError

if TYPE_CHECKING:
    from acgz.cli.outputs import Output
    from acgz.container.format import FileStart

DESCRIPTION = """\
Restores what every archive FILE.acgz was made of, beside it. An archive of several files restores
all of them under their names. Nothing appears under its name before its SHA-256 is verified."""


def subparser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("decompress", help="restore files", description=DESCRIPTION)
    options.add_files(parser, "archives")
    options.add_output(parser, "the restored file, or a folder for it")
    options.add_memory_limit(parser)
    options.add_threads(parser)
    options.add_messages(parser)
    parser.set_defaults(main=main)


def main(args: argparse.Namespace) -> int:
    files: list[str] = args.files or ["-"]
    if len(files) > 1 and args.output and not os.path.isdir(args.output):
        raise UsageError(f"several archives, but {args.output} is not a folder")
    return messages.for_each(files, lambda file: restore(args, file))


def restore(args: argparse.Namespace, file: str) -> None:
    """Restore all that is in one archive, or nothing."""
    from acgz.cli.reading import read_through

    outputs: list[Output] = []
    with ExitStack() as unfinished:

        def take(event: FileStart | bytes) -> None:
            if isinstance(event, bytes):
                outputs[-1].write(event)
            else:
                outputs.append(_new_output(args, file, event.name))
                unfinished.enter_context(outputs[-1])
                if args.rm and outputs[-1].part is None:
                    raise UsageError("--rm wants the output in a file")

        size = read_through(args, file, take)
        like = file if len(outputs) == 1 and os.path.isfile(file) else None
        for out in outputs:
            out.commit(like, durable=args.rm)
    names = ", ".join(dict.fromkeys(out.name for out in outputs))
    messages.report(args, f"{file}: restored {size:,} bytes to {names}")
    if args.rm:
        remove([file])


def _new_output(args: argparse.Namespace, file: str, name: str | None) -> Output:
    from acgz.cli.outputs import FileOutput, StandardOutput

    if args.stdout or args.output == "-" or (file == "-" and not args.output and not name):
        return StandardOutput()
    target = restored_path(args.output, file, name)
    if same_file(file, str(target)):
        raise UsageError("the output would replace the archive")
    if name is not None:
        target.parent.mkdir(parents=True, exist_ok=True)
    return FileOutput(target, force=args.force)
