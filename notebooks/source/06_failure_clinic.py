# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 06 · The failure clinic
#
# **You will break a GAN in eleven ways. For each you will see what it looks like, find the cause with one
# measurement, change one thing, and see it well again.** At the end, seven patients wait for you, each with a
# hidden fault.
#
# *About four minutes of computing on two CPU cores. You need what lessons 02 and 03 say about the two networks and
# their losses.*
#
# After this lesson you can
#
# * recognise the common illnesses of a GAN from its curves, samples and numbers,
# * tell an illness from its look-alikes with one measurement,
# * cure the cause and not the symptom,
# * check a cure over several seeds.

# %% tags=["setup"]
# Set-up, the same in every lesson: find the course's package, ganlib.
import subprocess
import sys
from pathlib import Path

repository = ""  # the address of the course, once it has one
fetched = Path("gan-course").resolve()  # the copy used in Colab and Kaggle
found = [f for f in [*fetched.parents, fetched] if (f / "ganlib/gan.py").exists()]
if repository and not found:
    subprocess.run(["git", "clone", "--quiet", "--depth=1", repository, fetched])
    found = [fetched] * fetched.exists()
if not found:
    raise SystemExit(
        "There is no ganlib here. Open this notebook in the folder of the course. "
        "For Colab, type there: python3 course.py colab  "
        "and upload the notebook that it writes."
    )
sys.path.insert(0, str(found[0]))
import ganlib

print(ganlib.start())

# %%
import math

import keras
import numpy as np
import tensorflow as tf

from ganlib import GAN, claim, load_mnist, losses, models, pictures
from ganlib.evaluation import metrics
from ganlib.lessons import clinic, toys
from ganlib.lessons.clinic import Setup
from ganlib.lessons.exercises import lesson06 as exercises
from ganlib.evaluation.judge import load_judge

# %% [markdown]
# ## 1 · A healthy game
#
# Most illnesses can be seen in the plane. The real data are eight clouds on a ring. G turns two random numbers into
# a point, D turns a point into a logit. `clinic.Setup` holds all settings of such a game. Its defaults are healthy.
#
# We count as the papers do (Srivastava and others 2017): a sample is *near* a mode, the centre of a cloud, if it is
# within three standard deviations of it. A mode is found if at least one of 2,500 samples is near it.
#
# **Well** means here: all 8 modes are found, more than 40 % of the samples are near one, and no mode gets less than
# a quarter of its share. For every illness we train three seeds, ill and mended. One setting is changed, everything
# else stays equal, first weights and data too.

# %%
ring = clinic.RING
real = ring.sample(400)


def three(**settings):
    return [Setup(seed=seed, **settings) for seed in (0, 1, 2)]


def well(ward):
    return [found.well for found in clinic.health(ward)]


def report(ward):
    for seed, found in enumerate(clinic.health(ward)):
        print(f"seed {seed}: {found.modes} of 8 modes, {found.near:.0%} of the samples near one")


def before_and_after(ill, mended, title, alt, reach=1.6):
    panels = {f"ill, seed {seed}": points[:400] for seed, points in enumerate(ill.samples)}
    panels |= {f"mended, seed {seed}": points[:400] for seed, points in enumerate(mended.samples)}
    pictures.show(pictures.clouds(panels, real, reach, title), alt=alt)


# %%
healthy = clinic.train(three(), ring)
report(healthy)
d_real = healthy.history["d_real"][-1].max()
claim("the healthy game ends well in three of three seeds", sum(well(healthy)) == 3, quality=True)
claim("its D ends near one half on real points", d_real, above=0.45, below=0.6, quality=True)

# %% [markdown]
# Keep these three in mind: they are the *after* picture of most of the next sections.
#
# ## 2 · D is frozen
#
# **In code:** somebody sets `discriminator.trainable = False` to protect D in G's phase, as old tutorials did.

# %% tags=["nbval-check-output"]
network = models.mlp(2, (64, 64), 1, None, "discriminator")
print(len(network.trainable_variables), "tensors to train")
network.trainable = False
print(len(network.trainable_variables), "tensors to train")
claim("a frozen network offers nothing to its optimiser", len(network.trainable_variables) == 0)

# %% [markdown]
# In Keras 3 the flag acts at once and everywhere, so D's own step then trains nothing. No error is raised.
#
# <details><summary><b>Predict before you run:</b> where do the generated points go?</summary>
#
# G finds a direction in which this D says "real" and follows it for ever: D never objects. All points go there.
# </details>

# %%
frozen = clinic.train(three(d_trainable=False), ring)
report(frozen)
alt = "Top: with a frozen discriminator no generated point is left. Bottom: the points cover the ring."
before_and_after(frozen, healthy, "A frozen D lets all points run away", alt)

# %%
print(f"G's loss at the end: {frozen.history['g_loss'][-1].max():.4f}")
print(f"D's loss at the end: at least {frozen.history['d_loss'][-1].min():.0f}")
claim("not one of three seeds is well", sum(well(frozen)) == 0, quality=True)
claim("D's weights have not moved at all", frozen.history["d_change"].max() == 0)
claim("in the healthy game they move in every step", healthy.history["d_change"].min(), above=0)

# %% [markdown]
# **The measurement:** compare D's weights before and after D's phase. **Look-alikes:** swapped labels, and a D
# that is too slow. In both of them the weights do move. **The cure:** no flag. Take gradients with respect to one
# network's variables only, as the training step of lesson 04 does.
#
# ## 3 · The labels are swapped
#
# **In code:** ones for generated and zeros for real points in D's loss, while G still aims at one. D learns well, but
# for the wrong side, and G goes where D calls points real: where no real point is.
#
# <details><summary><b>Predict before you run:</b> what will both losses be?</summary>
#
# Both go to zero. D can separate the points, and G pleases D. In an honest game this cannot happen: when D is
# certain, G's loss is large.
# </details>

# %%
swapped = clinic.train(three(labels=(0.0, 1.0)), ring)
report(swapped)
alt = "Top: with swapped labels no generated point is near the ring. Bottom: with right labels they cover it."
before_and_after(swapped, healthy, "With swapped labels G goes where no real point is", alt)

