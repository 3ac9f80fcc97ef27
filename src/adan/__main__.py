"""``python -m adan`` is the command ``adan``."""

import sys

from adan.cli import main

sys.exit(main())
