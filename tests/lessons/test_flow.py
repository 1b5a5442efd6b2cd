"""Flow matching: the walk on a net that knows the answer, and a training that finds two clouds."""

import keras
import numpy as np
import pytest

from ganlib.lessons.flow import Flow
from ganlib.models import mlp


def knows(end):
    net = mlp(2 + 8, (), 2, None, "net")
    net.set_weights([np.zeros((10, 2)), np.array(end)])
    return Flow(net)


@pytest.mark.parametrize("steps", [1, 2, 7])
def test_a_walk_ends_where_the_net_says(steps):
    points = knows([0.5, -1.0]).draw(5, steps)
    assert points.shape == (5, 2) and points.dtype == np.float32
    np.testing.assert_allclose(points, np.tile([0.5, -1.0], (5, 1)), atol=1e-5)


def test_the_same_seed_gives_the_same_walk():
    keras.utils.set_random_seed(0)
    flow = Flow(mlp(2 + 8, (4,), 2, None, "net"))
    assert np.array_equal(flow.draw(3, 4, seed=1), flow.draw(3, 4, seed=1))
    assert not np.array_equal(flow.draw(3, 4, seed=1), flow.draw(3, 4, seed=2))


def test_many_steps_find_two_clouds_and_one_step_their_middle():
    keras.utils.set_random_seed(0)
    ends = np.random.default_rng(0).choice([-2.0, 2.0], (20_000, 1)).astype("float32")
    flow = Flow(mlp(1 + 8, (64, 64), 1, None, "net"))
    flow.compile(keras.optimizers.Adam(3e-3), jit_compile=True)
    loss = flow.fit(ends, batch_size=200, epochs=5, verbose=0).history["loss"]
    assert loss[-1] < loss[0]
    assert np.abs(flow.draw(500, 1)).mean() < 1
    assert np.mean(np.abs(np.abs(flow.draw(500, 20)) - 2) < 0.3) > 0.9