# %%
end = {name: values[-1] for name, values in swapped.history.items()}
claim("not one of three seeds is well", sum(well(swapped)) == 0, quality=True)
claim("D's mean opinion of generated points is near 1", end["d_fake"].min(), above=0.9, quality=True)
claim("and of real points near 0", end["d_real"].max(), below=0.1, quality=True)
claim("both losses are near 0", max(end["d_loss"].max(), end["g_loss"].max()), below=0.1, quality=True)

# %% [markdown]
# **The measurement:** D(x) below D(G(z)) for many steps while D's loss falls. **Look-alike:** labels swapped in
# D's *and* in G's loss. That is harmless, only the names have changed. **The cure:** 1 for real, 0 for generated,
# 1 in G's loss.
#
# ## 4 · Two sigmoids
#
# **In code:** D ends in `activation="sigmoid"`, and the loss is `BinaryCrossentropy(from_logits=True)`, which puts
# another sigmoid on top. What the loss takes for a logit is now a number from 0 to 1. So the probability in the loss
# lies between σ(0) and σ(1), and D's loss cannot fall below a floor:

# %% tags=["nbval-check-output"]
highest = 1 / (1 + math.exp(-1))
floor = -math.log(highest) - math.log(1 - 0.5)  # sure of real points, and of generated ones
print(f"D(x) from 0.5 to {highest:.4f}, D's loss at least {floor:.4f}")
claim("the floor is log(1 + 1/e) + log 2", floor, equals=math.log(1 + math.exp(-1)) + math.log(2), within=1e-12)

# %% [markdown]
# **The measurement:** let D train alone, while G stands still. Telling the ring from a blob is easy: D's loss must
# come close to zero. If it stops just above 1.006, you have two sigmoids.

# %%
alone = clinic.train(three(sigmoids=2, d_ahead=600) + three(d_ahead=600), ring, steps=600)
d_loss, slopes = alone.history["d_loss"], alone.history["g_slope"]
panels = {
    "D's loss (nats)": {"two sigmoids": d_loss[:, 0], "one sigmoid": d_loss[:, 3]},
    "slope that reaches G": {"two sigmoids": slopes[:, 0], "one sigmoid": slopes[:, 3]},
}
title = "Two sigmoids: D's loss hits a floor, and G hears little"
pictures.show(
    pictures.curves(alone.steps, panels, "step of D alone", title, columns=2),
    alt="Left: D's loss falls to nearly zero with one sigmoid and stays above one with two. "
    "Right: the slope that reaches G grows with one sigmoid and stays small with two.",
)

# %%
ratio = (slopes[-1, 3:] / slopes[-1, :3]).min()
claim("with two sigmoids D's loss is above the floor in every seed", d_loss[:, :3].min(), above=floor)
claim("and D comes close to the floor", d_loss[-1, :3].max(), below=1.05, quality=True)
claim("with one it falls far below in every seed", d_loss[-1, 3:].max(), below=0.3, quality=True)
claim("the slope for G is at least ten times larger with one", ratio, above=10, quality=True)

# %% [markdown]
# **Look-alikes:** a D that is too weak (its loss has no such sharp floor) and a balanced game (D alone settles it).
# **The cure:** remove the sigmoid from D, or say `from_logits=False`. On this ring, Adam makes up for the small
# slope, and the game may still end well; with plain gradient descent, or on images, nothing makes up for it.
#
# ## 5 · The learning rate × 10
#
# Here Adam runs without momentum (β₁ = 0) at a rate of 0.002, which is well, and at ten times that.
#
# <details><summary><b>Predict before you run:</b> which of the two losses will tell you?</summary>
#
# Neither by its mean. Look at how far D's weights jump in one step, and at the samples.
# </details>

# %%
calm = clinic.train(three(rate=2e-3, beta_1=0.0), ring)
hasty = clinic.train(three(rate=2e-2, beta_1=0.0), ring)
report(hasty)
alt = "Top: with ten times the learning rate the points miss some of the clouds. Bottom: they cover all eight."
before_and_after(hasty, calm, "Ten times the learning rate: modes are lost", alt)

# %%
jump = hasty.history["d_change"].mean(axis=0) / calm.history["d_change"].mean(axis=0)
claim("ill: not one of three seeds is well", sum(well(hasty)) == 0, quality=True)
claim("mended: all three are", sum(well(calm)) == 3, quality=True)
claim("D's weights jump at least four times as far per step", jump.min(), above=4, quality=True)

# %% [markdown]
# **The measurement:** the length of D's step, compared with a run at a tenth of the rate. **Look-alikes:** mode
# collapse (next section: there the steps are small) and oscillation (section 8). **The cause:** two players who
# both overshoot never meet. **The cure:** a tenth of the rate, or a rate that falls.
#
# ## 6 · Mode collapse
#
# G must not run ahead of D. Goodfellow and others (2014, section 3) warn of it: if G trains too long against a D that
# stands still, G sends all its noise to the one place that this D likes best. Here D's learning rate is a fiftieth of
# G's.
#
# <details><summary><b>Predict before you run:</b> will G stay at that place?</summary>
#
# No. D notices at last, and the whole patch moves on to another place. It collapses *and* it wanders.
# </details>

# %%
slow = clinic.train(three(d_speed=0.02), ring)
report(slow)
alt = "Top: with a slow discriminator the points form one patch, which misses most clouds. Bottom: they cover all."
before_and_after(slow, healthy, "A D that is too slow: the noise collapses", alt, reach=2.5)

# %%
lost = [found.least for found in clinic.health(slow)]
step = (slow.history["d_change"].mean(axis=0) / healthy.history["d_change"].mean(axis=0)).max()
off = abs(slow.history["d_loss"][-1] - 2 * math.log(2)).max(), abs(slow.history["d_real"][-1] - 0.5).max()
claim("not one of three seeds is well", sum(well(slow)) == 0, quality=True)
claim("in each seed some mode gets no sample", max(lost), below=0.01, quality=True)
claim("D's steps are less than a tenth of the healthy ones", step, below=0.1, quality=True)
claim("yet D's loss ends near 2 log 2 in every seed, as in a balanced game", off[0], below=0.15, quality=True)
claim("and D's mean opinion near one half", off[1], below=0.1, quality=True)

# %% [markdown]
# The film shows seed 0 of both games. Drag the slider, or use the arrow keys.

