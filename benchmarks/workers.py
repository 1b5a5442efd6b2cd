"""Throughput of two workers on one machine (`tf.distribute`, loopback) against one process with the same batches.

The article's nets, one pass over MNIST by `GAN.fit`. Each worker has one core, as if it were a machine of its own;
compare with one process on one core. Everybody takes a turn in every round: two epochs, of which the second counts.
"""

import argparse
import contextlib
import os
import platform
import socket
import statistics
import subprocess
import sys
import time

import ganlib

CONTENDERS = {  # cores of each process; compiled by XLA?
    "one process, one core": ([{0}], False),
    "one process, one core, XLA": ([{0}], True),
    "one process, two cores": ([{0, 1}], False),
    "one process, two cores, XLA": ([{0, 1}], True),
    "two workers, one core each": ([{0}, {1}], False),
}


def second_epoch(workers: list[str], index: int, batch_size: int, jit: bool) -> float:
    """Train two epochs, alone or as one of the workers; returns the seconds of the second."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"  # at the end, the last worker complains that the others are gone
    if len(workers) == 1:
        ganlib.start()  # not for workers: they must meet before TensorFlow's first operation
    with ganlib.quiet():
        import keras

        from ganlib.gan import GAN
        from ganlib.models import article
        from ganlib.training.workers import SharedGAN, join

        strategy = join(workers, index) if len(workers) > 1 else None
    begun = []
    clock = keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: begun.append(time.perf_counter()))
    (x, _), _ = ganlib.load_mnist()
    with strategy.scope() if strategy else contextlib.nullcontext():
        gan = (SharedGAN if strategy else GAN)(*article())
        gan.compile(jit_compile=jit)
    gan.fit(x, batch_size, epochs=2, verbose=0, callbacks=[clock])
    return time.perf_counter() - begun[1]


def race(name: str, batch_size: int) -> float:
    """Start the processes of a contender; returns the seconds that worker 0 took."""
    cores, _ = CONTENDERS[name]
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in cores]
        workers = ",".join(f"127.0.0.1:{each.getsockname()[1]}" for each in sockets)
    words = [sys.executable, __file__, "--batch-size", str(batch_size), "--name", name, "--workers", workers, "--index"]
    started = [subprocess.Popen([*words, str(i)], stdout=subprocess.PIPE, text=True) for i in range(len(cores))]
    return [float(process.communicate()[0]) for process in started][0]


def main() -> None:
    """Run the race and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--batch-size", type=int, default=128)
    for internal in ("--name", "--workers", "--index"):
        parser.add_argument(internal, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.name:
        index, (cores, jit) = int(options.index), CONTENDERS[options.name]
        if hasattr(os, "sched_setaffinity"):  # Linux
            os.sched_setaffinity(0, cores[index])
        print(second_epoch(options.workers.split(","), index, options.batch_size, jit))
        return
    seconds = {name: [] for name in CONTENDERS}
    for _ in range(options.rounds):
        for name in CONTENDERS:
            seconds[name].append(race(name, options.batch_size))
    print(f"{time.strftime('%Y-%m-%d')}, {os.cpu_count()} cores, {platform.machine()}, batch {options.batch_size}")
    print("| one pass over MNIST | s (median) | min to max | images/s |\n|---|---|---|---|")
    for name, values in seconds.items():
        middle = statistics.median(values)
        print(f"| {name} | {middle:.2f} | {min(values):.2f} to {max(values):.2f} | {60_000 / middle:,.0f} |")


if __name__ == "__main__":
    main()
