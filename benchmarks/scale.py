"""What a training costs as the data grow (1k to 600k images), and how long it takes to begin.

Article's nets, batch 128, no penalty, `GAN.fit`. Every size has a process of its own, which trains three epochs; the
second and third count. More than 60,000 images are MNIST several times over: the same work per image, and the memory.
The start is timed from a new process: TensorFlow, data, compilation, first step, first epoch, first sample grid.
"""

import argparse
import multiprocessing
import os
import platform
import time

import numpy as np

import ganlib
from benchmarks.speed import BATCH, peak_memory

SIZES = (1_000, 10_000, 60_000, 600_000)


def epochs(images: int, channel) -> None:
    """Train three epochs on so many images; sends seconds and CPU seconds of an epoch, and the peak memory."""
    ganlib.start()
    import keras

    from ganlib.gan import GAN
    from ganlib.models import article

    (x, _), _ = ganlib.load_mnist()
    if images <= len(x):
        x = x[:images]
    else:
        large = np.empty((images, *x.shape[1:]), x.dtype)
        for first in range(0, images, len(x)):
            large[first : first + len(x)] = x[: images - first]
        x = large
    gan = GAN(*article())
    gan.compile(keras.optimizers.Adam(2e-4), keras.optimizers.Adam(2e-4), r1=0.0)
    clock = []
    tick = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: clock.append((time.perf_counter(), time.process_time()))
    )
    gan.fit(x, BATCH, epochs=3, verbose=0, callbacks=[tick])
    wall, cpu = (np.array(clock[2]) - np.array(clock[0])) / 2
    channel.send((wall, cpu, peak_memory()))


def first_grid(begun: float, channel) -> None:
    """From a cold start to the first grid of the wide networks; sends the moments, in seconds since `begun`."""
    moments = {}

    def mark(what: str) -> None:
        moments.setdefault(what, time.time() - begun)

    ganlib.start()
    import keras

    from ganlib import pictures, to_images
    from ganlib.gan import GAN
    from ganlib.models import wide

    mark("TensorFlow is loaded")
    (x, _), _ = ganlib.load_mnist()
    gan = GAN(*wide())
    gan.compile()
    mark("MNIST is read and checked, networks are built")
    first = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: mark("the first block of up to 32 steps is done, compilation included")
    )
    gan.fit(x, BATCH, verbose=0, callbacks=[first])
    mark("the first epoch is done")
    pictures.digits(to_images(gan.generate(64)))
    mark("the first sample grid is drawn")
    channel.send(moments)


def in_a_new_process(function, argument):
    """Call `function(argument, channel)` in a new process; returns what it sends."""
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=function, args=(argument, theirs))
    process.start()
    answer = ours.recv()
    process.join()
    return answer


def main() -> None:
    """Measure and print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="*", default=SIZES)
    options = parser.parse_args()
    print(f"{time.strftime('%Y-%m-%d')}, {os.cpu_count()} cores, {platform.machine()}")
    print("| since the start of a new process | s |\n|---|---|")
    for what, seconds in in_a_new_process(first_grid, time.time()).items():
        print(f"| {what} | {seconds:.1f} |", flush=True)
    print("\n| images | s an epoch | CPU s an epoch | µs an image | CPU µs an image | peak GiB |")
    print("|---|---|---|---|---|---|")
    for size in options.sizes:
        wall, cpu, memory = in_a_new_process(epochs, size)
        figures = f"{wall:.2f} | {cpu:.2f} | {wall * 1e6 / size:.0f} | {cpu * 1e6 / size:.0f} | {memory:.2f}"
        print(f"| {size:,} | {figures} |", flush=True)


if __name__ == "__main__":
    main()