# %%
frames = [
    pictures.clouds({"ill": slow.film[k, 0], "mended": healthy.film[k, 0]}, real, reach=4)
    for k in range(0, len(slow.steps), 2)
]
captions = [f"after {step:,} steps" for step in slow.steps[::2]]
alt = "Left: one patch of points wanders about. Right: the points spread to all eight clouds."
pictures.player(frames, captions, alt=alt)

# %% [markdown]
# **The measurement:** count modes, and count *how many samples each gets*. The losses do not show it: they look
# perfect.
#
# **Look-alikes:** G gets no noise at all (then two different latents give *exactly* the same sample), and pictures
# taken with one fixed latent. **The cure:** let D keep up: equal rates here; elsewhere more steps of D, R1, or
# comparing samples within a batch.
#
# ### The papers' ring and grid
#
# Two tasks are standard: a ring of 8 (radius 1, standard deviation 0.01) and a grid of 25 (distance 2, standard
# deviation 0.05). Modes found, and share of the samples near one:
#
# | method | ring: modes | near | grid: modes | near |
# |---|---|---|---|---|
# | GAN, in Srivastava and others 2017 | 1 | 99.3 % | 3.3 | 0.5 % |
# | unrolled GAN, same table | 7.6 | 35.6 % | 23.6 | 16 % |
# | VEEGAN, same table | 8 | 52.9 % | 24.6 | 40 % |
# | GAN, in Lin and others 2018 | 6.3 | 98.2 % | 17.3 | 94.8 % |
# | PacGAN2, same table | 7.9 | 95.6 % | 23.8 | 91.3 % |
# | **ours**, calm settings | 8.0 ± 0.0 | 96.9 ± 0.5 % | 25.0 ± 0.0 | 96.1 ± 0.3 % |
# | **ours**, calm, grid not divided | | | 14.0 ± 2.0 | 57.9 ± 12.8 % |
# | **ours**, settings of Metz and others 2017 | 0.4 ± 0.5 | 0.9 ± 1.8 % | | |
#
# Ours come from `benchmarks/modes.py`: mean and standard deviation over five seeds. **The difference in method:** task
# and measure are the papers', networks and optimiser are not. Ours have two ReLU layers of 128, the non-saturating
# loss, and Adam at a rate that falls to 0, 10,000 steps (grid: 20,000).
#
# The calm grid is divided by 4, its standard deviation too. Not divided, the same training finds 14 of its 25 modes.
# The data need not be changed for that: put a fixed factor 4 behind G and 1/4 before D. This is the same training as
# with the divided grid, number for number, since powers of two round nothing.
#
# The last row is the ring of Metz and others (radius 2, standard deviation 0.02) with their 256 latents and their
# rates, D's a tenth of G's, for 5,000 steps. It collapses.
#
# The two rows "GAN" differ as much: *plain* GANs collapse or not by their settings. The table does not show that one
# method beats another.
#
# ### Exercise: count modes
#
# Fill in `coverage`. It takes samples (n, 2), modes (k, 2) and the standard deviation. It returns the number of
# modes with at least one sample within three standard deviations, and the share of samples within that of their
# nearest mode.
#
# <details><summary>Hint</summary>
#
# `np.linalg.norm(samples[:, None] - modes, axis=2)` has shape (n, k). The smallest distance in each row says
# whether a sample is near, and the place of that minimum says to which mode.
# </details>


# %% tags=["exercise"]
def coverage(samples, modes, std):
    return ...


exercises.coverage(coverage)


# solution
def coverage(samples, modes, std):
    distances = np.linalg.norm(samples[:, None] - modes, axis=2)
    near = distances.min(axis=1) <= 3 * std
    return len(np.unique(distances.argmin(axis=1)[near])), near.mean()


exercises.coverage(coverage)

# %% [markdown]
# ## 7 · D is too strong: the gradient vanishes
#
# Now images. D trains alone, against a G that stands still, as in the experiment of Arjovsky and Bottou (2017, figure
# 2). Every 20 steps we ask: how long is the gradient that G *would* get? For two losses: log(1 − D(G(z))), the
# minimax loss, and −log D(G(z)), the non-saturating one.
#
# $$\Big|\frac{\partial \log(1-D)}{\partial\,\text{logit}}\Big| = D, \qquad
# \Big|\frac{\partial (-\log D)}{\partial\,\text{logit}}\Big| = 1 - D$$
#
# When D is certain that a picture is generated, D is near 0, and the first slope vanishes: the saturating loss.

# %%
(x_train, _), (x_test, _) = load_mnist()
images = x_train[:12_800].reshape(-1, 784) / np.float32(255)


def gradient_length(gan, loss):
    latents = tf.random.stateless_normal([256, gan.latent_dim], [0, 0])
    with tf.GradientTape() as tape:
        value = losses.LOSSES[loss].generator(gan.discriminator(gan.generator(latents)))
    return float(tf.linalg.global_norm(tape.gradient(value, gan.generator.trainable_variables)))


# %%
def lonely_discriminator(seed, r1):
    keras.utils.set_random_seed(seed)
    gan = GAN(*models.article())
    gan.compile(r1=r1)
    phase = tf.function(gan.discriminator_phase)
    found = []
    for step in range(201):
        if step % 20 == 0:
            found.append([gradient_length(gan, loss) for loss in ("minimax", "non-saturating")])
        phase(images[64 * step : 64 * step + 64], tf.random.normal([64, 100]))
    return np.array(found)  # (11, 2)


certain = np.array([lonely_discriminator(seed, r1=0.0) for seed in (0, 1, 2)])  # (3, 11, 2)
gentle = np.array([lonely_discriminator(seed, r1=1.0) for seed in (0, 1, 2)])

# %%
panels = {
    "length of G's gradient": {
        "minimax": certain[0, :, 0],
        "non-saturating": certain[0, :, 1],
        "minimax, R1 on D": gentle[0, :, 0],
    }
}
title = "A certain D leaves the minimax loss no gradient"
pictures.show(
    pictures.curves(np.arange(0, 201, 20), panels, "step of D alone", title, log=True),
    alt="The gradient of the minimax loss falls by many powers of ten. That of the non-saturating loss does not fall, "
    "and with the R1 penalty on D the minimax gradient does not vanish.",
)

