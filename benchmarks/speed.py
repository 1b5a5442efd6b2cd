"""Speed of training: the article's nets, batch 128, one pass over MNIST, against other ways to do the same work.

Everybody takes a turn in every round, so that a busy machine is busy for all. Each lives in a process of its own
that sleeps between its turns, because the threads of some libraries go on spinning after their work. Printed are
medians over the rounds, the spread, CPU seconds (all threads), each process's peak memory and, round by round, how
much longer than `GAN.fit` it took. Nobody saves anything. PyTorch and JAX take part if they are installed.
"""

import argparse
import contextlib
import multiprocessing
import os
import platform
import statistics
import time
from collections.abc import Callable, Iterable, Iterator

import numpy as np

import ganlib

BATCH, LATENT = 128, 100
SHAPES_G = [(100, 128), (128, 128), (128, 784)]
SHAPES_D = [(784, 128), (128, 128), (128, 1)]


def gan_fit(x: np.ndarray, jit: bool = True, r1: float = 0.0) -> Callable[[], None]:
    """`GAN.fit`, with the running average of G's weights that the others do not have."""
    ganlib.start()
    import keras

    from ganlib.gan import GAN
    from ganlib.models import article

    gan = GAN(*article())
    gan.compile(keras.optimizers.Adam(2e-4), keras.optimizers.Adam(2e-4), r1=r1, jit_compile=jit)
    return lambda: gan.fit(x, BATCH, verbose=0)


def per_batch_function(x: np.ndarray, jit: bool = False, keep_memory: bool = False) -> Callable[[], None]:
    """One `@tf.function` call per batch, two tapes over one pass, as in TensorFlow's DCGAN tutorial.

    `keep_memory` lends it what `ganlib.start` does for `GAN.fit`: the process keeps its freed memory.
    """
    if keep_memory:
        ganlib.start()
    import keras
    import tensorflow as tf

    from ganlib.models import article

    generator, discriminator = article()
    optimizer_g, optimizer_d = keras.optimizers.Adam(2e-4), keras.optimizers.Adam(2e-4)
    optimizer_g.build(generator.trainable_variables)
    optimizer_d.build(discriminator.trainable_variables)
    cross_entropy = keras.losses.BinaryCrossentropy(from_logits=True)
    data = tf.data.Dataset.from_tensor_slices(x.reshape(-1, 784) / np.float32(255)).shuffle(len(x)).batch(BATCH)

    @tf.function(jit_compile=jit)
    def train_step(real):
        noise = tf.random.normal([BATCH, LATENT])
        with tf.GradientTape() as tape_g, tf.GradientTape() as tape_d:
            fake = generator(noise, training=True)
            real_logits, fake_logits = discriminator(real, training=True), discriminator(fake, training=True)
            loss_g = cross_entropy(tf.ones_like(fake_logits), fake_logits)
            loss_d = cross_entropy(tf.ones_like(real_logits), real_logits)
            loss_d += cross_entropy(tf.zeros_like(fake_logits), fake_logits)
        gradients_g = tape_g.gradient(loss_g, generator.trainable_variables)
        gradients_d = tape_d.gradient(loss_d, discriminator.trainable_variables)
        optimizer_g.apply_gradients(zip(gradients_g, generator.trainable_variables, strict=True))
        optimizer_d.apply_gradients(zip(gradients_d, discriminator.trainable_variables, strict=True))

    def epoch():
        for real in data:
            train_step(real)

    return epoch


def keras_fit(x: np.ndarray) -> Callable[[], None]:
    """Keras' own `fit` with a `train_step` of one batch, compiled as Keras does by default (without XLA on a CPU)."""
    import keras
    import tensorflow as tf

    from ganlib.gan import GAN
    from ganlib.models import article

    class Plain(GAN):
        def train_step(self, real):
            self.step(real, tf.random.normal([2, BATCH, LATENT]))
            return {"d_loss": self.totals[1]}

    plain = Plain(*article())
    plain.compile(keras.optimizers.Adam(2e-4), keras.optimizers.Adam(2e-4), r1=0.0, jit_compile="auto")
    return lambda: keras.Model.fit(plain, x, batch_size=BATCH, epochs=1, verbose=0)


