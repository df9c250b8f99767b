"""Import this first: the package is then the one whose sources stand beside this folder.

PYTHONPATH is not enough: where pip isolates a build it takes away every path of the environment's
own packages, so also these sources where they are installed as they are (``pip install -e``).
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "src"))
