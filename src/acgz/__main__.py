"""The program: ``python -m acgz`` is the same as ``acgz``."""

# Built in: `signal` and what it imports take longer than Python's own start.
import _signal  # type: ignore[import-not-found]

if _signal.getsignal(_signal.SIGINT) is _signal.default_int_handler:
    _signal.signal(_signal.SIGINT, _signal.SIG_DFL)  # Ctrl-C ends the process without a word

import sys

from acgz.cli import interrupts

interrupts.exiting()  # before the imports, which take longer than a person who has mistyped

from acgz import blas  # noqa: E402
from acgz.cli.main import main  # noqa: E402

blas.start_with_one_thread()

if __name__ == "__main__":
    sys.exit(main())
