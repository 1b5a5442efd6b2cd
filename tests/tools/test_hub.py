"""A class on a server: links for nbgitpuller, the settings of the hub, and the lists of Binder and dev containers."""

import ast
import json
import os
import re
import shutil
import stat
import tomllib
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import pytest
from jupyter_client.kernelspec import KernelSpecManager
from packaging.requirements import Requirement

from tools import address, hub
from tools.lessons import NOTEBOOKS, lesson_sources

ROOT = NOTEBOOKS.parent
HUB = ROOT / "teaching" / "hub"
PAGE = ROOT / "docs" / "hub.md"
GITHUB = "https://github.com/someone/course"


# --- links --------------------------------------------------------------------------------------------------


def test_a_link_asks_nbgitpuller_for_the_course_and_opens_the_lesson():
    found = urlsplit(hub.link("https://hub.example.org/", GITHUB, "02_name"))
    assert (found.netloc, found.path) == ("hub.example.org", "/hub/user-redirect/git-pull")
    wanted = {"repo": [GITHUB], "branch": ["main"], "urlpath": ["lab/tree/course/notebooks/02_name.ipynb"]}
    assert parse_qs(found.query) == wanted


def test_the_page_has_a_link_for_every_lesson_as_it_is_now():
    text = PAGE.read_text(encoding="utf-8")
    assert hub.BETWEEN.search(text)[0] == hub.table(ROOT), "type  python3 course.py address  with the course's address"
    assert all(f"notebooks%2F{source.stem}.ipynb" in text for source in lesson_sources())


@pytest.fixture
def course(tmp_path):
    for folder in ("notebooks/source", "docs"):
        (tmp_path / folder).mkdir(parents=True)
    for path in ("pyproject.toml", "docs/hub.md", *(f"notebooks/source/{path.name}" for path in lesson_sources()[:2])):
        shutil.copy(ROOT / path, tmp_path / path)
    return tmp_path


def test_the_course_s_address_completes_the_links(course, capsys):
    address.main(["none"], course)
    assert hub.main(["https://hub.example.org"], course) == 2
    assert "course.py address" in capsys.readouterr().err
    before = (course / "docs" / "hub.md").read_text(encoding="utf-8")
    assert "OWNER%2FNAME" in before and "someone" not in before
    address.main([GITHUB], course)
    after = (course / "docs" / "hub.md").read_text(encoding="utf-8")
    assert "OWNER%2FNAME" not in after and after.count("repo=https%3A%2F%2Fgithub.com%2Fsomeone%2Fcourse&") == 2
    capsys.readouterr()
    assert hub.main(["https://hub.example.org:8443"], course) == 0
    assert capsys.readouterr().out.count("https://hub.example.org:8443/hub/user-redirect/") == 2
    address.main(["none"], course)
    assert (course / "docs" / "hub.md").read_text(encoding="utf-8") == before


@pytest.mark.parametrize("wrong", ["hub.example.org", "ftp://x", "https://x y"])
def test_what_is_no_address_of_a_hub_is_refused(course, wrong, capsys):
    with pytest.raises(SystemExit):
        hub.main([wrong], course)
    assert "is no address" in capsys.readouterr().err


# --- the hub's settings -------------------------------------------------------------------------------------


class Settings(dict):
    """As traitlets' own: what is not there yet is made when it is asked for."""

    def __getattr__(self, name):
        return self.setdefault(name, Settings())

    __setattr__ = dict.__setitem__


def load(path: Path, settings: Settings) -> Settings:
    names = {
        "__file__": str(path),
        "get_config": lambda: settings,
        "load_subconfig": lambda name: load(Path(name), settings),
    }
    exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), names)
    return settings


