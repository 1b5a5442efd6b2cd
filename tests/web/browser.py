"""A Chromium without a window, driven through its DevTools protocol: for tests of pages, from file:// and offline."""

import itertools
import json
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--remote-debugging-port=0",
    "--remote-allow-origins=*",
)  # fmt: skip
LOCAL = ("file:", "blob:", "data:", "about:")


def chromium() -> str:
    """The path of a Chromium. Skips the test, with the reason, where there is none, or nothing to drive it with."""
    pytest.importorskip("websocket", reason="websocket-client is not installed: no browser can be driven")
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    return found or pytest.skip("there is no chromium here: apt-get install -y chromium")


class Page:
    """One page. `problems` are messages on its console, exceptions, and requests that would leave the machine."""

    def __init__(self, address: str):
        import websocket

        self.socket = websocket.create_connection(address, timeout=60)
        self.numbers = itertools.count(1)
        self.problems: list[str] = []
        for domain in ("Runtime", "Page", "Network", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters) -> dict:
        """Send one command of the protocol and return its result; what the page reports meanwhile is kept."""
        number = next(self.numbers)
        self.socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self.socket.recv())
            if message.get("id") == number:
                assert "error" not in message, message
                return message["result"]
            self._note(message)

    def _note(self, message: dict) -> None:
        method, parameters = message["method"], message["params"]
        if method in ("Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded"):
            self.problems.append(json.dumps(parameters)[:1500])
        elif method == "Network.requestWillBeSent":
            url = parameters["request"]["url"]
            if not url.startswith(LOCAL):
                self.problems.append(f"a request to {url}")

    def open(self, path: Path, state: str = "", query: str = "") -> None:
        """Load a file as a new document."""
        self.call("Page.navigate", url="about:blank")
        self.call("Page.navigate", url=f"{path.as_uri()}{query and '?'}{query}#{state}")
        self.until("document.readyState === 'complete'")

    def js(self, expression: str):
        """The value of an expression in the page."""
        result = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def until(self, condition: str, seconds: float = 30) -> None:
        """Wait until a condition holds in the page."""
        end = time.monotonic() + seconds
        while not self.js(f"Boolean({condition})"):
            assert time.monotonic() < end, f"not after {seconds} seconds: {condition}"
            time.sleep(0.05)

    def size(self, width: int, height: int = 800) -> None:
        """Make the page as wide as a telephone or a screen."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def sticks_out(self) -> float:
        """How many pixels the content of the page reaches beyond its right edge; below 0 if it ends before."""
        edges = "[...document.querySelectorAll('body *')].map(e => e.getBoundingClientRect().right)"
        return self.js(f"Math.max(...{edges}) - document.documentElement.clientWidth")

    def scrolls(self) -> float:
        """How many pixels the page can be scrolled sideways; parts that scroll by themselves do not count."""
        return self.js("document.documentElement.scrollWidth - document.documentElement.clientWidth")

    def prefers(self, **features: str) -> None:
        """Set what the reader prefers: `color_scheme="dark"`, `reduced_motion="reduce"`."""
        media = [{"name": f"prefers-{name.replace('_', '-')}", "value": value} for name, value in features.items()]
        self.call("Emulation.setEmulatedMedia", features=media)

    def press(self, key: str, text: str = "") -> None:
        """Press a key, as a reader without a mouse would; `text` is what it writes."""
        codes = {"Tab": 9, "Enter": 13, " ": 32, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40}
        key_ = {"key": key, "windowsVirtualKeyCode": codes[key], "code": "Space" if key == " " else key}
        self.call("Input.dispatchKeyEvent", type="keyDown", text=text, **key_)
        self.call("Input.dispatchKeyEvent", type="keyUp", **key_)


@contextmanager
def browser() -> Iterator[Page]:
    """A browser with a new, empty profile, and its page."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [chromium(), *FLAGS, f"--user-data-dir={profile}", "about:blank"]
        process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        try:
            yield Page(_address(process))
        finally:
            process.terminate()
            process.wait(20)
            process.stderr.close()


def _address(process: subprocess.Popen) -> str:
    from urllib.request import ProxyHandler, build_opener

    for line in process.stderr:
        if found := re.search(r"ws://127\.0\.0\.1:(\d+)/", line):
            with build_opener(ProxyHandler({})).open(f"http://127.0.0.1:{found[1]}/json", timeout=30) as answer:
                pages = [page for page in json.load(answer) if page["type"] == "page"]
            return pages[0]["webSocketDebuggerUrl"]
    pytest.skip("chromium does not start here")
