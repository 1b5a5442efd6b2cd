"""The standard streams: our signs on any of them, and readers who leave before the end."""

import codecs
import io
import os
import sys
import unicodedata

PLAIN = {
    "✓": "OK", "✗": "x", "–": "-", "—": "-", "−": "-", "·": ".", "×": "x", "±": "+-", "…": "...", "’": "'",
    "→": "->", "≤": "<=", "≥": ">=", "≈": "~", "½": "1/2", "μ": "mu", "µ": "mu", "γ": "gamma", "σ": "sigma",
}  # fmt: skip


def say(text: object = "", end: str = "\n") -> None:
    """Print at once. A stream that cannot write a sign gets a plain one in its place: "OK" for "✓"."""
    try:
        print(text, end=end, flush=True)
    except UnicodeEncodeError:
        encoding = getattr(sys.stdout, "encoding", None) or "ascii"
        print(str(text).encode(encoding, "ganlib.plain").decode(encoding), end=end, flush=True)


def _plain(error: UnicodeError) -> tuple[str, int]:
    """The plain text for what a stream cannot encode, in the form that the module codecs asks for."""
    text = error.object[error.start : error.end]
    letters = [PLAIN.get(sign) or unicodedata.normalize("NFKD", sign)[0] for sign in text]
    return "".join(letter if letter.isascii() else "?" for letter in letters), error.end


codecs.register_error("ganlib.plain", _plain)


class _Leaving(io.FileIO):
    """A standard stream whose reader may leave (`| head -1`) or whose disk may fill up: then the work goes on."""

    def write(self, data) -> int | None:
        try:
            return super().write(data)
        except OSError as error:
            os.dup2(os.open(os.devnull, os.O_WRONLY), self.fileno())
            if not isinstance(error, BrokenPipeError) and self.fileno() != 2:
                os.write(2, f"ganlib: no more is printed, it cannot be written ({error.strerror}).\n".encode())
            return len(data)


def open_streams() -> None:
    """Prepare this process's stdout and stderr: UTF-8, and no end of the work when nobody reads or they are closed.

    For the command line alone: a program or a kernel that imports ganlib keeps its streams.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:  # closed: the next file that is opened would take its place
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
    for number, name in ((1, "stdout"), (2, "stderr")):
        if os.isatty(number):
            getattr(sys, name).reconfigure(encoding="utf-8", errors="replace")
        else:
            stream = io.BufferedWriter(_Leaving(number, "w", closefd=False))
            setattr(sys, name, io.TextIOWrapper(stream, "utf-8", "replace", line_buffering=True))
