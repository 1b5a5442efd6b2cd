"""What the course asks of a JupyterHub, whatever else that does: docs/hub.md tells how to use it.

Every student gets a folder gan-lessons with copies of the lessons, and kernels of the course's own .venv, which may be
read-only. The limits hold where the spawner can enforce them: SystemdSpawner (The Littlest JupyterHub has it),
DockerSpawner and KubeSpawner can, LocalProcessSpawner cannot.
"""

from pathlib import Path

HUB = Path(__file__).resolve().parent

c = get_config()  # noqa: F821

c.Spawner.cmd = [str(HUB / "start"), "jupyterhub-singleuser"]
c.Spawner.default_url = "/lab/tree/gan-lessons/notebooks"
# The lessons ask for the kernel "python3": the one found here comes before that of the environment of JupyterLab.
c.Spawner.environment = {"JUPYTER_PATH": str(HUB / "jupyter")}

# Lesson 04 needs more than 2 GB (docs/hub.md).
c.Spawner.mem_limit = "3G"
c.Spawner.cpu_limit = 2

# Importing TensorFlow takes a kernel 3 seconds of a core, a server 2: with thirty of each it takes minutes.
c.Spawner.start_timeout = 300
c.Spawner.http_timeout = 300

# Encrypted, because on one machine other accounts could read along what a kernel prints. A kernel idle for an hour
# ends, though its page be open; one that computes does not.
c.Spawner.args = [
    "--KernelManager.transport_encryption=auto",
    "--MappingKernelManager.cull_idle_timeout=3600",
    "--MappingKernelManager.cull_interval=300",
    "--MappingKernelManager.cull_connected=True",
]