# %%
left, longer = (certain[:, -1] / certain[:, 0]).T  # minimax, non-saturating
more = gentle[:, -1, 0] / certain[:, -1, 0]
claim("ill in three of three seeds: hardly any gradient is left", left.max(), below=1e-3, quality=True)
claim("cured by the loss: the gradient is longer than at the start", longer.min(), above=1, quality=True)
claim("or by R1: at least thirty times more is left than without", more.min(), above=30, quality=True)

# %% [markdown]
# **What you see** in a training: D's loss near 0, D(x) near 1, D(G(z)) near 0, G stands still. **Look-alike:** a
# learning rate of G that is too small; then the gradient is long. **The measurement:** the length of G's
# gradient. **The cure:** the non-saturating loss, and a bound on D's slope. (Adam divides a gradient by its usual
# size, so it can hide the illness for a while.)
#
# ### Three leashes for D
#
# The other loss makes the gradient long. That does not make it useful. Here is a training with the non-saturating
# loss in which D still wins: Adam with Keras' own β₁ = 0.9 and β₂ = 0.999, at a rate of 0.002. We treat it in three
# ways. All of them bound the slope of D:
#
# * **R1** (Mescheder and others 2018) adds γ/2 · ‖∇D‖² at real images to D's loss.
# * **Spectral normalisation with the hinge loss** (Miyato and others 2018) divides every matrix of D by its largest
#   singular value. The loss stops pulling where D is right by a margin of 1.
# * **WGAN-GP** (Gulrajani and others 2017) has no sigmoid. Its penalty 10 · (‖∇D‖ − 1)² pulls the slope to 1 at
#   points between a real and a generated image. The mixing weights are *uniform*, and each slope is squared *before*
#   the mean: after it, slopes of 0 and 2 would look perfect. No batch norm in D: the penalty is one per image.
#
# <details><summary><b>Predict before you run:</b> same first weights, images and 800 steps. Do all three
# cure?</summary>
#
# R1 and WGAN-GP do: digits appear. The spectral D is not certain any more either, but its slope is hardly above 1
# anywhere, so it teaches slowly: after 800 steps its digits are half made.
# </details>

# %%
judge = load_judge()
test_features = judge.features(x_test)


def image_gan(activation="sigmoid", kind=GAN, spectral=False, beta_1=0.9, beta_2=0.999, **game):
    G = models.mlp(64, (128, 128), 784, activation, "generator")
    gan = kind(G, models.mlp(784, (128, 128), 1, None, "discriminator", spectral))
    gan.compile(*[keras.optimizers.Adam(2e-3, beta_1, beta_2) for _ in range(2)], **game)
    return gan


def trained(gan, data, epochs, seeds=(0, 1, 2)):  # samples and curves for each seed
    for seed in seeds:
        gan.restart(seed)
        history = gan.fit(data, 128, epochs, verbose=0).history
        yield gan.generate(2500), history


def distance(samples):  # samples in 0..1; the Fréchet figure of lesson 05
    pictures = np.rint(samples.clip(0, 1) * 255).astype("uint8").reshape(-1, 28, 28)
    return metrics.frechet_distance(judge.features(pictures), test_features)


# %%
class WassersteinGAN(GAN):  # R1, hinge and spectral are switches of GAN; this needs its own phase of D
    def discriminator_phase(self, real, latents, share=None):
        D, fake = self.discriminator, self.generator(latents, training=True)
        weights = tf.random.stateless_uniform([tf.shape(real)[0]], [self.seed, self.steps.value])  # in [0, 1)
        between = losses.mix(real, fake, weights)
        with tf.GradientTape() as tape:
            with tf.GradientTape() as slope_tape:
                slope_tape.watch(between)
                opinions = D(between)
            penalty = losses.wgan_gp_penalty(slope_tape.gradient(opinions, between))
            real_logits, fake_logits = D(real), D(fake)
            loss = self.pair.discriminator(real_logits, fake_logits)
            objective = loss + 10 * penalty
        gradients = tape.gradient(objective, D.trainable_variables)
        self.discriminator_optimizer.apply(gradients, D.trainable_variables)
        return loss, real_logits, fake_logits


# %%
gans = {
    "ill": image_gan(r1=0.0),
    "R1": image_gan(r1=1.0),
    "spectral, hinge": image_gan(spectral=True, loss="hinge", r1=0.0),
    "WGAN-GP": image_gan(kind=WassersteinGAN, loss="wasserstein", r1=0.0),
}
runs = {name: list(trained(gan, images, 8)) for name, gan in gans.items()}
figures = {name: np.array([distance(samples) for samples, _ in run]) for name, run in runs.items()}
print("Fréchet figure for seeds 0, 1, 2")
for name, values in figures.items():
    print(f"{name:16}", *(f"{value:5.0f}" for value in values))

# %%
panels = {name: run[0][0][:20] for name, run in runs.items()}
pictures.show(
    pictures.side_by_side(panels, 5, "Three leashes for D bring digits back, not equally soon"),
    alt="Ill: the same blot in every picture. R1 and WGAN-GP: digits. Spectral with hinge: half of them are blots.",
)

# %%
ill, r1, spectral, gp = figures.values()
sure = {name: [curves["d_real"][-1] - curves["d_fake"][-1] for _, curves in run] for name, run in runs.items()}
matrices = [v.numpy() for v in gans["spectral, hinge"].discriminator.trainable_variables if v.ndim == 2]
largest = [np.linalg.norm(matrix, 2) for matrix in matrices]
claim("ill in three of three seeds: D is certain", min(sure["ill"]), above=0.9, quality=True)
claim("with R1 it is not", max(sure["R1"]), below=0.6, quality=True)
claim("nor with spectral normalisation", max(sure["spectral, hinge"]), below=0.6, quality=True)
claim("R1 at least halves the figure in all three", (r1 / ill).max(), below=0.5, quality=True)
claim("so does WGAN-GP", (gp / ill).max(), below=0.5, quality=True)
claim("spectral with hinge takes away at least 30 % of it", (spectral / ill).max(), below=0.7, quality=True)
claim("and is behind both in all three", (spectral / np.maximum(r1, gp)).min(), above=1, quality=True)
claim("the spectral D's matrices have largest singular value 1", max(largest), equals=1, within=0.02, quality=True)

