"""What every test may count on, however pytest was started."""

import contextlib
import os
import signal

os.environ.pop("GANLIB_ENTRY", None)  # course.py sets it, and these tests are run by course.py too

# A run in the background (`nohup … &`) ignores Ctrl-C and hang-ups, and so does every process that it starts: the
# tests of both would wait for ever.
for _name, _handler in (("SIGINT", signal.default_int_handler), ("SIGHUP", signal.SIG_DFL)):
    with contextlib.suppress(AttributeError, ValueError):  # Windows has no SIGHUP; not the main thread
        if signal.getsignal(getattr(signal, _name)) is signal.SIG_IGN:
            signal.signal(getattr(signal, _name), _handler)
