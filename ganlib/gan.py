"""`GAN`: the real model and its training step, a `keras.Model` with Keras' `compile`, `fit` and callbacks.

Keras calls `train_step` with a *block* of batches, and compiles the loop over them once. That is where the
speed comes from: one call per block instead of one per batch, and no copying of weights in between.
"""

import contextlib
import math
import warnings
from typing import TYPE_CHECKING

import keras
import numpy as np
import tensorflow as tf

from ganlib.data import batch_blocks, block_plan, smoke
from ganlib.losses import LOSSES, r1_penalty

if TYPE_CHECKING:
    from ganlib.runs import Run

LOGS = ("d_loss", "g_loss", "d_real", "d_fake")


class Diverged(RuntimeError):
    """A loss or a weight is no longer a finite number."""


class GAN(keras.Model):
    """A generator and a discriminator, trained by Goodfellow et al. 2014, Algorithm 1, one step of D per step of G.

    By default G minimises the non-saturating loss of their section 3.

    `generator` maps latents (batch, latent_dim), drawn from N(0, 1), to samples; `discriminator` maps samples of
    the same shape to one logit each. `average` is a third network: the running average of the generator's weights,
    which makes better pictures than the latest weights do (Yazici et al. 2019).
    `seed` fixes the order of the data and every latent of the training; Keras' own seed fixes the first weights.
    """

    def __init__(self, generator: keras.Model, discriminator: keras.Model, seed: int = 0):
        super().__init__()
        if generator.output_shape[1:] != discriminator.input_shape[1:]:
            raise ValueError(
                f"The generator makes samples of shape {generator.output_shape[1:]}, but the discriminator "
                f"takes {discriminator.input_shape[1:]}: make the two shapes equal."
            )
        self.generator, self.discriminator, self.seed = generator, discriminator, seed
        self.average = keras.models.clone_model(generator)
        self.average.set_weights(generator.get_weights())
        self.average.trainable = False
        self.latent_dim = generator.input_shape[-1]
        self.steps = self.add_weight(shape=(), dtype="int64", initializer="zeros", trainable=False, name="steps")
        self.totals = self.add_weight(
            shape=(1 + len(LOGS),), initializer="zeros", trainable=False, aggregation="sum", name="totals"
        )
        self.built = True

    def compile(
        self,
        generator_optimizer: keras.Optimizer | None = None,
        discriminator_optimizer: keras.Optimizer | None = None,
        loss: str = "non-saturating",
        r1: float = 1.0,
        r1_every: int = 1,
        ema: float = 0.998,
        jit_compile: bool = True,
    ) -> None:
        """Set how the game is played; both optimisers default to Adam(1e-3, beta_1=0, beta_2=0.99).

        `loss` names a pair of `losses.LOSSES`; `r1` is the weight gamma of the R1 penalty, 0 for none; with
        `r1_every` = k it acts at every k-th step, k times as strong (Karras et al. 2020, section 3.1); `ema` is the
        share of the old average kept at each step, in [0, 1). With `jit_compile` XLA compiles the loop over the steps.
        Raises ValueError for an unknown loss, a negative `r1`, an `r1_every` below 1 or an `ema` outside [0, 1).
        """
        if loss not in LOSSES:
            raise ValueError(f"There is no loss {loss!r}: choose one of {', '.join(LOSSES)}.")
        if not (r1 >= 0 and math.isfinite(r1)):
            raise ValueError(f"r1 is {r1}: the weight of the penalty must be 0 or a positive number.")
        if r1_every < 1:
            raise ValueError(f"r1_every is {r1_every}: it must be at least 1, which means at every step.")
        if not 0 <= ema < 1:
            raise ValueError(f"ema is {ema}: the share of the old average must be at least 0 and less than 1.")
        super().compile(optimizer=None, jit_compile=jit_compile)
        self.generator_optimizer = generator_optimizer or default_optimizer()
        self.discriminator_optimizer = discriminator_optimizer or default_optimizer()
        self.generator_optimizer.build(self.generator.trainable_variables)
        self.discriminator_optimizer.build(self.discriminator.trainable_variables)
        self.loss_name, self.pair, self.r1_every = loss, LOSSES[loss], r1_every
        self.r1, self.ema = float(r1), float(ema)

    def discriminator_phase(
        self, real: tf.Tensor, latents: tf.Tensor, share: tf.Tensor | None = None
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """One update of D with G held still; returns D's loss (without penalty) and its real and fake logits.

        `real` is float32 (batch, …), `latents` float32 (batch, latent_dim). `share` is the part of the whole batch
        that these examples are: the optimiser adds up the gradients of all replicas.
        Source: Goodfellow et al. 2014, Algorithm 1, inner loop; R1 from Mescheder et al. 2018, eq. 9.
        """
        fake = self.generator(latents, training=True)
        if self.r1 and self.r1_every > 1:
            gradients, results = tf.cond(
                self.steps.value % self.r1_every == 0,
                lambda: self._discriminator_gradients(real, fake, self.r1 * self.r1_every, share),
                lambda: self._discriminator_gradients(real, fake, 0.0, share),
            )
        else:
            gradients, results = self._discriminator_gradients(real, fake, self.r1, share)
        self.discriminator_optimizer.apply(gradients, self.discriminator.trainable_variables)
        return results

    def _discriminator_gradients(self, real, fake, gamma: float, share) -> tuple[list[tf.Tensor], tuple]:
        weights = [weight.value for weight in self.discriminator.trainable_variables]
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(weights)
            with tf.GradientTape(watch_accessed_variables=False) as slope_tape:
                slope_tape.watch(real)
                real_logits = self.discriminator(real, training=True)
            fake_logits = self.discriminator(fake, training=True)
            loss = self.pair.discriminator(real_logits, fake_logits)
            objective = loss
            if gamma:
                objective += gamma / 2 * r1_penalty(slope_tape.gradient(real_logits, real))
        return tape.gradient(objective, weights, share), (loss, real_logits, fake_logits)

    def generator_phase(
        self, latents: tf.Tensor, share: tf.Tensor | None = None, real: tf.Tensor | None = None
    ) -> tf.Tensor:
        """One update of G with D held still; returns G's loss. `latents` is float32 (batch, latent_dim).

        A relativistic pair also needs `real`, as many samples as latents. Raises ValueError if they are missing.
        Source: Goodfellow et al. 2014, Algorithm 1, outer loop.
        """
        if self.pair.relativistic and real is None:
            raise ValueError(f"The {self.loss_name} loss compares with real samples: pass generator_phase(…, real=…).")
        weights = [weight.value for weight in self.generator.trainable_variables]
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(weights)
            fake = self.generator(latents, training=True)
            fake_logits = self.discriminator(fake, training=True)
            if self.pair.relativistic:
                loss = self.pair.generator(self.discriminator(real, training=True), fake_logits)
            else:
                loss = self.pair.generator(fake_logits)
        gradients = tape.gradient(loss, weights, share)
        self.generator_optimizer.apply(gradients, self.generator.trainable_variables)
        return loss

    def step(self, real: tf.Tensor, latents: tf.Tensor) -> None:
        """One training step: D's phase, G's phase, then the average of G's weights.

        `real` is a batch as `fit` takes it, uint8 or float; `latents` is float32 (2, batch, latent_dim): fresh
        ones for each phase.
        """
        self.phases(real, latents)
        self.update_average()
        self.steps.assign_add(1)

    def phases(self, real: tf.Tensor, latents: tf.Tensor, share: tf.Tensor | None = None) -> None:
        """D's phase and G's phase of a step, and their losses added to `totals`; arguments as above."""
        real = tf.reshape(to_float(real), [-1, *self.discriminator.input_shape[1:]])
        d_loss, real_logits, fake_logits = self.discriminator_phase(real, latents[0], share)
        g_loss = self.generator_phase(latents[1], share, real)
        d_real, d_fake = tf.reduce_mean(tf.sigmoid(real_logits)), tf.reduce_mean(tf.sigmoid(fake_logits))
        images = tf.cast(tf.shape(real)[0], tf.float32)
        self.totals.value.assign_add(images * tf.stack([1.0, d_loss, g_loss, d_real, d_fake]))

    def update_average(self) -> None:
        """Move each weight of `average` a little towards G's: less than `ema` says in the first steps,
        so that the untrained weights are soon forgotten (as tf.train.ExponentialMovingAverage does)."""
        steps = tf.cast(self.steps.value, tf.float32)
        keep = tf.minimum(self.ema, (1 + steps) / (10 + steps))
        for mean, weight in zip(self.average.variables, self.generator.variables, strict=True):
            mean.assign(keep * mean + (1 - keep) * weight)

    @tf.function
    def train_step(self, block: tuple[tf.Tensor, tf.Tensor, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Train on a block (images (k, batch, …), latents (k, 2, batch, latent_dim), done): k - done steps, for Keras.

        Returns the means of the losses and of D's probabilities over the epoch so far.
        """
        images, latents, done = block
        for i in tf.range(done, tf.shape(images)[0]):
            self.step(images[i], latents[i])
        return self.logs()

    def logs(self) -> dict[str, tf.Tensor]:
        """The means of the losses and of D's probabilities over the epoch so far."""
        return {name: self.totals[1 + i] / self.totals[0] for i, name in enumerate(LOGS)}

    def make_train_function(self, force: bool = False) -> None:
        """Keras' own, but for several replicas (`tf.distribute`) one in which they share every batch."""
        strategy = self.distribute_strategy
        if strategy.num_replicas_in_sync == 1:
            return super().make_train_function(force)

        @tf.function
        def train_function(iterator):
            block = next(iterator)
            images = strategy.experimental_local_results(block[0])
            for i in tf.range(tf.shape(images[0])[0]):
                strategy.run(lambda images, latents, share, i=i: self.phases(images[i], latents[i], share), block)
                self.update_average()
                self.steps.assign_add(1)
            return self.logs()

        self.train_function = train_function

    def _maybe_symbolic_build(self, *_, **__) -> None:
        """Nothing to do, for a GAN is built from the start. Keras' own fails on blocks that several workers share."""

    def fit(
        self,
        x: np.ndarray,
        batch_size: int = 128,
        epochs: int = 1,
        callbacks: list[keras.callbacks.Callback] = (),
        verbose: int | str = "auto",
        run: "Run | None" = None,
    ) -> keras.callbacks.History:
        """Train as Keras' `fit` does, an epoch being one pass over `x` in a new order, smaller last batch included.

        `x` holds the real samples: uint8 images (0..255, scaled to 0..1 on the way in) or float32 already in the range
        of the generator's output. Logs d_loss, g_loss (nats, for cross-entropies), d_real = mean D(x), d_fake = mean
        D(G(z)), where D is the sigmoid of its output whatever the loss: 1/2 then stands for an output of 0.
        With a `run`, training goes on from the run's last checkpoint, `epochs` counts from its beginning, and every
        finished epoch is saved. Raises ValueError for unusable data or sizes, Diverged when a loss is not finite.
        """
        self._check(x, batch_size, epochs)
        if smoke():
            x, epochs = x[: 2 * batch_size], min(epochs, 2)
        with warnings.catch_warnings(), run.guard() if run else contextlib.nullcontext():
            done = run.restore(self, x, batch_size) if run else 0
            feed = _Feed(x, batch_size, done)
            if self.distribute_strategy.num_replicas_in_sync == 1:
                data, blocks = feed.dataset(self.latent_dim, self.seed), None
            else:
                data, blocks = feed.shared_dataset(self.distribute_strategy, self.latent_dim, self.seed), feed.blocks
            if run:
                callbacks = [*callbacks, *run.callbacks(self, feed.steps_per_epoch)]
            # Keras warns that it will not shuffle a tf.data.Dataset; ours comes shuffled.
            warnings.filterwarnings("ignore", message=".*shuffle=True.*")
            return super().fit(
                data,
                epochs=epochs,
                steps_per_epoch=blocks,
                initial_epoch=feed.epoch,
                callbacks=[feed, _StopWhenNotFinite(), *callbacks],
                verbose=verbose,
            )

    def restart(self, seed: int) -> None:
        """Forget all training: new first weights, empty optimisers, and `seed` for order and latents.

        What TensorFlow has compiled is kept, so that several seeds need one compilation. For optimisers whose
        slots begin at zero, as those of Adam and SGD do.
        """
        keras.utils.set_random_seed(seed)
        for network in (self.generator, self.discriminator):
            network.set_weights(keras.models.clone_model(network).get_weights())
        self.average.set_weights(self.generator.get_weights())
        for optimizer in (self.generator_optimizer, self.discriminator_optimizer):
            for slot in optimizer.variables:
                if slot is not optimizer.learning_rate:
                    slot.assign(tf.zeros_like(slot))
        self.steps.assign(0)
        self.seed = seed

    def generate(self, n: int, seed: int = 0) -> np.ndarray:
        """Return `n` samples of the averaged generator, float32 (n, …); the same seed gives the same latents."""
        latents = np.random.default_rng(seed).standard_normal((n, self.latent_dim), dtype="float32")
        # Keras' predict would compile a function for every new n.
        return np.concatenate([self.average(part).numpy() for part in np.split(latents, range(1000, n, 1000))])

    def checkpoint(self) -> tf.train.Checkpoint:
        """Everything that the next step depends on, as one TensorFlow checkpoint object."""
        return tf.train.Checkpoint(
            generator=self.generator,
            discriminator=self.discriminator,
            average=self.average,
            generator_optimizer=self.generator_optimizer,
            discriminator_optimizer=self.discriminator_optimizer,
            steps=self.steps.value,
            totals=self.totals.value,
        )

    def _check(self, x: np.ndarray, batch_size: int, epochs: int) -> None:
        for name, number in (("batch_size", batch_size), ("epochs", epochs)):
            if number < 1:
                raise ValueError(f"{name} is {number}: it must be at least 1.")
        shape = self.discriminator.input_shape[1:]
        if len(x) == 0 or math.prod(x.shape[1:]) != math.prod(shape):
            raise ValueError(f"The data has shape {x.shape}, but the discriminator takes examples of shape {shape}.")
        if batch_size > len(x):
            raise ValueError(f"batch_size is {batch_size}, but there are only {len(x)} examples: make it smaller.")
        replicas, last = self.distribute_strategy.num_replicas_in_sync, len(x) % batch_size or batch_size
        if last < replicas:
            raise ValueError(
                f"The last batch of an epoch has {last} examples, too few for {replicas} replicas: "
                "choose another batch_size, or use fewer workers or devices."
            )
        if x.dtype != np.uint8 and not np.isfinite(x).all():
            raise ValueError("The data holds NaN or infinite numbers: clean it first.")


def default_optimizer() -> keras.Optimizer:
    """Adam with the settings that train well beside an R1 penalty (betas: Karras et al. 2018, appendix A)."""
    return keras.optimizers.Adam(1e-3, beta_1=0.0, beta_2=0.99)


def to_float(images: tf.Tensor) -> tf.Tensor:
    """Images as float32: uint8 0..255 become 0..1, other numbers keep their value."""
    return tf.cast(images, tf.float32) / 255 if images.dtype == tf.uint8 else tf.cast(images, tf.float32)


class _Feed(keras.callbacks.Callback):
    """Feeds `fit` with blocks, beginning after the `done` steps that an earlier call has trained."""

    def __init__(self, x: np.ndarray, batch_size: int, done: int):
        super().__init__()
        self.x, self.batch_size = x, batch_size
        self.steps_per_epoch = math.ceil(len(x) / batch_size)
        self.epoch, self.skip = divmod(done, self.steps_per_epoch)
        self.first_step = 0
        self.blocks = len(block_plan(len(x), batch_size))

    def dataset(self, latent_dim: int, seed: int) -> tf.data.Dataset:
        def epoch():
            return batch_blocks(self.x, self.batch_size, latent_dim, seed, self.first_step, self.skip)

        images, latents, done = next(epoch())
        signature = (
            tf.TensorSpec([None, None, *images.shape[2:]], images.dtype),
            tf.TensorSpec([None, 2, None, latent_dim], latents.dtype),
            tf.TensorSpec([], done.dtype),
        )
        dataset = tf.data.Dataset.from_generator(epoch, output_signature=signature)
        options = tf.data.Options()
        options.autotune.enabled = False  # there is nothing to tune, and it can hold up the end of an epoch for seconds
        return dataset.apply(tf.data.experimental.assert_cardinality(self.blocks)).prefetch(1).with_options(options)

    def shared_dataset(
        self, strategy: tf.distribute.Strategy, latent_dim: int, seed: int
    ) -> tf.distribute.DistributedDataset:
        """The same blocks, epoch after epoch, with every batch split among the replicas of `strategy`.

        A replica's element is (examples (k, part, …), latents (k, 2, part, latent_dim), part / batch).
        """
        replicas = strategy.num_replicas_in_sync

        def parts(context: tf.distribute.InputContext) -> tf.data.Dataset:
            here = replicas // context.num_input_pipelines
            mine = slice(here * context.input_pipeline_id, here * (context.input_pipeline_id + 1))

            def epochs():
                first_step, skip = self.first_step, self.skip
                while True:
                    for *block, done in batch_blocks(self.x, self.batch_size, latent_dim, seed, first_step, skip):
                        split = [np.array_split(array[done:], replicas, axis) for axis, array in enumerate(block, 1)]
                        for examples, latents in zip(*(pieces[mine] for pieces in split), strict=True):
                            yield examples, latents, np.float32(examples.shape[1] / block[0].shape[1])
                    first_step, skip = first_step + self.steps_per_epoch, 0

            signature = (
                tf.TensorSpec([None, None, *self.x.shape[1:]], self.x.dtype),
                tf.TensorSpec([None, 2, None, latent_dim], tf.float32),
                tf.TensorSpec([], tf.float32),
            )
            dataset = tf.data.Dataset.from_generator(epochs, output_signature=signature)
            # Endless: otherwise TensorFlow asks all workers before every block whether they have any data left.
            endless = tf.data.experimental.assert_cardinality(tf.data.INFINITE_CARDINALITY)
            return dataset.apply(endless).prefetch(here)

        return strategy.distribute_datasets_from_function(parts)

    def on_epoch_begin(self, epoch, logs=None):
        if epoch > self.epoch:
            self.skip = 0
        self.first_step = int(self.model.steps.numpy()) - self.skip
        if not self.skip:
            self.model.totals.assign(tf.zeros_like(self.model.totals))


class _StopWhenNotFinite(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        if not all(math.isfinite(value) for value in logs.values()):
            figures = ", ".join(f"{name} {value:.3g}" for name, value in logs.items())
            raise Diverged(
                f"Training stopped at step {int(self.model.steps.numpy())}: "
                f"a loss is no longer a finite number ({figures}). "
                "The usual causes are a learning rate that is too large (try a tenth) and an R1 penalty that is too "
                "large or missing (try r1=1); then begin again, or go on from the last checkpoint."
            )
