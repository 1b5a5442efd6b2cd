"""Lessons 02 and 04. `GAN`: the real model and its training step, a `keras.Model` with `compile`, `fit`, callbacks.

Keras calls `train_step` with a *block* of batches, and compiles the loop over them once. That is where the
speed comes from: one call per block instead of one per batch, and no copying of weights in between.
"""

import keras
import numpy as np
import tensorflow as tf

from ganlib import guards
from ganlib.feed import Feed, StopWhenNotFinite, cut_short, latents_of, to_float
from ganlib.losses import LOSSES, check_game, mix, r1_penalty, r2_penalty, wgan_gp_penalty
from ganlib.models import choice, follow

LOGS = ("d_loss", "g_loss", "d_real", "d_fake")


class GAN(keras.Model):
    """A generator and a discriminator, trained by Goodfellow et al. 2014, Algorithm 1, one step of D per step of G.

    By default G minimises the non-saturating loss of their section 3.
    `generator` maps latents (batch, latent_dim), drawn from N(0, 1), to samples; `discriminator` maps samples of
    the same shape to one logit each. If it takes k numbers more, they are the label of one of k classes, which the
    largest of a latent's first k numbers chooses (`models.conditional`). `average` is a third network: the running
    average of the generator's weights, which makes better pictures than the latest weights (Yazici et al. 2019).
    `seed` fixes the order of the data and every latent of the training; Keras' own seed fixes the first weights.
    """

    def __init__(self, generator: keras.Model, discriminator: keras.Model, seed: int = 0):
        super().__init__()
        guards.check_networks(generator, discriminator)
        self.generator, self.discriminator, self.seed = generator, discriminator, guards.whole("seed", seed, least=0)
        self.average = guards.copy_of(generator)
        self.average.set_weights(generator.get_weights())
        self.average.trainable = False
        self.bounds, self.traced = guards.output_bounds(generator), None
        self.latent_dim = generator.input_shape[-1]
        self.classes = discriminator.input_shape[-1] - generator.output_shape[-1]  # 0: no labels
        self.steps = self.add_weight(shape=(), dtype="int64", initializer="zeros", trainable=False, name="steps")
        self.totals = self.add_weight(
            shape=(1 + len(LOGS),), initializer="zeros", trainable=False, aggregation="sum", name="totals"
        )
        self.built = True

    save = export = guards.not_saved_whole

    def compile(
        self,
        generator_optimizer: keras.Optimizer | str | dict | None = None,
        discriminator_optimizer: keras.Optimizer | str | dict | None = None,
        *,
        loss: str = "non-saturating",
        r1: float = 1.0,
        r1_every: int = 1,
        r2: float = 0.0,
        wgan_gp: float = 0.0,
        ema: float = 0.998,
        jit_compile: bool = True,
    ) -> None:
        """Set how the game is played; both optimisers default to Adam(1e-3, beta_1=0, beta_2=0.99).

        `loss` names a pair of `losses.LOSSES`. The penalties on D's slope, 0 for none: `r1` and `r2` are the weights
        gamma of R1 and R2, `wgan_gp` the weight lambda of WGAN-GP; with `r1_every` = k, R1 acts at every k-th step, k
        times as strong (Karras et al. 2020, section 3.1). `ema` is the share of the old average kept at each step, in
        [0, 1). With `jit_compile` XLA compiles the loop over the steps. Raises ValueError for unusable settings.
        """
        check_game(loss, r1, r1_every, r2, wgan_gp, ema)
        g_optimizer = guards.optimizer_for(self.generator, generator_optimizer)
        d_optimizer = guards.optimizer_for(self.discriminator, discriminator_optimizer)
        super().compile(optimizer=None, jit_compile=jit_compile)
        self.generator_optimizer, self.discriminator_optimizer = g_optimizer, d_optimizer
        self.loss_name, self.pair, self.r1_every, self.traced = loss, LOSSES[loss], int(r1_every), None
        self.r1, self.r2, self.wgan_gp, self.ema = float(r1), float(r2), float(wgan_gp), float(ema)

    def step(self, real: tf.Tensor, latents: tf.Tensor) -> None:
        """One training step: D's phase, G's phase, then the average of G's weights.

        `real` is a batch as `fit` takes it, `latents` are float32 (2, batch, latent_dim): fresh ones for each phase.
        """
        self.phases(real, latents)
        self.update_average()
        self.steps.assign_add(1)

    def phases(self, real: tf.Tensor, latents: tf.Tensor) -> None:
        """D's phase and G's phase of a step, and their losses added to `totals`; arguments as above."""
        real = tf.reshape(to_float(real, self.bounds[0]), [-1, *self.discriminator.input_shape[1:]])
        d_loss, real_logits, fake_logits = self.discriminator_phase(real, latents[0])
        g_loss = self.generator_phase(latents[1], real)
        d_real, d_fake = tf.reduce_mean(tf.sigmoid(real_logits)), tf.reduce_mean(tf.sigmoid(fake_logits))
        images = tf.cast(tf.shape(real)[0], tf.float32)
        self.totals.value.assign_add(images * tf.stack([1.0, d_loss, g_loss, d_real, d_fake]))

    def discriminator_phase(self, real: tf.Tensor, latents: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """One update of D with G held still; returns D's loss (without penalty) and its real and fake logits.

        `real` is float32 (batch, …), `latents` float32 (batch, latent_dim).
        Source: Goodfellow et al. 2014, Algorithm 1, inner loop; R1 from Mescheder et al. 2018, eq. 9.
        """
        fake = self.samples(latents)
        if self.r1 and self.r1_every > 1:
            gradients, results = tf.cond(
                self.steps.value % self.r1_every == 0,
                lambda: self._discriminator_gradients(real, fake, self.r1 * self.r1_every),
                lambda: self._discriminator_gradients(real, fake, 0.0),
            )
        else:
            gradients, results = self._discriminator_gradients(real, fake, self.r1)
        self.update(self.discriminator_optimizer, gradients, self.discriminator)
        return results

    def _discriminator_gradients(self, real, fake, r1: float) -> tuple[list[tf.Tensor], tuple]:
        weights = [weight.value for weight in self.discriminator.trainable_variables]
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(weights)
            real_logits, real_slopes = self._look(real, slopes=r1 > 0)
            own = self.discriminator.losses
            fake_logits, fake_slopes = self._look(fake, slopes=self.r2 > 0)
            own = own + self.discriminator.losses
            loss = objective = self.pair.discriminator(real_logits, fake_logits)
            if own:
                objective += sum(own) / 2  # as Keras would for both batches in one
            if r1:
                objective += r1 / 2 * r1_penalty(real_slopes)
            if self.r2:
                objective += self.r2 / 2 * r2_penalty(fake_slopes)
            if self.wgan_gp:
                shares = tf.random.stateless_uniform([tf.shape(real)[0]], [self.seed, self.steps.value])
                between = mix(real, fake, shares)
                objective += self.wgan_gp * wgan_gp_penalty(self._look(between, slopes=True)[1])
        return tape.gradient(objective, weights), (loss, real_logits, fake_logits)

    def _look(self, x: tf.Tensor, slopes: bool) -> tuple[tf.Tensor, tf.Tensor | None]:
        """D's logits for `x` and, if asked for, the slope of each in its own example."""
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(x)
            logits = self.discriminator(x, training=True)
        return logits, tape.gradient(logits, x) if slopes else None

    def samples(self, latents: tf.Tensor) -> tf.Tensor:
        """What D sees of G in training: a sample for each latent, with the label that the latent chooses behind it."""
        samples = self.generator(latents, training=True)
        return tf.concat([samples, choice(latents, self.classes)], axis=-1) if self.classes else samples

    def generator_phase(self, latents: tf.Tensor, real: tf.Tensor | None = None) -> tf.Tensor:
        """One update of G with D held still; returns G's loss. `latents` is float32 (batch, latent_dim).

        A relativistic pair also needs `real`, as many samples as latents. Raises ValueError if they are missing.
        Source: Goodfellow et al. 2014, Algorithm 1, outer loop.
        """
        if self.pair.relativistic and real is None:
            raise ValueError(f"The {self.loss_name} loss compares with real samples: pass generator_phase(…, real=…).")
        weights = [weight.value for weight in self.generator.trainable_variables]
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(weights)
            fake_logits = self.discriminator(self.samples(latents), training=True)
            own = self.generator.losses + self.discriminator.losses
            others = [self.discriminator(real, training=True)] if self.pair.relativistic else []
            loss = self.pair.generator(*others, fake_logits)
            objective = loss + sum(own) if own else loss
        self.update(self.generator_optimizer, tape.gradient(objective, weights), self.generator)
        return loss

    def update(self, optimizer: keras.Optimizer, gradients: list[tf.Tensor], network: keras.Model) -> None:
        """Let an optimiser move the weights of one network, and of no other."""
        if gradients:  # none where all layers are frozen
            optimizer.apply(gradients, network.trainable_variables)

    def update_average(self) -> None:
        """Move `average` towards G's weights, faster in the first steps, to forget the untrained ones soon."""
        steps = tf.cast(self.steps.value, tf.float32)
        keep = tf.minimum(self.ema, (1 + steps) / (10 + steps))
        follow(self.average, self.generator, keep)

    def train_step(self, block: tuple[tf.Tensor, tf.Tensor, tf.Tensor]) -> dict[str, tf.Tensor]:
        """For Keras: k - done steps, on a block (images (k, batch, …), latents (k, 2, batch, latent_dim), done)."""
        return self.loop(block)

    def make_train_function(self, force: bool = False) -> None:
        """Keras' own, made anew when anything has changed that was fixed as it was traced."""
        traced = guards.fixed_by_tracing(self)
        if force or traced != self.traced:
            self.traced, self.loop = traced, tf.function(self.steps_of_a_block)
            super().make_train_function(force=True)

    def steps_of_a_block(self, block: tuple[tf.Tensor, tf.Tensor, tf.Tensor]) -> dict[str, tf.Tensor]:
        """The loop over the steps of a block."""
        for i in tf.range(block[2], tf.shape(block[0])[0]):
            self.step(block[0][i], block[1][i])
        return self.logs()

    def logs(self) -> dict[str, tf.Tensor]:
        """The means of the losses and of D's probabilities over the epoch so far."""
        return {name: self.totals[1 + i] / self.totals[0] for i, name in enumerate(LOGS)}

    def fit(
        self, x, batch_size=128, epochs=1, callbacks=None, verbose="auto", done: int = 0, labels=None
    ) -> keras.callbacks.History:
        """Train as Keras' `fit` does, an epoch being one pass over `x` in a new order, smaller last batch included.

        `x` holds the real samples: uint8 images (0..255, scaled to 0..1 on the way in) or float32 already in the range
        of the generator's output; `labels` their classes, whole numbers from 0, for a conditional pair. Logs d_loss,
        g_loss (nats, for cross-entropies), d_real = mean D(x), d_fake = mean D(G(z)), where D is the sigmoid of its
        output whatever the loss: 1/2 then stands for an output of 0. `done` says how many steps of this training an
        earlier call has done; `epochs` counts from its beginning.
        Raises ValueError for unusable data or sizes, Diverged when a loss is not finite.
        """
        batch_size, epochs = guards.whole("batch_size", batch_size), guards.whole("epochs", epochs)
        x, callbacks = self.examples(x, batch_size, labels), guards.callback_list(callbacks)
        x, epochs = cut_short(x, batch_size, epochs)
        feed = self.feed(x, batch_size, done)
        callbacks = [feed, StopWhenNotFinite(), *callbacks]
        plan = {"epochs": epochs, "steps_per_epoch": feed.blocks_per_epoch, "initial_epoch": feed.epoch}
        with guards.no_shuffle_warning():
            return super().fit(feed.dataset(), **plan, callbacks=callbacks, verbose=verbose)

    def examples(self, x, batch_size: int = 1, labels=None) -> np.ndarray:
        """The array that `fit` trains on, made of what it is given. Raises ValueError for unusable data."""
        return guards.examples(x, batch_size, self.discriminator.input_shape[1:], self.bounds, labels, self.classes)

    def feed(self, x: np.ndarray, batch_size: int, done: int) -> Feed:
        """What one call of `fit` is fed with."""
        return Feed(x, batch_size, self.latent_dim, self.seed, done)

    def state(self) -> list[keras.Variable]:
        """Everything that the next step depends on but for the data: weights, averages, optimisers, seeds of layers."""
        return [*self.variables, *self.generator_optimizer.variables, *self.discriminator_optimizer.variables]

    def restart(self, seed: int) -> None:
        """Forget all training, but not what TensorFlow has compiled: several seeds need one compilation.

        For optimisers whose slots begin at zero, as those of Adam and SGD do.
        """
        self.seed = guards.whole("seed", seed, least=0)
        keras.utils.set_random_seed(self.seed)
        guards.renew(self.generator, self.discriminator)
        guards.forget(self.generator_optimizer, self.discriminator_optimizer)
        self.average.set_weights(self.generator.get_weights())
        self.steps.assign(0)

    def generate(self, n: int, seed: int = 0, labels=None) -> np.ndarray:
        """Return `n` samples of the averaged generator, float32 (n, …); the same seed gives the same latents.

        A conditional generator can be asked for `labels`: one for all, or n of them. Raises ValueError for others.
        """
        latents = np.random.default_rng(seed).standard_normal((n, self.latent_dim), dtype="float32")
        if labels is not None:
            latents = latents_of(guards.labels_for(labels, n, self.classes), latents, self.classes)
        # Keras' predict would compile a function for every new n.
        return np.concatenate([self.average(part).numpy() for part in np.split(latents, range(1000, n, 1000))])
