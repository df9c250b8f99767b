"""The program: ``python -m acgz`` is the same as ``acgz``."""

import sys

from acgz.cli import interrupts

interrupts.exiting()  # before the imports, which take longer than a person who has mistyped

from acgz.cli.main import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main())
