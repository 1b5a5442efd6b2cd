"""python -m ganlib COMMAND: see ganlib/cli.py."""

import sys

from ganlib.cli import main

sys.exit(main())
