"""What the command line says and how: output that outlives its reader, and commands that can be typed again."""

import os
import re
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


class Lasting:
    """A stream of text that falls silent when nobody reads any more or the disk is full: the work goes on."""

    def __init__(self, stream):
        self._stream = stream

    def __getattr__(self, name: str):
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        with self._falling_silent():
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with self._falling_silent():
            self._stream.flush()

    @contextmanager
    def _falling_silent(self) -> Iterator[None]:
        try:
            yield
        except (OSError, ValueError) as error:  # ValueError: it was closed
            with suppress(OSError, ValueError, AttributeError):  # a stream of Python alone has no number
                # What is still in the stream's memory goes nowhere, also at the end of the process.
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, self._stream.fileno())
                os.close(nowhere)
            if self._stream is not sys.__stderr__ and sys.stderr is not None:
                said = getattr(error, "strerror", None) or error
                sys.stderr.write(f"ganlib: nothing more can be printed ({said}); the command goes on in silence.\n")


@contextmanager
def lasting_output() -> Iterator[None]:
    """While inside, stdout and stderr are UTF-8 and lasting."""
    before = sys.stdout, sys.stderr
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
        if stream is not None:  # it is None when the process was started without it
            setattr(sys, name, Lasting(stream))
    try:
        yield
    finally:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
        sys.stdout, sys.stderr = before


def command(word: str, folder: Path, *more: str) -> str:
    """A command of ours as it can be typed into a shell: `python course.py resume 'my run'`."""
    entry = os.environ.get("GANLIB_ENTRY") or "python -m ganlib"  # course.py says how it was called
    path = str(folder)
    if path.startswith("-"):
        path = os.path.join(".", path)
    return " ".join([entry, word, quote(path), *map(quote, more)])


def quote(word: str) -> str:
    """A word for the shell of this system: sh, or cmd and PowerShell, which know double quotes only."""
    if os.name != "nt":
        return shlex.quote(word)
    return word if re.fullmatch(r"[\w\\/:.,-]+", word) else f'"{word}"'
