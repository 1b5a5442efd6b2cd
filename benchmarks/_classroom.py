"""A class on a real JupyterHub on this machine: the hub, its students, and who watches their memory.

A student logs in at the hub's page, starts a server and a kernel through the hub's REST interface, and runs a notebook
cell by cell over the kernel's websocket, as JupyterLab does. Every wait is what a browser would have waited.
"""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import psutil
import requests
import websocket

ROOT = Path(__file__).resolve().parent.parent
SETTINGS = ROOT / "teaching" / "hub" / "students.py"
LONGEST = 900  # seconds to wait for a server, a kernel or a cell
MIB = 2**20

# After the settings of the course come those of the test: anybody may log in, and no account is needed.
CONFIG = """
c = get_config()
load_subconfig({settings!r})
c.JupyterHub.bind_url = "http://127.0.0.1:{ports[0]}"
c.JupyterHub.hub_port = {ports[1]}
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{ports[2]}"
c.ConfigurableHTTPProxy.command = [{proxy!r}]
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True
c.JupyterHub.spawner_class = {spawner!r}
c.SimpleLocalProcessSpawner.home_dir_template = {homes!r} + "/{{username}}"
c.Spawner.cmd = [{start!r}, {singleuser!r}]
c.Spawner.environment = {{**c.Spawner.environment, "GANLIB_SMOKE": {smoke!r}}}
"""


class NoHub(Exception):
    """JupyterHub is not installed, or does not start; the message says what to do."""


class Killed(Exception):
    """A kernel ended that should not have."""


# ---------------------------------------------------------------- the hub


def programs(folder: Path) -> dict[str, str]:
    """The programs of a hub's environment by name. Raises NoHub, with the commands that make one."""
    proxies = [folder / "node_modules" / ".bin" / "configurable-http-proxy", shutil.which("configurable-http-proxy")]
    found = {
        "hub": folder / "bin" / "jupyterhub",
        "singleuser": folder / "bin" / "jupyterhub-singleuser",
        "proxy": next((path for path in proxies if path and Path(path).exists()), proxies[0]),
    }
    if not (ROOT / ".venv").exists():
        raise NoHub("The students' kernels need the course's .venv: type  python3 course.py doctor")
    missing = [str(path) for path in found.values() if not Path(path).exists()]
    if missing:
        raise NoHub(
            f"There is no {missing[0]}. To make the environment:\n  python3 -m venv {folder}\n"
            f"  {folder}/bin/pip install -r {ROOT / 'teaching' / 'hub' / 'requirements.txt'}\n"
            f"  npm install --prefix {folder} configurable-http-proxy@5.1.0"
        )
    return {name: str(path) for name, path in found.items()}


