"""Open the lessons in JupyterLab: one line with the address, and no log below an error.

    python -m tools.lab [options of JupyterLab]
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import sys

from ipykernel.kernelspec import RESOURCES, get_kernel_dict
from jupyter_client.kernelspec import NATIVE_KERNEL_NAME, KernelSpec, KernelSpecManager
from jupyterlab.labapp import LabApp

# Whatever comes first on the command line yields to what the reader has typed after it.
OPTIONS = ["--Application.log_level=ERROR", "--LabApp.default_url=/lab/tree/notebooks"]


class Kernels(KernelSpecManager):
    """The kernels installed here; "python3" is this very Python, and tells the terminal nothing below an error."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        if kernel_name == NATIVE_KERNEL_NAME:
            return KernelSpec(resource_dir=RESOURCES, **get_kernel_dict(["--log-level=ERROR"]))
        return super().get_kernel_spec(kernel_name)


class Lab(LabApp):
    """JupyterLab that says one line when it can be opened, and one when it has ended."""

    @classmethod
    def make_serverapp(cls, **kwargs):
        root = hasattr(os, "geteuid") and os.geteuid() == 0  # in a container
        kwargs.update(kernel_spec_manager_class=Kernels, answer_yes=True, allow_root=root)
        return super().make_serverapp(**kwargs)

    @classmethod
    def initialize_server(cls, argv=None, **kwargs):
        server = super().initialize_server(argv, **kwargs)
        # Jupyter writes the address and its farewell as messages above all errors, a dozen lines.
        server.log.addFilter(lambda record: record.levelno < logging.CRITICAL)
        server.io_loop.add_callback(cls.say_that_it_is_open, server)  # behind the one that opens the port
        signal.signal(signal.SIGINT, lambda number, frame: cls.stop_at_once(server))
        return server

    @staticmethod
    def stop_at_once(server) -> None:
        """Shut kernels and server down. Jupyter asks "are you sure?" in a terminal, and elsewhere leaves kernels be."""
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a second Ctrl-C does not wait for the kernels
        server.stop(from_signal=True)

    @staticmethod
    def say_that_it_is_open(server) -> None:
        print(f"The lessons are open at  {server.local_url}  (Ctrl-C here ends it)", flush=True)


def main(arguments: list[str] | None = None) -> None:
    """Serve the lessons until Ctrl-C, then end the process."""
    os.environ.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")  # or every kernel greets with a debugger's warning
    if not os.access("notebooks", os.W_OK):
        command = f"{os.environ.get('GANLIB_ENTRY', 'course.py')} copy"
        print(f"These lessons can be read and run, not saved: for a folder of your own, type  {command}", flush=True)
    with contextlib.suppress(KeyboardInterrupt):  # a second Ctrl-C
        Lab.launch_instance([*OPTIONS, *(sys.argv[1:] if arguments is None else arguments)])
    with contextlib.suppress(OSError):  # the terminal is gone
        print("\nClosed. What was saved in JupyterLab is kept.", flush=True)
    # Python would wait for Jupyter's idle threads, and for some of them it would wait for ever.
    os._exit(0)


if __name__ == "__main__":
    main()
