"""python -m ganlib COMMAND: see ganlib/cli.py."""

import os
import sys

# `python -m` looks for modules in the working folder first: a file tqdm.py there would stand in for the package.
if not sys.flags.safe_path:
    sys.path.append(sys.path.pop(0))
os.environ.pop("MPLBACKEND", None)  # no command opens a window; the name may be one that matplotlib does not know

from ganlib.streams import open_streams  # noqa: E402

open_streams()

from ganlib.cli import main  # noqa: E402

sys.exit(main())