@pytest.mark.skipif(os.name == "nt", reason="JupyterHub does not run on Windows")
def test_the_settings_name_what_is_there(monkeypatch):
    import grp

    monkeypatch.setattr(grp, "getgrnam", lambda name: SimpleNamespace(gr_gid=1))
    found = load(HUB / "jupyterhub_config.py", Settings())
    start, server = map(Path, found.Spawner.cmd)
    assert start == HUB / "start" and start.stat().st_mode & stat.S_IXUSR and server.name == "jupyterhub-singleuser"
    assert found.Spawner.environment == {"JUPYTER_PATH": str(HUB / "jupyter")}
    assert found.Spawner.mem_limit == "3G" and found.Spawner.cpu_limit == 2
    assert any("cull_idle_timeout" in word for word in found.Spawner.args)
    ((service,), (role,)) = found.JupyterHub.services, found.JupyterHub.load_roles
    assert role["services"] == [service["name"]]


@pytest.mark.skipif(os.name == "nt", reason="JupyterHub does not run on Windows")
def test_a_missing_group_is_told_before_the_hub_starts(monkeypatch):
    import grp

    def getgrnam(name):
        raise KeyError(name)

    monkeypatch.setattr(grp, "getgrnam", getgrnam)
    with pytest.raises(SystemExit, match="groupadd gan-students"):
        load(HUB / "jupyterhub_config.py", Settings())


def test_the_lessons_kernel_is_the_course_s_own_python():
    specs = KernelSpecManager(kernel_dirs=[str(HUB / "jupyter" / "kernels")], ensure_native_kernel=False)
    spec = specs.get_kernel_spec("python3")
    python = Path(spec.argv[0].format(resource_dir=spec.resource_dir))
    assert python.parent.parent == HUB / "jupyter/kernels/python3/../../../../../.venv"
    assert Path(os.path.normpath(python)) == ROOT / ".venv" / "bin" / "python"
    assert spec.metadata["supported_encryption"] == ["curve"]


# --- lists that must not drift ------------------------------------------------------------------------------


def lines(path: Path) -> list[str]:
    found = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    return [line for line in found if line and not line.startswith("#")]


PINS = dict(line.split("==") for line in lines(ROOT / "constraints.txt"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_binder_installs_what_the_lessons_import_at_the_course_s_versions():
    first, *names = lines(ROOT / "binder" / "requirements.txt")
    assert first == "-c ../constraints.txt" and set(names) <= set(PINS)
    wanted = map(Requirement, [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["cpu"]])
    here = {"sys_platform": "linux", "platform_machine": "x86_64"}
    assert set(names) == {one.name for one in wanted if one.marker is None or one.marker.evaluate(here)}


def test_binder_conda_and_the_dev_container_have_one_python():
    version = (ROOT / "binder" / "runtime.txt").read_text(encoding="utf-8").strip().removeprefix("python-")
    assert f"python={version}\n" in (ROOT / "environment.yml").read_text(encoding="utf-8")
    container = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8"))
    assert container["image"].endswith(f"python:{version}")
    pythons = re.search(r"^PYTHONS = (.+?)  #", (ROOT / "course.py").read_text(encoding="utf-8"), re.MULTILINE)[1]
    assert tuple(map(int, version.split("."))) in ast.literal_eval(pythons)


def test_the_dev_container_has_the_keys_of_its_format():
    container = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8"))
    assert set(container) == {"name", "image", "hostRequirements", "postCreateCommand", "customizations"}
    needs = container["hostRequirements"]
    assert isinstance(needs["cpus"], int)
    assert all(re.fullmatch(r"\d+([tgmk]b)?", needs[name]) for name in ("memory", "storage"))
    assert container["postCreateCommand"].split()[:2] == ["python3", "course.py"]


@pytest.mark.parametrize("name", ["postBuild", "start"])
def test_what_binder_runs_can_be_run(name):
    path = ROOT / "binder" / name
    assert path.read_text(encoding="utf-8").startswith("#!/bin/bash\n")
    assert os.name == "nt" or path.stat().st_mode & stat.S_IXUSR


def test_the_hub_s_packages_are_pinned_and_none_of_them_twice():
    first, *rest = lines(HUB / "requirements.txt")
    assert first == "-c ../../constraints.txt"
    names = [re.split("==", line)[0] for line in rest]
    assert len(names) == len(set(names))
    for line in rest:
        assert ("==" in line) != (line in PINS), f"{line}: pinned here or in constraints.txt, not in both"
