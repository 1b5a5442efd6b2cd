"""What a training from the command line can be asked for."""

from dataclasses import dataclass

LOSSES = ("non-saturating", "minimax", "least-squares", "wasserstein", "hinge", "relativistic")
ARCHITECTURES = ("mixture", "wide", "article")
PRECISIONS = ("float32", "mixed_bfloat16")  # of Keras' dtype policies; float16 would need its losses scaled


@dataclass(frozen=True)
class Settings:
    """What `train` can be asked for; the defaults are the recipe that trains well on two CPU cores."""

    epochs: int = 32
    batch_size: int = 128
    architecture: str = "mixture"
    loss: str = "non-saturating"
    r1: float = 0.1
    r1_every: int = 1
    learning_rate: float = 2e-3
    precision: str = "float32"
    seed: int = 0
    images: int = 10_000
    until_fd: float | None = None
