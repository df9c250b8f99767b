"""``python -m acgz`` is the same as ``acgz``."""

import sys

from acgz.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
