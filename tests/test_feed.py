"""The order of the examples, the latents, and the blocks."""

import numpy as np
import pytest

from ganlib import feed


@pytest.mark.parametrize(
    ("examples", "batch_size"), [(60_000, 128), (60_000, 100), (150, 16), (7, 7), (9, 2), (1009, 1)]
)
def test_a_block_plan_covers_every_step_once(examples, batch_size):
    plan = feed.block_plan(examples, batch_size)
    assert [step for steps in plan for step in steps] == list(range(-(-examples // batch_size)))
    assert len({len(steps) for steps in plan}) <= 3 and max(map(len, plan)) <= 32
    if examples % batch_size:
        assert len(plan[-1]) == 1


def test_an_epoch_of_blocks_shows_every_example_once():
    x = np.arange(150)
    blocks = list(feed.batch_blocks(x, 16, latent_dim=3, seed=0))
    assert sorted(np.concatenate([images.ravel() for images, _, _ in blocks])) == list(x)
    for images, latents, done in blocks:
        assert done == 0
        assert latents.shape == (len(images), 2, images.shape[1], 3) and latents.dtype == np.float32
    flat = np.concatenate([latents.ravel() for _, latents, _ in blocks])
    assert len(np.unique(flat)) > 0.99 * len(flat)  # no latents are used twice
    assert abs(flat.mean()) < 0.15 and abs(flat.std() - 1) < 0.1


def test_blocks_depend_on_seed_and_step_alone():
    x = np.arange(150)

    def epoch(**where):
        return [np.concatenate([a.ravel(), b.ravel()]) for a, b, _ in feed.batch_blocks(x, 16, 3, **where)]

    for a, b in zip(epoch(seed=1, first_step=20), epoch(seed=1, first_step=20), strict=True):
        np.testing.assert_array_equal(a, b)
    for other in ({"seed": 2, "first_step": 20}, {"seed": 1, "first_step": 30}):
        assert not np.array_equal(epoch(seed=1, first_step=20)[0], epoch(**other)[0])


@pytest.mark.parametrize("skip", [0, 4, 9, 10])
def test_an_epoch_can_be_entered_in_the_middle(skip):
    x = np.arange(150)
    whole = list(feed.batch_blocks(x, 16, 3, seed=1, first_step=20))
    rest = list(feed.batch_blocks(x, 16, 3, seed=1, first_step=20, skip=skip))
    assert [block[0].shape for block in whole] == [block[0].shape for block in rest]  # compiled for these
    assert sum(block[2] for block in rest) == skip
    for kind in (0, 1):
        steps = [step for block in whole for step in block[kind]]
        for a, b in zip(steps[skip:], [step for block in rest for step in block[kind][block[2] :]], strict=True):
            np.testing.assert_array_equal(a, b)
