"""Where the time of a step goes: `GAN.fit` and JAX built up from the matrix products, one part after the other.

Article's nets, batch 128, no penalty, the full batches of one pass over MNIST, each stage a loop compiled by XLA. Every
stage adds one part to the one before. All take a turn in every round; GAN, JAX (if installed) and NumPy have a process
each. CPU seconds tell more than the clock where other work goes on; `taskset -c 1` before the command gives one core.
In the products' stage the networks are linear, without biases; the gradients are stored and move nothing. It has
the loop, the cast of the images and a least-squares loss, without which XLA would leave products out.
"""

import argparse
import os
import statistics
import time
from collections.abc import Callable

import numpy as np

import ganlib
from benchmarks.speed import BATCH, LATENT, SHAPES_D, SHAPES_G, products, started

Stages = dict[str, Callable[[], None]]


def of_gan(x: np.ndarray) -> Stages:
    """The stages of `GAN.fit`; those before the last are given their blocks ready-made, in TensorFlow's memory."""
    ganlib.start()
    import tensorflow as tf

    from ganlib.models import article

    stores, moves, averages, whole = classes()
    gan = compiled(whole, article())
    blocks = [tuple(map(tf.constant, block)) for block in gan.feed(x, BATCH, 0).blocks()]

    def looped(kind: type, nets=None, loss: str = "non-saturating") -> Callable[[], None]:
        model = compiled(kind, nets or article(), loss)
        loop = tf.function(model.steps_of_a_block, jit_compile=True)
        return lambda: [loop(block) for block in blocks][-1]["d_loss"].numpy()

    return {
        "products": looped(stores, linear(), "least-squares"),
        "+ biases, activations, loss": looped(stores),
        "+ Adam": looped(moves),
        "+ average of G": looped(averages),
        "+ figures for the logs": looped(whole),
        "+ order, latents, Keras: GAN.fit": lambda: gan.fit(x, BATCH, verbose=0),
    }


def classes() -> tuple[type, type, type, type]:
    """GANs that do less: the gradients only stored; weights moved, no average; no figures for the logs; everything."""
    import tensorflow as tf

    from ganlib.feed import to_float
    from ganlib.gan import GAN

    class Averages(GAN):
        def phases(self, real, latents):
            real = tf.reshape(to_float(real), [-1, 784])
            self.discriminator_phase(real, latents[0])
            self.generator_phase(latents[1])

    class Moves(Averages):
        def update_average(self):
            pass

    class Stores(Moves):
        def update(self, optimizer, gradients, network):
            for slot, gradient in zip(optimizer._momentums, gradients, strict=True):
                slot.assign(gradient)

    return Stores, Moves, Averages, GAN


def compiled(kind: type, nets, loss: str = "non-saturating"):
    """A GAN of that class, as in the race."""
    import keras

    gan = kind(*nets)
    gan.compile(keras.optimizers.Adam(2e-4), keras.optimizers.Adam(2e-4), r1=0.0, loss=loss)
    return gan


def linear():
    """The article's matrices and nothing else."""
    import keras

    def net(shapes):
        dense = [keras.layers.Dense(b, use_bias=False) for _, b in shapes]
        return keras.Sequential([keras.Input((shapes[0][0],)), *dense])

    return net(SHAPES_G), net(SHAPES_D)


def of_jax(x: np.ndarray) -> Stages:
    """The stages of the race's JAX, which has no average of G, no figures for logs, and draws latents in the loop."""
    return {
        "products": jax_epoch(x, bent=False, moves=False, draws=False),
        "+ biases, activations, loss": jax_epoch(x, bent=True, moves=False, draws=False),
        "+ Adam": jax_epoch(x, bent=True, moves=True, draws=False),
        "+ order, latents: the race's JAX": jax_epoch(x, bent=True, moves=True, draws=True),
    }


def jax_epoch(x: np.ndarray, bent: bool, moves: bool, draws: bool) -> Callable[[], None]:
    """One epoch: with biases and activations if `bent`, Adam if `moves`, its own order and latents if `draws`."""
    import jax
    import jax.numpy as jnp

    data = jnp.asarray(x.reshape(-1, 784))
    steps = len(x) // BATCH
    batches = jnp.zeros((steps, 0)) if draws else data.reshape(steps, BATCH, 784)
    latents = jnp.zeros((steps, 0)) if draws else jax.random.normal(jax.random.key(5), (steps, 2, BATCH, LATENT))
    move, slopes_d, slopes_g, generate = jax_parts(bent, moves)

    @jax.jit
    def run(state, key, batches, latents):
        key, order_key = jax.random.split(key)
        order = jax.random.permutation(order_key, steps * BATCH).reshape(-1, BATCH) if draws else jnp.arange(steps)

        def step(carry, batch):
            (g, d, mg, vg, md, vd, t), key = carry
            chosen, real, z = batch
            if draws:
                key, *keys = jax.random.split(key, 3)
                real, z = data[chosen], [jax.random.normal(k, (BATCH, LATENT)) for k in keys]
            d, md, vd = move(d, slopes_d(d, real.astype(jnp.float32) / 255, generate(g, z[0])), md, vd, t)
            g, mg, vg = move(g, slopes_g(g, d, z[1]), mg, vg, t)
            return ((g, d, mg, vg, md, vd, t + 1), key), None

        return jax.lax.scan(step, (state, key), (order, batches, latents))[0][0]

    memory = {"state": jax_state()}

    def epoch():
        memory["state"] = jax.block_until_ready(run(memory["state"], jax.random.key(2), batches, latents))

    return epoch