# %% [markdown]
# R1 asks for a flat D where the real images are; elsewhere D may be steep. WGAN-GP asks for a slope of 1 on the way
# from generated to real images. Spectral normalisation bounds the slope everywhere. It is cheap: two products of a
# matrix and a vector per layer and step (Miyato et al. 2018, algorithm 1). Here that is a tight leash: D is not certain
# any more, but G learns slowly.
#
# This is one task, one rate, one size of network and 800 steps: no order of merit. (Gulrajani and Miyato let D make
# five steps for each of G's, we let it make one.) Lesson 07, to come, compares them on better networks.
#
# ## 8 · Oscillation
#
# The smallest GAN there is: all real data at 0, G makes one point θ, and D(x) has the logit ψ·x (Mescheder, Geiger,
# Nowozin 2018). The solution is θ = ψ = 0. Near it, gradient descent moves like a linear system whose
# eigenvalues are $-\gamma/2 \pm \sqrt{\gamma^2/4 - 1/4}$, where γ is the weight of R1. A real part below 0 draws in.
# Without R1 there is none, only ±i/2: a pure turn.

# %% tags=["nbval-check-output"]
for gamma in (0.0, 0.3, 1.0, 3.0):
    values = toys.dirac_eigenvalues(gamma)
    parts = [f"{value.real + 0:.3f} {value.imag:+.3f}i" for value in values]
    print(f"gamma = {gamma}:  {parts[0]}  and  {parts[1]}")
claim("without R1: a pure turn, ± i/2", toys.dirac_eigenvalues(0.0) == (0.5j, -0.5j))
claim("at gamma = 1 both are -1/2: critical damping", toys.dirac_eigenvalues(1.0) == (-0.5, -0.5))

# %% [markdown]
# <details><summary><b>Predict before you run:</b> the field turns without growing. Do steps of length 0.2 also turn
# without growing?</summary>
#
# No. A step along the tangent ends outside the circle. If both networks move at once, the radius grows.
# If the second player sees the first one's move, it hardly does.
# </details>


# %% tags=["nbval-check-output"]
def radius(**game):
    return np.hypot(*toys.dirac_path(steps=500, rate=0.2, **game)[-1])


print("radius after 500 steps, from 1.414")
for loss in ("minimax", "non-saturating"):
    print(f"{loss:15} together {radius(loss=loss):6.3f}   G then D {radius(loss=loss, order='G then D'):6.3f}")
claim("together, the minimax game spirals out", radius(), equals=3.097, within=5e-4)
claim("one after the other, it circles", radius(order="G then D"), equals=1.421, within=5e-4)
claim("the non-saturating game draws in, slowly", radius(loss="non-saturating"), equals=0.640, within=5e-4)
claim("unclipped Wasserstein flies off", radius(loss="wasserstein"), equals=2.564e4, within=5)
claim("R1 with gamma 0.3 brings it home", radius(r1=0.3), equals=2.6e-6, within=5e-8)
claim("gamma = 1 is faster than 0.3 and than 3", radius(r1=1.0) < min(radius(r1=0.3), radius(r1=3.0)))

# %%
paths = {f"γ = {gamma}": toys.dirac_path(120, r1=gamma) for gamma in (0.0, 0.3, 1.0)}
frames = [
    pictures.clouds({name: path[: k + 1] for name, path in paths.items()}, reach=2.4, path=("G's point θ", "D's slope ψ"))
    for k in range(0, 121, 8)
]
captions = [f"after {k} steps" for k in range(0, 121, 8)]
alt = "Without R1 a growing spiral, with 0.3 a spiral into the centre, with 1 a curve straight into it."
pictures.player(frames, captions, alt=alt)

# %% tags=["nbval-check-output"]
starts = np.random.default_rng(0).uniform(-2, 2, (3, 2))
ratios = np.array(
    [[radius(start=tuple(start), r1=gamma) / np.hypot(*start) for gamma in (0.0, 0.3, 1.0)] for start in starts]
)  # (3, 3)
claim("from three of three random starts it spirals out without R1", ratios[:, 0].min(), above=1.2)
claim("and R1 brings all three home", ratios[:, 1:].max(), below=1e-4)


def crossings(rate):  # how often G's point passes 0 in 500 steps
    path = toys.dirac_path(500, rate=rate, loss="non-saturating")
    return np.count_nonzero(np.diff(np.sign(path[:, 0])))


print("crossings at rates 0.2, 0.1, 0.05:", crossings(0.2), crossings(0.1), crossings(0.05))
claim("half the rate, half the turns", crossings(0.2) == 2 * crossings(0.1) == 4 * crossings(0.05))

# %% [markdown]
# **What you see** in real games: losses that swing with a steady period, samples that change from one class to
# the next and back. **Look-alike:** a rate that is too large; a tenth of it calms that, but only slows a spiral.
# **The measurement:** D(x) over many steps: a period that grows when the rate falls. **The cure:** R1, and one
# network after the other instead of both at once. A running average of G's weights hides the swing without curing
# it.
#
# ### Exercise: how fast does R1 damp?
#
# The distance to the solution shrinks like $e^{-ct}$, where −c is the *largest* real part of the eigenvalues.
# Return c for a given γ, also for γ above 1.
#
# <details><summary>Hint</summary>
#
# Below γ = 1 the root is imaginary, and only −γ/2 is real. Above, the root is real: the larger eigenvalue has +root.
# </details>


# %% tags=["exercise"]
def damping(gamma):
    return ...


exercises.damping(damping)


# solution
def damping(gamma):
    if gamma <= 1:
        return gamma / 2
    return gamma / 2 - np.sqrt(gamma**2 / 4 - 1 / 4)


exercises.damping(damping)

# %% [markdown]
# ## 9 · The pixel ranges differ
#
# **In code:** G ends in `tanh`, from −1 to 1, and nobody rescaled the images, which run from 0 to 1. For the
# picture, the samples are mapped back with (x + 1)/2.

# %%
calm = {"beta_1": 0.0, "beta_2": 0.99, "r1": 1.0}  # the healthy settings of lesson 04
gan = image_gan("tanh", **calm)
mismatched = list(trained(gan, images, 4))
matched = list(trained(gan, 2 * images - 1, 4))
end = mismatched[0][1]
print(f"mismatched, last epoch: D(x) = {end['d_real'][-1]:.2f}, D(G(z)) = {end['d_fake'][-1]:.2f}")