def free_ports(count: int) -> list[int]:
    """Ports of this machine's own address that nobody uses now."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [each.getsockname()[1] for each in sockets]


@contextlib.contextmanager
def hub(folder: Path, found: dict[str, str], smoke: bool, accounts: bool) -> Iterator[tuple[str, psutil.Process]]:
    """A JupyterHub in `folder` while inside: its address and its process. `accounts`: students are accounts of the
    machine, and the hub runs as root; else they are folders. Raises NoHub when it does not start."""
    ports, homes = free_ports(3), folder / "homes"
    homes.mkdir()
    text = CONFIG.format(
        settings=str(SETTINGS),
        ports=ports,
        homes=str(homes),
        spawner="localprocess" if accounts else "simple",
        start=str(SETTINGS.with_name("start")),
        smoke=str(int(smoke)),
        **{name: found[name] for name in ("proxy", "singleuser")},
    )
    (folder / "config.py").write_text(text, encoding="utf-8")
    log = (folder / "hub.log").open("wb")
    command = [found["hub"], "-f", str(folder / "config.py")]
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "JUPYTER"))}
    process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log, start_new_session=True)
    address = f"http://127.0.0.1:{ports[0]}"
    try:
        _wait_for(address, process, folder / "hub.log")
        yield address, psutil.Process(process.pid)
    finally:
        _end(process)
        log.close()


def _wait_for(address: str, process: subprocess.Popen, log: Path) -> None:
    for _ in range(240):
        with contextlib.suppress(requests.ConnectionError):
            if requests.get(f"{address}/hub/health", timeout=10).ok:
                return
        if process.poll() is not None:
            break
        time.sleep(0.5)
    raise NoHub(f"JupyterHub did not start:\n{log.read_text(encoding='utf-8', errors='replace')[-2000:]}")


def _end(process: subprocess.Popen) -> None:
    """End the hub and all that it has started."""
    with contextlib.suppress(psutil.NoSuchProcess):
        family = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGTERM)
        _, alive = psutil.wait_procs(family, timeout=20)
        for each in alive:
            with contextlib.suppress(psutil.NoSuchProcess):
                each.kill()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(timeout=10)
    process.kill()
    process.wait()


@contextlib.contextmanager
def accounts(names: list[str]) -> Iterator[None]:
    """Accounts of this machine with homes, while inside. Only for root. Raises NoHub where one is there already."""
    there = {entry.pw_name for entry in pwd.getpwall()} & set(names)
    if there:
        raise NoHub(
            f"There is an account {min(there)}: another class is on, or was stopped hard (then userdel --remove)."
        )
    made = []
    try:
        for name in names:
            subprocess.run(["useradd", "--create-home", "--shell", "/bin/bash", name], check=True)
            made.append(name)
        yield
    finally:
        for name in made:
            subprocess.run(["userdel", "--remove", name], check=False, stderr=subprocess.DEVNULL)


# ---------------------------------------------------------------- a student


class Student:
    """One student of the hub at `address`: `sit_down`, then `run` each cell, then `leave`."""

    def __init__(self, address: str, name: str):
        self.address, self.name, self.session = address, name, requests.Session()
        self.socket: websocket.WebSocket | None = None

    def sit_down(self, notebook: str) -> tuple[float, float]:
        """Log in and open a notebook; returns the seconds for the server, and then for its kernel, to answer."""
        begin = time.monotonic()
        self._log_in()
        self._start_server()
        ready = time.monotonic()
        body = {"path": notebook, "name": Path(notebook).name, "type": "notebook", "kernel": {"name": "python3"}}
        kernel = self._ask("POST", f"/user/{self.name}/api/sessions", json=body).json()["kernel"]["id"]
        place = f"{self.address.replace('http', 'ws', 1)}/user/{self.name}/api/kernels/{kernel}/channels"
        self.socket = websocket.create_connection(place, header=self.token, timeout=LONGEST)
        self.run("pass")
        return ready - begin, time.monotonic() - ready

    def _log_in(self) -> None:
        page = self.session.get(f"{self.address}/hub/login", timeout=LONGEST)
        page.raise_for_status()
        form = {"username": self.name, "password": "x", "_xsrf": self.session.cookies.get("_xsrf", path="/hub/")}
        self.session.post(f"{self.address}/hub/login", data=form, timeout=LONGEST).raise_for_status()
        # From here on a token, as scripts use it: a browser has its cookie.
        check = {"X-XSRFToken": self.session.cookies.get("_xsrf", path="/hub/")}
        asked = f"{self.address}/hub/api/users/{self.name}/tokens"
        answer = self.session.post(asked, headers=check, json={"note": "class"}, timeout=LONGEST)
        answer.raise_for_status()
        self.token = {"Authorization": f"token {answer.json()['token']}"}
        self.session = requests.Session()

    def _start_server(self) -> None:
        self._ask("POST", f"/hub/api/users/{self.name}/server")
        end = time.monotonic() + LONGEST
        while not self._ask("GET", f"/hub/api/users/{self.name}").json()["servers"].get("", {}).get("ready"):
            if time.monotonic() > end:
                raise TimeoutError(f"the server of {self.name} did not start")
            time.sleep(0.25)

    def _ask(self, method: str, path: str, **rest) -> requests.Response:
        answer = self.session.request(method, self.address + path, headers=self.token, timeout=LONGEST, **rest)
        answer.raise_for_status()
        return answer

    def run(self, code: str) -> tuple[float, str]:
        """Run a cell; returns its seconds and the name of the error it raised, "" if none. Raises Killed."""
        begin, header = time.monotonic(), {"msg_id": uuid.uuid4().hex, "msg_type": "execute_request", "version": "5.3"}
        header |= {"session": self.name, "username": self.name, "date": ""}
        content = {"code": code, "silent": False, "store_history": True, "allow_stdin": False, "stop_on_error": True}
        message = {"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"}
        self.socket.send(json.dumps(message))
        error, waited_for = "", {"reply", "idle"}
        while waited_for:
            found = self._next()
            if found["parent_header"].get("msg_id") != header["msg_id"]:
                continue
            if found["msg_type"] == "execute_reply":
                error = found["content"].get("ename", "")
                waited_for.discard("reply")
            elif found["msg_type"] == "status" and found["content"]["execution_state"] == "idle":
                waited_for.discard("idle")
        return time.monotonic() - begin, error

    def think(self, seconds: float) -> None:
        """Wait, and answer the server's pings meanwhile: it closes a connection that leaves two without an answer."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.socket.settimeout(min(left, 5))  # it starts again with every ping, and these come each 30 seconds
            with contextlib.suppress(websocket.WebSocketTimeoutException):
                self._next()
        self.socket.settimeout(LONGEST)

    def _next(self) -> dict:
        text = self.socket.recv()
        if not text:
            raise ConnectionError("the server has closed the connection")
        found = json.loads(text)
        if found["msg_type"] == "status" and found["content"]["execution_state"] in ("restarting", "dead"):
            raise Killed(self.name)
        return found

    def leave(self) -> None:
        """Stop the server, and with it the kernel."""
        if self.socket:
            self.socket.close()
        self._ask("DELETE", f"/hub/api/users/{self.name}/server")


