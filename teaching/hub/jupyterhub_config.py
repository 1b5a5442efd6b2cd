"""A JupyterHub for one class on one machine: sudo jupyterhub -f …/teaching/hub/jupyterhub_config.py (docs/hub.md).

Students are accounts of the machine, in its group gan-students; teachers are in gan-teachers.
"""

import grp
import importlib.util
import os
import sys
from pathlib import Path

HUB = Path(__file__).resolve().parent
BIN = Path(sys.executable).parent  # of the environment in which JupyterHub is installed

for group in ("gan-students", "gan-teachers"):
    try:
        grp.getgrnam(group)
    except KeyError:  # JupyterHub would start, and answer every login with an internal error
        sys.exit(f"There is no group {group}: type  groupadd {group}")

c = get_config()  # noqa: F821
load_subconfig(str(HUB / "students.py"))  # noqa: F821

c.JupyterHub.bind_url = "http://127.0.0.1:8000"  # behind a web server that speaks HTTPS
c.PAMAuthenticator.allowed_groups = {"gan-students", "gan-teachers"}
c.PAMAuthenticator.admin_groups = {"gan-teachers"}

# Only systemd (or containers) can hold a student to the limits in students.py.
if os.path.isdir("/run/systemd/system") and importlib.util.find_spec("systemdspawner"):
    c.JupyterHub.spawner_class = "systemdspawner.SystemdSpawner"
c.Spawner.cmd = [str(HUB / "start"), str(BIN / "jupyterhub-singleuser")]

# A server without any sign of life for two hours ends.
c.JupyterHub.load_roles = [
    {
        "name": "culler",
        "scopes": ["list:users", "read:users:activity", "read:servers", "delete:servers"],
        "services": ["culler"],
    }
]
c.JupyterHub.services = [
    {"name": "culler", "command": [sys.executable, "-m", "jupyterhub_idle_culler", "--timeout=7200"]}
]