# %%
panels = {"ill": (mismatched[0][0][:20] + 1) / 2, "mended": (matched[0][0][:20] + 1) / 2}
panels = {name: samples.clip(0, 1) for name, samples in panels.items()}
pictures.show(
    pictures.side_by_side(panels, 5, "The curves look balanced; the pictures are grey"),
    alt="Left: generated digits on a grey ground. Right: after rescaling the data, digits on black.",
)

# %%
negative = [np.mean(samples < -0.02) for samples, _ in mismatched]
ill, mended = ([distance((samples + 1) / 2) for samples, _ in run] for run in (mismatched, matched))
off = max(abs(curves[name][-1] - 0.5) for _, curves in mismatched for name in ("d_real", "d_fake"))
print("Fréchet figure, ill:", *(f"{value:.0f}" for value in ill), "  mended:", *(f"{value:.0f}" for value in mended))
claim("real images have no negative pixel", images.min(), equals=0.0)
claim("of the generated ones a tenth are negative, in three of three seeds", min(negative), above=0.1, quality=True)
claim("D ends near one half all the same", off, below=0.15, quality=True)
claim("the cure cuts the Fréchet figure to a third in all three", min(ill) / max(mended), above=3, quality=True)

# %% [markdown]
# **The measurement:** print smallest, largest and mean value of one real and of one generated batch, *as D sees
# them*. **Look-alikes:** too little training (also grey, but the ranges agree) and a wrong display. **The cure:**
# 2x − 1 for the data of a tanh, x for a sigmoid. The opposite mistake is worse: a sigmoid can never reach data at
# −1, so D always knows.

# %%
plain = image_gan("sigmoid", **calm)
lost, curves = next(trained(plain, 2 * images - 1, 4))
print(f"sigmoid against data from -1: D(x) = {curves['d_real'][-1]:.2f}, D(G(z)) = {curves['d_fake'][-1]:.2f}")
claim("D is certain", curves["d_real"][-1] - curves["d_fake"][-1], above=0.8, quality=True)
claim("no generated pixel is below 0, most real ones are at -1", lost.min() >= 0 and np.median(2 * images - 1) == -1)

# %% [markdown]
# ## 10 · Batch norm in the wrong mode
#
# A `BatchNormalization` layer has two lives. With `training=True` it uses the mean and variance of the batch.
# Without, it uses running averages, which start at mean 0 and variance 1 and forget slowly: Keras' momentum is
# 0.99. A custom training loop must say which one it wants. If it never says `training=True`, the averages stay at
# their start for ever. If it says so but runs briefly, they lag.


# %%
def after_updates(layer, updates, rng=0):
    rng = np.random.default_rng(rng)
    for _ in range(updates):
        layer(rng.normal(5, 3, (256, 1)).astype("float32"), training=True)
    return float(np.mean(layer(rng.normal(5, 3, (20_000, 1)).astype("float32"), training=False)))


lag = {
    momentum: [after_updates(keras.layers.BatchNormalization(momentum=momentum), 100, seed) for seed in (0, 1, 2)]
    for momentum in (0.99, 0.9)
}
kept = 0.99**100
predicted = (5 - 5 * (1 - kept)) / math.sqrt(kept + 9 * (1 - kept))
print(f"mean of the normalised values after 100 updates: {lag[0.99][0]:.2f}; predicted {predicted:.2f}")
for seed in range(3):
    claim(f"seed {seed}: the averages lag as predicted", lag[0.99][seed], equals=predicted, within=0.05)
claim("with momentum 0.9 they have arrived in every seed", max(abs(value) for value in lag[0.9]), below=0.05)

# %% [markdown]
# So samples can be fine in training mode and wrong in use, from the very same weights. **The measurement:** the
# same latents in both modes. **The cure:** `training=True` in every training step, a momentum that fits the
# number of steps, and no batch norm where you can do without it.
#
# (Much copied PyTorch code says `BatchNorm1d(n, 0.8)`. The second argument there is epsilon and not the momentum. In
# Keras the first one is `axis`. Write `momentum=0.8`.)
#
# ### Together or apart?
#
# D sees a real batch and a generated one. If each is normalised on its own, what can the first layer still tell?


# %%
def opinions(seed, apart):
    keras.utils.set_random_seed(seed)
    norm, dense = keras.layers.BatchNormalization(), models.mlp(2, (64,), 1, None, "rest")
    real = ring.sample(256, seed)
    fake = 2 * real + 3  # another place, another size
    if apart:
        return [np.mean(dense(norm(batch, training=True))) for batch in (real, fake)]
    both = dense(norm(np.concatenate([real, fake]), training=True))
    return [np.mean(both[:256]), np.mean(both[256:])]


gaps = {apart: [abs(np.subtract(*opinions(seed, apart))) for seed in (0, 1, 2)] for apart in (True, False)}
claim("apart: D gives both batches the same mean logit, in three of three seeds", max(gaps[True]), below=0.001)
claim("together: they differ, more than ten times as much, in all three", min(gaps[False]), above=0.01)

# %% [markdown]
# Batch norm as D's first layer, used apart, makes D blind for place and size: G could draw a ring of twice the
# size beside the real one. Together, D sees it, but now its opinion of a sample depends on the others in the
# batch. (Deeper layers lose less, and the DCGAN, Radford and others 2016, leaves it out of D's first layer.) The
# safe cure: no batch norm in D. WGAN-GP *forbids* it, because its penalty is one per sample.
#
# ## 11 · The smaller last batch
#
# 60,000 images are 468 batches of 128 and one of 96.