# ---------------------------------------------------------------- memory and computing time


class Watch(threading.Thread):
    """Measures every two seconds, while inside `with`, what a hub and its students take.

    memory: peak PSS in MiB by student ("" is the hub with its proxy), all: of everybody at one moment; seconds: CPU
    seconds by student. PSS counts a page that n processes share as 1/n in each.
    """

    def __init__(self, process: psutil.Process):
        super().__init__(daemon=True)
        self.process, self.over = process, threading.Event()
        self.memory: dict[str, float] = {}
        self.all, self._names, self._used = 0.0, {}, {}

    def __enter__(self) -> Watch:
        self.start()
        return self

    def __exit__(self, *error) -> None:
        self.over.set()
        self.join()

    def run(self) -> None:
        while not self.over.is_set():
            now: dict[str, float] = {}
            for each in [self.process, *self.process.children(recursive=True)]:
                with contextlib.suppress(psutil.Error, FileNotFoundError):
                    name = self._whose(each)
                    now[name] = now.get(name, 0) + each.memory_full_info().pss / MIB
                    used = each.cpu_times()
                    self._used[name, each.pid] = used.user + used.system
            self.all = max(self.all, sum(now.values()))
            for name, mib in now.items():
                self.memory[name] = max(self.memory.get(name, 0), mib)
            self.over.wait(2)

    def _whose(self, each: psutil.Process) -> str:
        if each.pid not in self._names:
            self._names[each.pid] = each.environ().get("JUPYTERHUB_USER", "")
        return self._names[each.pid]

    @property
    def seconds(self) -> dict[str, float]:
        found: dict[str, float] = {}
        for (name, _), seconds in self._used.items():
            found[name] = found.get(name, 0) + seconds
        return found