def jax_state() -> tuple:
    """First weights of G and D, (matrix, bias) a layer, Adam's averages, and the number of the step."""
    import jax
    import jax.numpy as jnp

    def init(seed, shapes):
        keys = jax.random.split(jax.random.key(seed), len(shapes))
        normal = jax.random.normal
        return [(normal(k, s) * (2 / sum(s)) ** 0.5, jnp.zeros(s[1])) for k, s in zip(keys, shapes, strict=True)]

    g, d = init(0, SHAPES_G), init(1, SHAPES_D)
    return g, d, *(jax.tree.map(jnp.zeros_like, p) for p in (g, g, d, d)), 1.0


def jax_parts(bent: bool, moves: bool) -> tuple[Callable, Callable, Callable, Callable]:
    """The optimiser, the gradients for D and for G, and the generator, as in `speed.jax_scan`."""
    import jax
    import jax.numpy as jnp
    from jax.nn import leaky_relu, sigmoid, softplus

    def apply(params, h):
        for w, b in params[:-1]:
            h = leaky_relu(h @ w + b, 0.2) if bent else h @ w
        return h @ params[-1][0] + (params[-1][1] if bent else 0)

    def loss(logits, real):
        return softplus(-logits if real else logits).mean() if bent else jnp.square(logits - real).mean() / 2

    def generate(params, z):
        return sigmoid(apply(params, z)) if bent else apply(params, z)

    def adam(params, slopes, m, v, t):
        if not moves:
            return params, slopes, v
        m = jax.tree.map(lambda a, s: 0.9 * a + 0.1 * s, m, slopes)
        v = jax.tree.map(lambda a, s: 0.999 * a + 0.001 * s * s, v, slopes)
        rate = 2e-4 * jnp.sqrt(1 - 0.999**t) / (1 - 0.9**t)
        return jax.tree.map(lambda p, a, b: p - rate * a / (jnp.sqrt(b) + 1e-7), params, m, v), m, v

    slopes_d = jax.grad(lambda d, real, fake: loss(apply(d, real), True) + loss(apply(d, fake), False))
    slopes_g = jax.grad(lambda g, d, z: loss(apply(d, generate(g, z)), True))
    return adam, slopes_d, slopes_g, generate


LADDERS = {
    "GAN": of_gan,
    "JAX": of_jax,
    "NumPy": lambda x: {"products": products(x)},
}


def take_turns(name: str, channel) -> None:
    """One ladder's process: run every stage twice, then answer names of stages with seconds and CPU seconds."""
    (x, _), _ = ganlib.load_mnist()
    try:
        stages = LADDERS[name](x[: len(x) // BATCH * BATCH])
    except ImportError as error:
        channel.send(str(error))
        return
    for epoch in (*stages.values(), *stages.values()):
        epoch()
    channel.send(list(stages))
    while stage := channel.recv():
        start, cpu_start = time.perf_counter(), time.process_time()
        stages[stage]()
        channel.send((time.perf_counter() - start, time.process_time() - cpu_start))


def table(name: str, measured: dict[str, list[tuple[float, float]]], last: list[float]) -> None:
    """Print a ladder; `last` are the CPU seconds of `GAN.fit`, round by round, to which shares are referred."""
    before = [0.0] * len(last)
    for stage, rounds in measured.items():
        wall, cpu = zip(*rounds, strict=True)
        added = [a - b for a, b in zip(cpu, before, strict=True)]
        shares = [100 * a / b for a, b in zip(cpu, last, strict=True)]
        print(
            f"| {name} | {stage} | {statistics.median(cpu):.2f} | {min(cpu):.2f} to {max(cpu):.2f} "
            f"| {statistics.median(added):.3f} ({min(added):.2f} to {max(added):.2f}) "
            f"| {statistics.median(shares):.0f} | {statistics.median(wall):.2f} |"
        )
        before = cpu


def main() -> None:
    """Run all stages in turn and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    channels, measured = {}, {}
    for name, channel, stages in started(LADDERS, take_turns):
        channels[name], measured[name] = channel, {stage: [] for stage in stages}
    for _ in range(options.rounds):
        for name, channel in channels.items():
            for stage, rounds in measured[name].items():
                channel.send(stage)
                rounds.append(channel.recv())
    for channel in channels.values():
        channel.send("")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    print(f"\n{time.strftime('%Y-%m-%d')}, {cores} of {os.cpu_count()} cores, {options.rounds} rounds{load}")
    print("| | stage | CPU s (median) | min to max | added by it | % of GAN.fit | seconds |")
    print("|---|---|---|---|---|---|---|")
    last = [cpu for _, cpu in [*measured["GAN"].values()][-1]]
    for name in measured:
        table(name, measured[name], last)


if __name__ == "__main__":
    main()