# %% tags=["nbval-check-output"]
print(60_000 // 128, "full batches, then one of", 60_000 % 128)
labels = tf.ones((128, 1))  # made once, outside the loop
try:
    keras.losses.BinaryCrossentropy(from_logits=True)(labels, tf.zeros((96, 1)))
    caught = False
except ValueError:
    caught = True
claim("labels of a fixed size fail at the last batch", caught)

# %% [markdown]
# That is the lucky case: an error. With batch norm and a last batch of *one*, nothing is raised. The batch's mean
# is the sample itself, and the difference is zero:


# %%
def spread_of_outputs(seed, batch):
    keras.utils.set_random_seed(seed)
    G = keras.Sequential(
        [keras.Input((2,)), keras.layers.Dense(64), keras.layers.BatchNormalization(), keras.layers.Dense(2)]
    )
    latents = np.random.default_rng(seed).standard_normal((64, 2)).astype("float32")
    samples = np.concatenate([G(part, training=True) for part in np.split(latents, 64 // batch)])
    return float(samples.std(axis=0).max())


claim(
    "in batches of one, every latent gives the same sample, in three of three seeds",
    max(spread_of_outputs(seed, 1) for seed in (0, 1, 2)),
    below=1e-5,
)
claim("in batches of 32 they differ", min(spread_of_outputs(seed, 32) for seed in (0, 1, 2)), above=0.1)

# %% [markdown]
# **The measurement:** print the size of every batch of one epoch. **The cure:** make labels and latents from
# `tf.shape(real)[0]`, as this course does, or `drop_remainder=True`.
#
# ## 12 · An "epoch" that is one batch
#
# **In code:** `for epoch in range(100): batch = x[np.random.randint(0, n, 128)]` and one training step.
#
# <details><summary><b>Predict before you run:</b> how many passes over 60,000 images are 100 such "epochs"?</summary>
#
# About a fifth of one.
# </details>

# %%
seen = 100 * 128
print(f"{seen:,} images: {seen / 60_000:.2f} passes; 100 real epochs are {100 * math.ceil(60_000 / 128):,} steps")
claim("100 batches are about a fifth of one pass", seen / 60_000, equals=0.2133, within=1e-4)
short = [samples for samples, _ in trained(plain, images, 1)]  # 100 batches: 100 "epochs"
full = [samples for samples, _ in trained(plain, images, 4)]  # 4 passes over these images
ratio = [distance(a) / distance(b) for a, b in zip(short, full)]
claim("the cure at least halves the Fréchet figure in three of three seeds", min(ratio), above=2, quality=True)

# %%
title = "100 “epochs” of one batch, and 4 real epochs of 100 batches"
pictures.show(
    pictures.side_by_side({"ill": short[0][:20], "mended": full[0][:20]}, 5, title),
    alt="Left: blurred blobs after a hundred batches. Right: shapes of digits after four hundred.",
)

# %% [markdown]
# **The measurement:** count the images that D has seen. **Look-alikes:** every slow training. **The cure:** say
# *step* for a batch and *epoch* for a pass, and report both.
#
# ### Exercise: the floor of a wrong loss
#
# Somebody uses two sigmoids *and* takes the mean of the two halves of D's loss instead of their sum. What is the
# lowest value that D's loss can have?
#
# <details><summary>Hint</summary>
#
# Section 4 has the floor of the sum.
# </details>

# %% tags=["exercise"]
lowest = ...

exercises.lowest(lowest)
# solution
lowest = (math.log(1 + math.exp(-1)) + math.log(2)) / 2

exercises.lowest(lowest)

# %% [markdown]
# ## 13 · Seven patients
#
# Each of these seven has one wrong setting. You do not see which. You see what a practitioner sees: samples, and
# numbers at the end of the training. The last column is the test with D alone: its loss after 600 steps against a G
# that stands still. It should fall. (Look closely at patient 4: all its points are in one dot, at the right.)

# %%
patients = [clinic.patient(n) for n in range(1, 8)]
ward = clinic.examine(patients)
panels = {f"patient {n}": points[:400] for n, points in enumerate(ward.samples, 1)}
panels["healthy"] = healthy.samples[0][:400]
pictures.show(
    pictures.clouds(panels, real, reach=2.0, title="Seven patients and a healthy game"),
    alt="Eight panels with the real ring. The generated points of the seven patients miss it in different ways.",
)

# %%
lonely = clinic.examine(patients, steps=600, d_ahead=600)
print("patient  D's loss  G's loss   D(x)  D(G(z))  G's slope  D's step  D alone")
for n in range(8):
    history, i = (ward.history, n) if n < 7 else (healthy.history, 0)
    row = [history[name][-1, i] for name in ("d_loss", "g_loss", "d_real", "d_fake", "g_slope", "d_change")]
    last = lonely.history["d_loss"][-1, n] if n < 7 else d_loss[-1, 3]  # of section 4
    line = "{:>7}  {:8.2g}  {:8.2g}  {:5.2f}  {:7.2f}  {:9.2g}  {:8.2g}  {:7.3f}"
    print(line.format(n + 1 if n < 7 else "healthy", *row, last))

# %% [markdown]
# Give each patient **one** treatment: a dictionary with one setting and its new value, such as `{"r1": 0.1}`. The
# check trains the patient twice with it, from two seeds. It also looks at the cause: a change that only makes the
# picture nice is refused.
#
# The settings are `rate`, `d_speed` (D's rate over G's), `beta_1`, `adam`, `labels` (what D is told of real and of
# generated points), `sigmoids`, `d_trainable`, `output` ("linear", "sigmoid", "tanh"), `noise` (what G's latents are
# multiplied by), `loss`, `r1`, `decay`, `d_ahead`, `ema`.
#
# <details><summary>Hint for patient 1</summary>
#
# Read the column "D's step".
# </details>
#
# <details><summary>Hint for patient 2</summary>
#
# The samples look well. Compare the column "D alone".
# </details>
#
# <details><summary>Hint for patient 3</summary>
#
# Compare D(x) with D(G(z)), and look at both losses at once.
# </details>
#
# <details><summary>Hint for patient 4</summary>
#
# Would a collapsed cloud be *one* point, to the last digit? Compare with patient 5.
# </details>
#
# <details><summary>Hint for patients 5 and 6</summary>
#
# D moves, but how far, beside the healthy one?
# </details>
#
# <details><summary>Hint for patient 7</summary>
#
# Look at the two axes: where are there no samples at all?
# </details>

# %% tags=["exercise"]
treatment_1 = ...

exercises.cure(patients[0], treatment_1)
# solution
treatment_1 = {"d_trainable": True}

exercises.cure(patients[0], treatment_1)

# %% tags=["exercise"]
treatment_2 = ...

exercises.cure(patients[1], treatment_2)
# solution
treatment_2 = {"sigmoids": 1}

exercises.cure(patients[1], treatment_2)

# %% tags=["exercise"]
treatment_3 = ...

exercises.cure(patients[2], treatment_3)
# solution
treatment_3 = {"labels": (1.0, 0.0)}

exercises.cure(patients[2], treatment_3)

# %% tags=["exercise"]
treatment_4 = ...

exercises.cure(patients[3], treatment_4)
# solution
treatment_4 = {"noise": 1.0}

exercises.cure(patients[3], treatment_4)

# %% tags=["exercise"]
treatment_5 = ...

exercises.cure(patients[4], treatment_5)
# solution
treatment_5 = {"d_speed": 1.0}

exercises.cure(patients[4], treatment_5)

# %% tags=["exercise"]
treatment_6 = ...

exercises.cure(patients[5], treatment_6)
# solution
treatment_6 = {"rate": 1e-3}

exercises.cure(patients[5], treatment_6)

# %% tags=["exercise"]
treatment_7 = ...

exercises.cure(patients[6], treatment_7)
# solution
treatment_7 = {"output": "linear"}

exercises.cure(patients[6], treatment_7)

# %% [markdown]
# ## 14 · The table for the wall
#
# <table>
# <tr><th>symptom</th><th>look-alikes</th><th>test</th><th>cure</th></tr>
# <tr><td>D's loss near 0, G stands still</td><td>G's learning rate too small</td><td>length of G's gradient: it
# vanishes</td><td>−log D(G(z)) instead of log(1 − D(G(z))); a bound on D's slope: R1, WGAN-GP, spectral
# normalisation with hinge</td></tr>
# <tr><td>G's loss → 0, D's loss grows, samples run away</td><td>labels swapped</td><td>D's weights before and
# after its phase: equal</td><td>remove <code>trainable = False</code>; gradients of one network only</td></tr>
# <tr><td>both losses → 0</td><td>D frozen</td><td>D(x) below D(G(z)) while D's loss falls</td><td>labels: 1 real,
# 0 generated, 1 in G's loss</td></tr>
# <tr><td>D(x) never above 0.73</td><td>balanced game; weak D</td><td>D alone: its loss stops at 1.006</td><td>one
# sigmoid: a logit with <code>from_logits=True</code></td></tr>
# <tr><td>modes lost, D's weights jump</td><td>mode collapse; oscillation</td><td>D's step against a run at a
# tenth of the rate</td><td>a tenth of the rate; let it fall</td></tr>
# <tr><td>samples in one wandering clump</td><td>G gets no noise; one fixed latent</td><td>samples per mode; two
# latents, two samples?</td><td>let D keep up: equal rates, more steps of D</td></tr>
# <tr><td>all samples exactly equal</td><td>collapse; batches of one</td><td>two latents give one
# sample</td><td>feed the noise; larger batches</td></tr>
# <tr><td>losses and samples swing with a period</td><td>rate too large</td><td>a smaller rate makes the period
# longer, and does not calm it</td><td>R1; one network after the other</td></tr>
# <tr><td>grey pictures, balanced curves</td><td>too little training; wrong display</td><td>least and largest
# value of real and of generated batches</td><td>2x − 1 for tanh, x for sigmoid</td></tr>
# <tr><td>D certain from the start, and samples never reach the darkest pixels</td><td>D too strong</td><td>least
# and largest value of both batches</td><td>2x − 1 for tanh only</td></tr>
# <tr><td>good samples in training, bad ones in use</td><td>averaged weights; another seed</td><td>same latents,
# <code>training=True</code> and <code>False</code></td><td><code>training=True</code> in every step; batch norm's
# momentum</td></tr>
# <tr><td>place or size of samples wrong, D content</td><td>D too weak</td><td>D on real batches, and on the same
# ones moved</td><td>no batch norm in D</td></tr>
# <tr><td>an error, or a jump, at the end of each epoch</td><td>a damaged image</td><td>print the size of every
# batch</td><td>sizes from <code>tf.shape(real)[0]</code>; drop the last batch</td></tr>
# <tr><td>hundreds of epochs, still fog</td><td>every slow training</td><td>count the images that D has
# seen</td><td>an epoch is a pass, not a batch</td></tr>
# </table>
#
# The same table stands alone in `docs/clinic.md`, to print.
#
# ## What you now know
#
# * Most failures are faults of the set-up, not of the idea. Each leaves a sign that one measurement can show.
# * Losses alone do not tell. Two losses near zero at once are a fault; balanced losses can hide grey pictures or a
#   collapse.
# * A cure is one change, checked over several seeds, with a limit stated before.
# * You saw three seeds of each illness. The limits of the claims leave room for others.
#
# ## What usually goes wrong here
#
# * **Changing three things at once.** It may help, and you will not know why.
# * **Treating the picture:** clipping pixels, averaging weights, stopping early, showing the best of many samples.
# * **Looking at one seed.** A collapsed game can be luck, and so can a good one.
# * **Believing D's one half.** It can mean balance, a D without power, or two sigmoids. Let D train alone and see.
#
# ## Where this comes from
#
# * Goodfellow and others (2014), *Generative adversarial nets*: the saturating loss; G must not run ahead of D.
# * Arjovsky, Bottou (2017), *Towards principled methods for training generative adversarial networks*: vanishing
#   gradients.
# * Mescheder, Geiger, Nowozin (2018), *Which training methods for GANs do actually converge?*: the Dirac-GAN and R1.
# * Srivastava and others (2017), *VEEGAN: reducing mode collapse in GANs using implicit variational learning*:
#   ring, grid, rule.
# * Metz and others (2017), *Unrolled generative adversarial networks*: collapse on a ring.
# * Lin and others (2018), *PacGAN: the power of two samples in generative adversarial networks*.
# * Gulrajani and others (2017), *Improved training of Wasserstein GANs*: the penalty, and no batch norm in the
#   critic.
# * Miyato and others (2018), *Spectral normalization for generative adversarial networks*.
# * Ioffe, Szegedy (2015), *Batch normalization: accelerating deep network training by reducing internal covariate
#   shift*.
# * Radford, Metz, Chintala (2016), *Unsupervised representation learning with deep convolutional generative
#   adversarial networks*.