def products(x: np.ndarray) -> Callable[[], None]:
    """NumPy doing the same matrix products and nothing else: what no library can do without."""
    rng = np.random.default_rng(0)

    def arrays(shapes):
        return [
            [rng.standard_normal(size, dtype=np.float32) for size in ((BATCH, a), (a, b), (BATCH, b))]
            for a, b in shapes
        ]

    g, d = arrays(SHAPES_G), arrays(SHAPES_D)

    def forward(net):
        for inputs, weights, _ in net:
            inputs @ weights

    def backward(net, to_weights, to_input):
        for i, (inputs, weights, slopes) in enumerate(net):
            if to_weights:
                inputs.T @ slopes
            if to_input or i:
                slopes @ weights.T

    def step():
        forward(g)  # D's phase
        for _ in ("real", "fake"):
            forward(d)
            backward(d, to_weights=True, to_input=False)
        forward(g)  # G's phase
        forward(d)
        backward(d, to_weights=False, to_input=True)
        backward(g, to_weights=True, to_input=False)

    return lambda: [step() for _ in range(len(x) // BATCH)]


def torch_eager(x: np.ndarray, compiled: bool = False) -> Callable[[], None]:
    """PyTorch, data in one tensor, no DataLoader."""
    import torch
    from torch import nn
    from torch.nn.functional import softplus

    def net(shapes, last):
        layers = [nn.Linear(*shapes[0])]
        for shape in shapes[1:]:
            layers += [nn.LeakyReLU(0.2), nn.Linear(*shape)]
        return nn.Sequential(*layers, *last)

    generator, discriminator = net(SHAPES_G, [nn.Sigmoid()]), net(SHAPES_D, [])
    optimizer_g = torch.optim.Adam(generator.parameters(), 2e-4)
    optimizer_d = torch.optim.Adam(discriminator.parameters(), 2e-4)
    data = torch.from_numpy(x.reshape(-1, 784) / np.float32(255))

    def losses_d(real, fake):
        return softplus(-discriminator(real)).mean() + softplus(discriminator(fake)).mean()

    def loss_g(latents):
        return softplus(-discriminator(generator(latents))).mean()

    if compiled:
        losses_d, loss_g = torch.compile(losses_d), torch.compile(loss_g)

    def epoch():
        order = torch.randperm(len(data))
        for first in range(0, len(data), BATCH):
            real = data[order[first : first + BATCH]]
            with torch.no_grad():
                fake = generator(torch.randn(BATCH, LATENT))
            optimizer_d.zero_grad()
            losses_d(real, fake).backward()
            optimizer_d.step()
            optimizer_g.zero_grad()
            discriminator.requires_grad_(False)
            loss_g(torch.randn(BATCH, LATENT)).backward()
            discriminator.requires_grad_(True)
            optimizer_g.step()

    return epoch


def jax_scan(x: np.ndarray) -> Callable[[], None]:
    """JAX, a whole epoch in one compiled `lax.scan`, Adam written out."""
    import jax
    import jax.numpy as jnp
    from jax.nn import leaky_relu, sigmoid, softplus

    def init(key, shapes):
        keys = jax.random.split(key, len(shapes))
        return [
            (jax.random.normal(k, s) * (2 / sum(s)) ** 0.5, jnp.zeros(s[1])) for k, s in zip(keys, shapes, strict=True)
        ]

    def apply(params, h):
        for w, b in params[:-1]:
            h = leaky_relu(h @ w + b, 0.2)
        return h @ params[-1][0] + params[-1][1]

    def generate(params, z):
        return sigmoid(apply(params, z))

    def loss_d(d, real, fake):
        return softplus(-apply(d, real)).mean() + softplus(apply(d, fake)).mean()

    def loss_g(g, d, z):
        return softplus(-apply(d, generate(g, z))).mean()

    def adam(params, slopes, m, v, t):
        m = jax.tree.map(lambda a, s: 0.9 * a + 0.1 * s, m, slopes)
        v = jax.tree.map(lambda a, s: 0.999 * a + 0.001 * s * s, v, slopes)
        rate = 2e-4 * jnp.sqrt(1 - 0.999**t) / (1 - 0.9**t)
        return jax.tree.map(lambda p, a, b: p - rate * a / (jnp.sqrt(b) + 1e-7), params, m, v), m, v

    data = jnp.asarray(x.reshape(-1, 784))

    @jax.jit
    def run(state, key):
        key, order_key = jax.random.split(key)
        order = jax.random.permutation(order_key, len(data)).reshape(-1, BATCH)

        def step(carry, batch):
            g, d, mg, vg, md, vd, t, key = carry
            key, k1, k2 = jax.random.split(key, 3)
            real = data[batch].astype(jnp.float32) / 255
            fake = generate(g, jax.random.normal(k1, (BATCH, LATENT)))
            d, md, vd = adam(d, jax.grad(loss_d)(d, real, fake), md, vd, t)
            slopes = jax.grad(loss_g)(g, d, jax.random.normal(k2, (BATCH, LATENT)))
            g, mg, vg = adam(g, slopes, mg, vg, t)
            return (g, d, mg, vg, md, vd, t + 1, key), None

        return jax.lax.scan(step, (*state, key), order)[0]

    g, d = init(jax.random.key(0), SHAPES_G), init(jax.random.key(1), SHAPES_D)
    zeros = [jax.tree.map(jnp.zeros_like, p) for p in (g, g, d, d)]
    memory = {"state": (g, d, *zeros, 1.0)}

    def epoch():
        *state, _ = run(memory["state"], jax.random.key(2))
        memory["state"] = jax.block_until_ready(tuple(state))

    return epoch


CONTENDERS = {
    "GAN.fit": gan_fit,
    "GAN.fit, not XLA": lambda x: gan_fit(x, jit=False),
    "GAN.fit with R1": lambda x: gan_fit(x, r1=1.0),
    "@tf.function per batch": per_batch_function,
    "the same, XLA": lambda x: per_batch_function(x, jit=True),
    "the same, XLA, memory kept": lambda x: per_batch_function(x, jit=True, keep_memory=True),
    "Keras fit, plain step": keras_fit,
    "PyTorch eager": torch_eager,
    "PyTorch compile": lambda x: torch_eager(x, compiled=True),
    "JAX lax.scan": jax_scan,
    "matrix products alone": products,
}


def peak_memory() -> float:
    """Peak memory of this process in GiB; NaN on Windows, which has no `resource`."""
    with contextlib.suppress(ImportError):
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return float("nan")


def take_turns(name: str, channel) -> None:
    """One contender's process: prepare, run one epoch (with compilation), then one more at every request."""
    (x, _), _ = ganlib.load_mnist()
    x = x[: len(x) // BATCH * BATCH]  # full batches only: not everybody can do with a smaller last one
    try:
        epoch = CONTENDERS[name](x)
    except ImportError as error:
        channel.send(str(error))
        return
    while True:
        start, cpu_start = time.perf_counter(), time.process_time()
        epoch()
        channel.send((time.perf_counter() - start, time.process_time() - cpu_start, peak_memory()))
        if not channel.recv():
            return


def started(names: Iterable[str], work: Callable) -> Iterator[tuple]:
    """Give each name a process that runs work(name, channel): yield name, channel, and its first answer.

    A first answer that is a text is the reason why it takes no part.
    """
    spawn = multiprocessing.get_context("spawn")
    for name in names:
        ours, theirs = spawn.Pipe()
        spawn.Process(target=work, args=(name, theirs), daemon=True).start()
        answer = ours.recv()
        if isinstance(answer, str):
            print(f"{name}: does not take part ({answer})")
        else:
            yield name, ours, answer


def main() -> None:
    """Run the race and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--only", nargs="*", help="names of contenders, beside GAN.fit")
    options = parser.parse_args()
    names = [n for n in CONTENDERS if not options.only or n in options.only or n == "GAN.fit"]

    channels, wall, cpu, memory = {}, {}, {}, {}
    for name, channel, answer in started(names, take_turns):
        channels[name], wall[name], cpu[name] = channel, [], []
        print(f"{name}: first epoch with compilation {answer[0]:.1f} s", flush=True)
    for _ in range(options.rounds):
        for name, channel in channels.items():
            time.sleep(0.3)  # the threads of the one before fall asleep
            channel.send(True)
            seconds, cpu_seconds, memory[name] = channel.recv()
            wall[name].append(seconds)
            cpu[name].append(cpu_seconds)
    for channel in channels.values():
        channel.send(False)

    steps = 60_000 // BATCH
    print(f"\n{time.strftime('%Y-%m-%d')}, {os.cpu_count()} cores, {platform.machine()}, {options.rounds} rounds")
    print("| one pass over MNIST | s (median) | min to max | CPU s | steps/s | GiB | × GAN.fit (median, min to max) |")
    print("|---|---|---|---|---|---|---|")
    for name in channels:
        ratios = [a / b for a, b in zip(wall[name], wall["GAN.fit"], strict=True)]
        middle = statistics.median(wall[name])
        print(
            f"| {name} | {middle:.2f} | {min(wall[name]):.2f} to {max(wall[name]):.2f} "
            f"| {statistics.median(cpu[name]):.2f} | {steps / middle:.0f} | {memory[name]:.2f} "
            f"| {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f}) |"
        )


if __name__ == "__main__":
    main()
