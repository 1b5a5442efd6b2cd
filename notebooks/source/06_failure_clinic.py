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
# **You will break a GAN on purpose. For each illness you see what it looks like, find it with one measurement, change
# one thing, and see it well again.** At the end, seven patients wait for you, each with a hidden fault.
#
# *The core takes 45 minutes: 13 to read (2,000 words, 150 a minute), 30 for its three exercises (estimated), 2 to
# compute (measured, on two CPU cores); an hour or more if you read the code, too. You need lessons 02 to 05.*
#
# After this lesson you can
#
# * recognise the common illnesses of a GAN from its curves, samples and numbers,
# * tell an illness from its look-alikes with one measurement,
# * check a cure over several seeds, and say what it does not prove.

# %% tags=["setup"]
import importlib.util as util, os, pathlib, sys  # Set-up, the same in every lesson: find the course's package, ganlib.
repository = ""  # the address of the course, once it has one
sys.path[:0] = [str(f) for f in pathlib.Path("gan-course/-").resolve().parents if os.path.exists(f / "ganlib/gan.py")]
if repository and not (util.find_spec("ganlib") or os.system(f"git clone -q --depth=1 {repository} gan-course")):
    sys.path.insert(0, os.path.abspath("gan-course"))
if not hasattr(ganlib := util.find_spec("ganlib") and __import__("ganlib"), "start"):
    sys.exit("There is no ganlib here. Open this notebook in the folder of the course (for Colab: course.py colab).")
print(ganlib.start())

# %%
import math

import keras
import numpy as np
import tensorflow as tf

from ganlib import GAN, claim, load_mnist, losses, models, pictures
from ganlib.evaluation import metrics
from ganlib.evaluation.judge import load_judge
from ganlib.lessons import clinic, toys
from ganlib.lessons.clinic import Setup
from ganlib.lessons.exercises import use
from ganlib.lessons.exercises import lesson06 as exercises

# %% [markdown]
# ## 1 · A healthy game
#
# Most illnesses can be seen in the plane. The real data are eight clouds on a ring. G turns two random numbers into a
# point, D turns a point into a logit, its opinion before the sigmoid. `clinic.Setup` holds all settings of such a game.
# Its defaults, printed below, are healthy; `help(Setup)` explains them. Each illness has its place in this picture: D's
# step (sections 2, 3, 6), D's end (4), both steps (5, 8), G's gradient (7).

# %% tags=["hide-input"]
pictures.show(pictures.two_phases(), alt=pictures.TWO_PHASES_ALT)

# %% [markdown]
# We count as the papers do (Srivastava and others 2017): a sample is *near* a mode, the centre of a cloud, if it is
# within three standard deviations of it. A mode is *found* if at least one of 2,500 samples is near it.
#
# ### Exercise 1: count modes
#
# Return the number of modes found, and the share of samples near one. All reports of this lesson use your function.
#
# <details><summary>Hint</summary>
#
# `np.linalg.norm(samples[:, None] - modes, axis=2)` has shape (n, k): how far is each sample from each mode?
# </details>


# %% tags=["exercise"]
def count_modes(samples, modes, std):
    return ...  # samples: (n, 2), modes: (k, 2); two numbers


exercises.count_modes(count_modes)
# solution
def count_modes(samples, modes, std):
    near = np.linalg.norm(samples[:, None] - modes, axis=2) <= 3 * std  # (n, k)
    return near.any(axis=0).sum(), near.any(axis=1).mean()


exercises.count_modes(count_modes)

# %% [markdown]
# **Well** means here: all 8 modes are found, more than 40 % of the samples are near one, and each mode is the nearest
# one of at least 3 % of them. For every illness we train three seeds or nine; mended is the healthy game, unless we
# train another. One setting changes; all else stays equal, first weights and data too.

# %%
ring = clinic.RING
real = ring.sample(400)
count_modes = use(exercises.count_modes, count_modes, metrics.mode_coverage)


def train(seeds=3, steps=2000, **settings):  # returns the ward and prints how its patients are
    ward = clinic.train([Setup(seed=seed, **settings) for seed in range(seeds)], ring, steps)
    reports = [count_modes(samples, ring.modes, ring.std) for samples in ward.samples]
    if seeds > 3:
        print("modes found: ", *(f"{modes:4}" for modes, _ in reports))
        print("near a mode: ", *(f"{near:4.0%}" for _, near in reports))
        print("least nearest", *(f"{found.least:4.0%}" for found in clinic.health(ward)))
        print(f"well: {well(ward)} of {seeds};  mean losses:"
              " D {:.2f}, G {:.2f}\n".format(*(ward.history[k][-1].mean() for k in ("d_loss", "g_loss"))))
        return ward
    for seed, (modes, near) in enumerate(reports):
        losses_now = (ward.history[name][-1, seed] for name in ("d_loss", "g_loss"))
        print(f"seed {seed}: {modes} of 8 modes, {near:4.0%} of the samples near a mode;"
              " losses at the end: D {:.2g}, G {:.2g}".format(*losses_now))  # fmt: skip
    return ward


def well(ward):  # how many of its patients
    return sum(found.well for found in clinic.health(ward))


def before_and_after(ill, mended, title, alt, reach=1.6):
    panels = {f"ill, seed {seed}": points[:400] for seed, points in enumerate(ill.samples[:3])}
    panels |= {f"mended, seed {seed}": points[:400] for seed, points in enumerate(mended.samples[:3])}
    pictures.show(pictures.clouds(panels, real, reach, title), alt=alt)


print(Setup())
healthy = train()
claim("the healthy game ends well in three of three seeds", well(healthy) == 3, quality=True)
claim("its D ends near 1/2 on real points", healthy.history["d_real"][-1].max(), above=0.45, below=0.6, quality=True)

# %% [markdown]
# ## 2 · D is frozen
#
# **In code:** somebody sets `discriminator.trainable = False` to protect D in G's phase. Keras 3
# reads the flag once, when a step is first compiled. Set before that, it holds in D's own step, too, which then trains
# nothing. `optimizer.apply` gives no warning.
#
# <details><summary><b>Predict before you run:</b> where do the generated points go?</summary>
#
# G finds a direction in which this D says "real" and follows it for ever: D never objects.
# </details>

# %%
network = models.mlp(2, (64, 64), 1, None, "discriminator")
print("what D's step would train:", len(network.trainable_variables), "tensors", end=", ")
network.trainable = False
print(len(network.trainable_variables), "when frozen\n")
frozen = train(d_trainable=False)
print("\na look-alike: D's learning rate is a thousandth of G's")
crawling = train(d_speed=0.001)
claim("not one of three seeds is well", well(frozen) == 0, quality=True)
claim("D's weights have not moved at all", frozen.history["d_change"].max() == 0)
claim("the look-alike is as ill", well(crawling) == 0, quality=True)
claim("but its D moves in every step", crawling.history["d_change"].min(), above=0)

# %% tags=["hide-input"]
away = {"frozen D": frozen, "healthy": healthy}
away = {name: np.linalg.norm(ward.film[:, 0], axis=-1).mean(axis=-1) for name, ward in away.items()}
pictures.show(
    pictures.curves(frozen.steps, {"mean distance from the ring's centre": away}, "step",
                    "A frozen D lets all points run away (the ring has radius 1)", log=True),  # fmt: skip
    alt="With a frozen discriminator the generated points are tens of ring radii away; in the healthy game they "
    "stay at about one.",
)

# %% [markdown]
# **The measurement:** D's weights before and after D's phase: equal. (Of three seeds of a very slow D two run away,
# too.) **The cure:** no flag. Take gradients with respect to one network's variables only, as the training step of
# lesson 04 does.
#
# ## 3 · The labels are swapped
#
# **In code:** ones for generated and zeros for real points in D's loss, while G still aims at one.
#
# <details><summary><b>Predict before you run:</b> what will both losses be?</summary>
#
# Both go to zero. D separates the points, for the wrong side, and G pleases D, anywhere. In an honest game with this
# loss it cannot happen: when D is certain, G's is large.
# </details>

# %%
swapped = train(labels=(0.0, 1.0))
end = {name: values[-1] for name, values in swapped.history.items()}
claim("not one of three seeds is well", well(swapped) == 0, quality=True)
claim("D's mean opinion of generated points is near 1", end["d_fake"].min(), above=0.9, quality=True)
claim("and of real points near 0", end["d_real"].max(), below=0.1, quality=True)
claim("both losses are near 0", max(end["d_loss"].max(), end["g_loss"].max()), below=0.1, quality=True)

# %% [markdown]
# **The measurement:** D(x) below D(G(z)) while D's loss is near 0. (Frozen D: it *grows*.) **The
# cure:** 1 for real, 0 for generated, 1 in G's loss.
#
# ## 4 · Two sigmoids
#
# **In code:** D ends in `activation="sigmoid"`, and the loss is `BinaryCrossentropy(from_logits=True)`, which puts
# another sigmoid on top. What the loss takes for a logit is now a number from 0 to 1. So the probability
# in the loss lies between σ(0) = 1/2 and σ(1) = 0.731. At best D says 1 to real and 0 to generated points, and its loss
# is −log σ(1) − log(1 − σ(0)) = log(1 + 1/e) + log 2 = 1.006.
#
# **The measurement:** let D train alone, while G stands still. Its blob is easily told from the ring: a sound D's loss
# comes close to zero.

# %%
floor = math.log(1 + math.exp(-1)) + math.log(2)
pairs = [Setup(seed=seed, sigmoids=sigmoids, d_ahead=600) for sigmoids in (2, 1) for seed in range(3)]
alone = clinic.train(pairs, ring, steps=600)
d_loss, slopes = alone.history["d_loss"], alone.history["g_slope"]
claim("with two sigmoids D's loss stays above the floor, by", d_loss[:, :3].min() - floor, above=0)
claim("and D alone comes close to it, to", d_loss[-1, :3].max() - floor, below=0.02, quality=True)
claim("with one it falls far below in every seed", d_loss[-1, 3:].max(), below=0.3, quality=True)
print("\nthe game itself, with two sigmoids, on the ring")
doubled = train(sigmoids=2)

# %% tags=["hide-input"]
panels = {
    "D's loss (nats)": {"two sigmoids": d_loss[:, 0], "one sigmoid": d_loss[:, 3]},
    "length of G's gradient": {"two sigmoids": slopes[:, 0], "one sigmoid": slopes[:, 3]},
}
pictures.show(
    pictures.curves(alone.steps, panels, "step of D alone", "Two sigmoids: D's loss hits a floor", columns=2),
    alt="Left: D's loss falls to nearly zero with one sigmoid and stays above one with two. "
    "Right: the slope that reaches G grows with one sigmoid and stays small with two.",
)

# %% [markdown]
# On the ring the game ends well, though less gradient reaches G (right). On digits, three seeds,
# 400 steps, with the Fréchet distance of lesson 05 (`GAN` refuses a D with a sigmoid; we hide it):

# %%
(x_train, _), (x_test, _) = load_mnist()
images = x_train[:12_800].reshape(-1, 784) / np.float32(255)
judge = load_judge()
test_features = judge.features(x_test)
CALM = {"beta_1": 0.0, "beta_2": 0.99, "r1": 1.0}  # the settings of lesson 04


def hidden(net, function):  # GAN refuses what we are about to do: so the function goes where it does not look
    return keras.Sequential([net, keras.layers.Lambda(function)])


def image_gan(g_output="sigmoid", d_output=None, beta_1=0.9, beta_2=0.999, rate=2e-3, **game):
    G, D = models.mlp(64, (128, 128), 784, g_output, "generator"), models.mlp(784, (128, 128), 1, None, "discriminator")
    gan = GAN(G, hidden(D, d_output) if d_output else D)
    gan.compile(*[keras.optimizers.Adam(rate, beta_1, beta_2) for _ in range(2)], **game)
    return gan


def trained(gan, data, epochs, seeds=(0, 1, 2)):  # samples and curves for each seed
    for seed in seeds:
        gan.restart(seed)
        history = gan.fit(data, 128, epochs, verbose=0).history
        yield gan.generate(2500), history


def distance(samples):  # samples in 0..1; 2,500 of them
    pictures = np.rint(samples.clip(0, 1) * 255).astype("uint8").reshape(-1, 28, 28)
    return metrics.frechet_distance(judge.features(pictures), test_features)


def distances(runs):
    return np.array([distance(samples) for samples, _ in runs])


well_digits = list(trained(image_gan(**CALM), images, 4))
double = image_gan(d_output=keras.ops.sigmoid, **CALM)
ill_digits, longer = list(trained(double, images, 4)), list(trained(double, images, 16))
no_r1 = list(trained(image_gan(d_output=keras.ops.sigmoid, **CALM | {"r1": 0.0}), images, 4))
runs = {"one sigmoid": well_digits, "two": ill_digits, "two, 1,600 steps": longer, "two, no R1": no_r1}
one, *doubled_runs = (distances(run) for run in runs.values())
for name, run in runs.items():
    end = [(curves["d_real"][-1], curves["d_fake"][-1]) for _, curves in run]
    print(f"{name:16} distance", *(f"{value:3.0f}" for value in distances(run)),
          "   D(x), D(G(z)):", *(f"{real:.2f} {fake:.2f};" for real, fake in end))  # fmt: skip
claim("the cure at least halves the distance, in every seed, whatever else", (doubled_runs / one).min(), above=2,
      quality=True)  # fmt: skip

# %% tags=["hide-input"]
pictures.show(
    pictures.side_by_side({"two sigmoids": ill_digits[0][0][:12], "one sigmoid": well_digits[0][0][:12]}, 12,
                       "After 400 steps: blots with two sigmoids, digits with one"),  # fmt: skip
    alt="Twelve generated images of each after 400 steps: the same blot with two sigmoids, half-made digits with one.",
)

# %% [markdown]
# **Look-alikes:** a weak D (its loss stops elsewhere), a balanced game (D alone settles it). **The cure:**
# remove the sigmoid from D, or say `from_logits=False`.
#
# ## 5 · The learning rate × 10, and mode collapse
#
# **Mode collapse**: G's samples are good, and most kinds are missing; G sends many z to one x
# (Goodfellow 2016, section 5.1.1). One way to get it: without momentum (β₁ = 0), where 0.002 is a good rate, take 0.02.
#
# <details><summary><b>Predict before you run:</b> do the losses tell?</summary>
#
# Beside a calm run, D's is lower, G's about twice as high. But see the next experiment.
# </details>
#
# Which are lost is luck: nine seeds, and we compare means.

# %%
print("rate 0.002")
calm = train(9, rate=2e-3, beta_1=0.0)
print("rate 0.02")
hasty = train(9, rate=2e-2, beta_1=0.0)


def modes_of(ward):  # mean over the seeds
    return np.mean([found.modes for found in clinic.health(ward)])


near = np.mean([found.near for found in clinic.health(hasty)])
g_losses, d_losses = ([ward.history[name][-1].mean() for ward in (hasty, calm)] for name in ("g_loss", "d_loss"))
jump = hasty.history["d_change"].mean(axis=0) / calm.history["d_change"].mean(axis=0)
claim("ill: modes kept, mean of nine seeds", modes_of(hasty), below=5, quality=True)
claim("not one of nine seeds is well", well(hasty) == 0, quality=True)
claim("yet in the mean a good part of the samples is near a mode", near, above=0.4, quality=True)
claim("mended: well, of nine", well(calm), above=7, quality=True)
claim("G's loss is higher: in units of the calm one", g_losses[0] / g_losses[1], above=1.5, quality=True)
claim("D's is lower: in units of the calm one", d_losses[0] / d_losses[1], below=0.8, quality=True)
claim("D's steps are longer, in every seed: so many times, at least", jump.min(), above=4, quality=True)

# %% tags=["hide-input"]
alt = "Top: with ten times the learning rate the points sit on or between a few clouds. Bottom: they cover all eight."
before_and_after(hasty, calm, "Ten times the learning rate: modes collapse", alt)

# %% [markdown]
# Whose rate is it? Raise one at a time: do modes *and* losses follow? And a rate that falls to 0?

# %%
rivals = {
    "D's rate × 10 alone": {"rate": 2e-3, "d_speed": 10.0},
    "G's rate × 10 alone": {"rate": 2e-2, "d_speed": 0.1},
    "both × 10, falling to 0": {"rate": 2e-2, "decay": True},
}
rival_wards = {}
for name, settings in rivals.items():
    print(name)
    rival_wards[name] = train(9, beta_1=0.0, **settings)
fast_d, fast_g, falling = rival_wards.values()
claim("D's rate alone: modes kept", modes_of(fast_d), above=6, quality=True)
claim("and well, of nine", well(fast_d), above=5, quality=True)
jump = fast_d.history["d_change"].mean(axis=0) / calm.history["d_change"].mean(axis=0)
claim("with D's steps as long as in the collapse: so many times the calm ones", jump.min(), above=4, quality=True)
claim("G's rate alone: modes kept", modes_of(fast_g), above=6, quality=True)
claim("but ill, of nine", 9 - well(fast_g), above=3, quality=True)
g_loss = fast_g.history["g_loss"][-1].mean() / g_losses[1]
claim("and G's loss nearly as high as in the collapse: in units of the calm one", g_loss, above=1.5, quality=True)
ill = 9 - well(falling)
claim("a falling rate is no reliable cure: ill in the end, of nine", ill, above=1, quality=True)

# %% [markdown]
# So the collapse takes both: a fast D alone keeps the modes, and most of its seeds are well; a fast G alone keeps most
# and scatters its points. A falling rate brings modes back, but not every seed to health. **The measurement:** samples
# per mode. D's step tells D's high rate, the losses G's; neither tells the collapse. **The cure:** a tenth of the rate.
#
# <hr>
#
# **Half-way. A good place for a break.** [Play with the illnesses so far](../web/playground/index.html#experiment=8):
# experiments 8 to 11, or `course.py play 8`.
#
# ## 6 · D is too slow
#
# Goodfellow and others (2014, section 6) warn of "the Helvetica scenario": if G trains too
# long without D, it sends too many z to the same x. Here D's learning rate is a fiftieth of G's.
#
# <details><summary><b>Predict before you run:</b> does G sit on one mode, and stay?</summary>
#
# Not for long. D notices at last, and the whole patch moves on, most of the time through places where no data is.
# </details>

# %%
slow = train(d_speed=0.02)
print("\nten times as long")
long = train(steps=20_000, d_speed=0.02)
print("\nboth at the slow rate")
both_slow = train(rate=2e-5)
print("\nslow D, with R1")
slow_r1 = train(d_speed=0.02, r1=1.0)
found, width = clinic.health(slow), [ward.film[-1].std(axis=1).mean(axis=-1) for ward in (slow, both_slow)]
off = abs(slow.history["d_loss"][-1] - 2 * math.log(2)).max(), abs(slow.history["d_real"][-1] - 0.5).max()
claim("not one of three seeds is well", well(slow) == 0, quality=True)
claim("after 2,000 steps few samples are near a mode", np.mean([f.near for f in found]), below=0.2, quality=True)
visits = (np.linalg.norm(long.film[:, :, :, None] - ring.modes, axis=-1).min(axis=-1) < 3 * ring.std).mean(axis=-1)
claim("of 20 frames of the long run, in the mean few samples are near a mode", visits.mean(), below=0.3, quality=True)
claim("yet in its best one most are, in every seed", visits.max(axis=0).min(), above=0.6, quality=True)
claim("D's loss ends near 2 log 2 in every seed, as in a balanced game", off[0], below=0.15, quality=True)
claim("and D's mean opinion near one half", off[1], below=0.1, quality=True)
claim("with both slow, all modes get samples in every seed",
      min(f.modes for f in clinic.health(both_slow)), above=7, quality=True)  # fmt: skip
claim("R1 does not help this slow D", well(slow_r1) == 0, quality=True)

# %% tags=["hide-input"]
frames = [
    pictures.clouds({f"slow D, seed {seed}": long.film[k, seed] for seed in (0, 1)}, real, reach=4)
    for k in range(1, len(long.steps), 2)
]
captions = [f"after {step:,} steps" for step in long.steps[1::2]]
alt = "In both seeds a patch of points wanders about, mostly where no data is; in some frames it sits on one cloud."
pictures.player(frames, captions, alt=alt)

# %% [markdown]
# Here the losses at the end do *not* tell: they look perfect. And it is not D's slowness by itself: with G as slow as
# D, the points stay spread out, only unfinished. The ratio of the rates matters. **The measurement:** samples per
# mode, *and* how many are near one, more than once: a patch sits on a mode at times. **Look-alike:** G gets no noise;
# then two latents give *exactly* one sample. **The cure** here: equal rates.
#
# ## 7 · D is too strong: the gradient vanishes
#
# D trains alone on digits, against a G that stands still, as in the experiment of Arjovsky and Bottou (2017, figure 2).
# How long is the gradient that G *would* get, from log(1 − D(G(z))), the minimax loss, and from −log D(G(z)), the
# non-saturating one? Their sizes, differentiated by the logit, are
#
# $$\Big|\frac{\partial \log(1-D)}{\partial\,\text{logit}}\Big| = D, \qquad
# \Big|\frac{\partial (-\log D)}{\partial\,\text{logit}}\Big| = 1 - D.$$
#
# When D is certain that a picture is generated, D is near 0, and the first one vanishes: it *saturates*.


# %%
def gradient(gan, loss):
    latents = tf.random.stateless_normal([256, gan.latent_dim], [0, 0])
    with tf.GradientTape() as tape:
        value = losses.LOSSES[loss].generator(gan.discriminator(gan.generator(latents)))
    return tape.gradient(value, gan.generator.trainable_variables)


def gradient_length(gan, loss):
    return float(tf.linalg.global_norm(gradient(gan, loss)))


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
    return gan, np.array(found)  # (11, 2)


winners = [lonely_discriminator(seed, r1=0.0) for seed in (0, 1, 2)]
certain = np.array([found for _, found in winners])  # (3, 11, 2)
gentle = np.array([lonely_discriminator(seed, r1=1.0)[1] for seed in (0, 1, 2)])
left, longer = (certain[:, -1] / certain[:, 0]).T  # minimax, non-saturating
more = gentle[:, -1, 0] / certain[:, -1, 0]
claim("minimax, three of three seeds: hardly any gradient is left", left.max(), below=1e-3, quality=True)
claim("non-saturating: the gradient is longer than at the start", longer.min(), above=1, quality=True)
claim("minimax with R1 on D: at least thirty times more is left", more.min(), above=30, quality=True)

# %% tags=["hide-input"]
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

# %% [markdown]
# **What you see** with plain descent: D's loss near 0, D(x) near 1, D(G(z)) near 0, G stands still. **Look-alike:** a
# rate of G that is too small; then the other loss does not move it either. **The measurement:** the gradient's length.
# **The cure:** the non-saturating loss. R1 (lesson 04) leaves minimax some gradient. (Adam moves G all the same, and a
# long gradient need not be useful: "Two leashes" in Further.)
#
# ## 8 · Oscillation
#
# The smallest GAN there is: all real data at 0, G makes one point θ, and D(x) has the logit ψ·x (Mescheder, Geiger,
# Nowozin 2018). The solution is θ = ψ = 0. Near it, θ′ = ψ/2 and ψ′ = −θ/2 − γψ (1/2 is σ(0), γ the weight of R1, time
# is steps times rate). Such a system moves like $e^{\lambda t}$, where λ is an **eigenvalue** of its matrix:
# $\lambda^2 + \gamma\lambda + \tfrac14 = 0$, so $\lambda = -\gamma/2 \pm \sqrt{\gamma^2/4 - 1/4}$.
# The real part of λ draws in (below 0) or drives out, the imaginary part turns. Without R1 there is only ±i/2: a pure
# turn. At γ = 1 the turning just ends: **critical damping**.
#
# <details><summary><b>Predict before you run:</b> such a game turns without growing. Do steps of 0.2, too?</summary>
#
# No. A step along the tangent ends outside the circle: near the solution the radius grows if both networks move at
# once. (Far out the non-saturating loss draws in.) If the second player sees the first one's move, it hardly does.
# </details>

# %% tags=["nbval-check-output"]
def radius(steps=500, rate=0.2, **game):
    return np.hypot(*toys.dirac_path(steps, rate=rate, **game)[-1])


print("radius after 500 steps, from 1.414")
for loss in ("minimax", "non-saturating"):
    print(f"{loss:15} together {radius(loss=loss):6.3f}   G then D {radius(loss=loss, order='G then D'):6.3f}")
print("non-saturating, after 500, 10,000 and 100,000 steps")
for order, rate in (("together", 0.2), ("together", 0.02), ("G then D", 0.2)):
    ends = [radius(n, rate, loss="non-saturating", order=order) for n in (500, 10_000, 100_000)]
    print(f"{order}, steps of {rate:4}", *(f"{end:6.3f}" for end in ends))
inside = radius(10_000, loss="non-saturating", start=(0.001, 0.0))
claim("together, the minimax game spirals out", radius(), equals=3.097, within=5e-4)
claim("in turns, it circles", radius(order="G then D"), equals=1.421, within=5e-4)
outside = radius(10_000, loss="non-saturating")
claim("together, the non-saturating game goes to one circle, from far outside", outside, equals=0.63, within=0.01)
claim("… and from very near the solution", inside, equals=0.63, within=0.01)
small = radius(100_000, 0.02, loss="non-saturating")
claim("with smaller steps the circle is smaller", small, equals=0.2, within=0.01)
claim("in turns it shrinks to nothing, slowly: a hundred thousand steps leave", ends[2], below=0.03)
claim("but two hundred times fewer leave much", ends[0], above=0.2)
claim("R1 with gamma 0.3 brings it home", radius(r1=0.3), below=1e-5)

# %% [markdown]
# A path that comes from both sides to one circle and stays is a **limit cycle**: moving together, by finite steps, the
# non-saturating game has one. In turns its radius falls to 0, slowly.
#
# ### Exercise 2: how fast does R1 damp?
#
# The distance to the solution shrinks like $e^{-ct}$, where −c is the *largest* real part of the two eigenvalues.
# Return c for a given γ, also above 1. The next cell compares it with the game.
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

# %%
def slower_eigenvalue(gamma):
    return -max(value.real for value in toys.dirac_eigenvalues(gamma))


damping = use(exercises.damping, damping, slower_eigenvalue)
apart = []
for gamma in (0.1, 0.3, 0.6, 2.0, 3.0):
    path = np.hypot(*toys.dirac_path(3500, start=(0.1, 0.0), rate=0.02, r1=gamma).T)  # a unit of time is 50 steps
    shrinks = -np.log(path[-1] / path[500]) / (3000 * 0.02)
    print(f"γ = {gamma}: the game shrinks at a rate of {shrinks:.3f}, the eigenvalue says {damping(gamma):.3f}")
    apart.append(abs(shrinks - damping(gamma)))
claim("the eigenvalues foretell the game", max(apart), below=0.01)
paths = {f"minimax, γ = {gamma}": toys.dirac_path(120, r1=gamma) for gamma in (0.0, 0.3, 1.0)}
frames = [
    pictures.clouds({name: way[: k + 1] for name, way in paths.items()}, None, 2.4, path=("G's point θ", "D's slope ψ"))
    for k in range(0, 121, 8)
]
alt = "Without R1 a growing spiral, with 0.3 a spiral into the centre, with 1 a curve straight into it."
pictures.player(frames, [f"after {k} steps" for k in range(0, 121, 8)], alt=alt)

# %% [markdown]
# Does a real game swing, too? The ring with β₁ = 0.9, the default of Keras' Adam; nine seeds, as some escape:

# %%
settings = {
    "β₁ = 0.9": {"beta_1": 0.9},
    "β₁ = 0.9, rate ÷ 3": {"beta_1": 0.9, "rate": 3e-4},
    "the same, 6,000 steps": {"beta_1": 0.9, "rate": 3e-4, "steps": 6000},
    "β₁ = 0.9, 6,000 steps": {"beta_1": 0.9, "steps": 6000},
    "β₁ = 0.9 and R1, γ = 0.3": {"beta_1": 0.9, "r1": 0.3},
    "R1, γ = 0.1, 6,000 steps": {"beta_1": 0.9, "r1": 0.1, "steps": 6000},
}
paths, wards = {"healthy, β₁ = 0.5": healthy.film.mean(axis=2)[..., 0]}, {}  # (20, 3): x₁ of the points' centre
for name, changes in settings.items():
    print(name)
    wards[name] = train(9, **changes)
    paths[name] = wards[name].film.mean(axis=2)[..., 0]  # (20, 9)
swings = [path[10:].std(axis=0).mean() for path in paths.values()]  # of the second half
calm_swing, swing, slow_swing, _, _, damped, _ = swings
patient, hasty_still = wards["the same, 6,000 steps"], wards["β₁ = 0.9, 6,000 steps"]
claim("β₁ = 0.9: the centre of G's points swings further than in the healthy game, so many times",
      swing / calm_swing, above=5, quality=True)  # fmt: skip
claim("in 2,000 steps a smaller rate does not calm it", slow_swing / calm_swing, above=3, quality=True)
claim("in 6,000 it does for most: of nine, well", well(patient), above=5, quality=True)
claim("6,000 steps alone do not: of nine, well", well(hasty_still), below=4, quality=True)
claim("R1 makes the swing smaller", damped / swing, below=0.5, quality=True)
claim("with γ = 0.3, in 2,000 steps, it makes nobody well", well(wards["β₁ = 0.9 and R1, γ = 0.3"]) == 0, quality=True)
claim("with 0.1, in 6,000, it cures: well, of nine", well(wards["R1, γ = 0.1, 6,000 steps"]), above=7, quality=True)

# %% tags=["hide-input"]
lines = {name: path[:, 0] for name, path in paths.items() if "6,000" not in name}
lines = {"centre of G's points, $x_1$": lines}
pictures.show(
    pictures.curves(healthy.steps, lines, "step", "On the ring momentum makes G swing, and R1 damps it"),
    alt="With momentum 0.9 the centre of the generated points swings by about one, with R1 by about 0.2; in the "
    "healthy game it stays near 0.",
)

# %% [markdown]
# Momentum is a cause of *this* swing: nothing else differs from the healthy game. A third of the rate and three times
# the steps calm most, too. The toy turns without momentum: so a game can swing, but not why this one does. R1 damps it
# and, weaker and longer, cures; less momentum cures at once.
#
# **The measurement:** the centre of G's samples over the steps. **Look-alike:** a D that is too slow (section 6).
#
# ## 9 · Seven patients
#
# Each has one wrong setting. You see what a practitioner sees: samples, and numbers at the end of the
# training. "G's grad" is the length of the gradient that reaches G, "D's step" how far D's weights move in a step, and
# "D alone" D's loss after 600 steps against a G that stands still (section 4: 1.006).

# %%
patients = [clinic.patient(n) for n in range(1, 8)]
ward, lonely = clinic.examine(patients), clinic.examine(patients, steps=600, d_ahead=600)
print("patient  D's loss  G's loss   D(x)  D(G(z))   G's grad  D's step  D alone")
for n in range(8):
    history, i = (ward.history, n) if n < 7 else (healthy.history, 0)
    row = [history[name][-1, i] for name in ("d_loss", "g_loss", "d_real", "d_fake", "g_slope", "d_change")]
    last = lonely.history["d_loss"][-1, n] if n < 7 else d_loss[-1, 3]  # of section 4
    line = "{:>7}  {:8.2g}  {:8.2g}  {:5.2f}  {:7.2f}  {:9.2g}  {:8.2g}  {:7.3f}"
    print(line.format(n + 1 if n < 7 else "healthy", *row, last))

# %% tags=["hide-input"]
panels = {f"patient {n}": points[:400] for n, points in enumerate(ward.samples, 1)}
panels["healthy"] = healthy.samples[0][:400]
pictures.show(
    pictures.clouds(panels, real, reach=2.0, title="Seven patients and a healthy game"),
    alt="Eight panels with the real ring. Six patients miss it, each in its way; patient 2 and the healthy do not.",
)

# %% [markdown]
# ### Exercise 3: one treatment each
#
# A treatment is a dictionary with one setting and its new value. The check trains the patient with it from two seeds,
# beside a healthy one. It also measures the sign of the fault: a change that only makes the picture nice is refused.
#
# The settings are those of `Setup` (section 1). `output` is `"linear"`,
# `"sigmoid"` or `"tanh"`.
#
# <details><summary>Hint, patient 1</summary>The column "D's step".</details>
# <details><summary>Patient 2</summary>The samples look well; compare "D alone".</details>
# <details><summary>Patient 3</summary>D(x) and D(G(z)), and both losses at once.</details>
# <details><summary>Patient 4</summary>Would a collapsed cloud be <i>one</i> point, to the last digit?</details>
# <details><summary>Patient 5</summary>D moves, but how far, beside the healthy one?</details>
# <details><summary>Patient 6</summary>D's step <i>and</i> G's loss. Healthy values stand in section 1.</details>
# <details><summary>Patient 7</summary>Where are no samples at all? A sigmoid behind G keeps all in 0..1.</details>

# %% tags=["exercise"]
treatments = {
    1: ...,  # such as {"r1": 0.1}
    2: ...,
    3: ...,
    4: ...,
    5: ...,
    6: ...,
    7: ...,
}
exercises.round_of(patients, treatments)
# solution
treatments = {
    1: {"d_trainable": True},
    2: {"sigmoids": 1},
    3: {"labels": (1.0, 0.0)},
    4: {"noise": 1.0},
    5: {"d_speed": 1.0},
    6: {"rate": 1e-3},
    7: {"output": "linear"},
}
exercises.round_of(patients, treatments)

# %% [markdown]
# ## What you now know
#
# * These failures are faults of the set-up. Each leaves a sign that one measurement can show.
# * Losses sometimes tell (section 3) and sometimes look perfect at the end (section 6). Let D train alone: that finds
#   three of the seven faults.
# * Against a certain D the minimax loss has no gradient; the non-saturating one has. Games can swing; R1 damps.
# * A mode collapse, a patch off the data and points that run away are three illnesses. Count modes, near samples, and
#   look how far.
# * A cure is one change, checked over several seeds, with a pass mark set before (as in the ✓ lines). That it helps
#   does not say why.
#
# The table for the wall stands in Further and, to print, in `docs/clinic.md`. Next: generators that do as they are
# asked.
#
# ## What usually goes wrong here
#
# * **Changing three things at once.** It may help; you will not know why.
# * **Looking at one seed.** A collapsed game can be luck, and so can a good one.
# * **Believing D's one half.** It can mean balance, a D without power, or two sigmoids.

# %% [markdown] tags=["further"]
# ## Further
#
# More illnesses, the folklore, the published tables, and the table for the wall.
#
# ### Two leashes for D
#
# Section 7 left G hardly any gradient. Does that stop it? Twenty steps of G against the certain D of section 7:

# %%
def moved(gan, loss, optimizer):  # how far G's weights go, in units of their length
    weights = gan.generator.trainable_variables
    before = [tf.identity(values) for values in weights]
    for _ in range(20):
        optimizer.apply(gradient(gan, loss), weights)
    way = tf.linalg.global_norm([new - old for new, old in zip(weights, before, strict=True)])
    for variable, old in zip(weights, before, strict=True):
        variable.assign(old)
    return float(way / tf.linalg.global_norm(before))


ways = {
    "minimax, plain descent": ("minimax", keras.optimizers.SGD),
    "non-saturating, plain descent": ("non-saturating", keras.optimizers.SGD),
    "minimax, Adam": ("minimax", keras.optimizers.Adam),
}
ways = {name: [moved(gan, loss, kind(2e-3)) for gan, _ in winners] for name, (loss, kind) in ways.items()}
for name, row in ways.items():
    print(f"{name:30}", *(f"{way:9.2g}" for way in row))
still, loud, adam = ways.values()
claim("minimax, plain descent: G stands still, in three of three seeds", max(still), below=1e-5, quality=True)
claim("non-saturating: so many times as far, at least", min(loud) / max(still), above=300, quality=True)
claim("with Adam G moves under the minimax loss, too", min(adam), above=0.05, quality=True)

# %% [markdown]
# Adam's steps do not depend on the gradient's scale, down to its ε (Kingma and Ba 2015, section 2.1; lesson 03): here a
# vanished gradient slows plain descent only. Nor is a long gradient always useful. Here is a training on digits with
# the non-saturating loss in which D still wins: Adam with Keras' own β₁ = 0.9 and β₂ = 0.999, at a rate of 0.002. Two
# treatments bound the slope of D:
#
# * **R1** (Mescheder and others 2018) adds γ/2 · ‖∇D‖² at real images to D's loss, here with γ = 3.
# * **WGAN-GP** (Gulrajani and others 2017) has no sigmoid. Its penalty 10 · (‖∇D‖ − 1)² pulls the slope to 1 at points
#   between a real and a generated image. Each deviation is squared *before* the mean: after it, slopes of 0 and 2
#   would look perfect.
#
# (A third, **spectral normalisation** of Miyato and others 2018, divides every matrix of D by its largest singular
# value.) A rival stands beside them: no leash, but no momentum (lesson 04).

# %%
games = {
    "ill": {"r1": 0.0},
    "R1": {"r1": 3.0},
    "WGAN-GP": {"loss": "wasserstein", "r1": 0.0, "wgan_gp": 10.0},
    "no momentum": {"beta_1": 0.0, "r1": 0.0},
}
leashed = {name: list(trained(image_gan(**settings), images, 4)) for name, settings in games.items()}
figures = {name: distances(run) for name, run in leashed.items()}
sure = {name: [curves["d_real"][-1] - curves["d_fake"][-1] for _, curves in run] for name, run in leashed.items()}
sure["WGAN-GP"] = []  # a critic's output is no logit: only differences of it mean something
print(f"{'':20} distance, seeds 0, 1, 2    D(x) - D(G(z))")
for name, values in figures.items():
    print(f"{name:20}", *(f"{value:7.0f}" for value in values), "   ", *(f"{value:6.2f}" for value in sure[name]))
claim("ill in three of three seeds: D is certain", min(sure["ill"]), above=0.8, quality=True)
claim("with R1 it is not", max(sure["R1"]), below=0.4, quality=True)
mean = {name: np.mean(values) / np.mean(figures["ill"]) for name, values in figures.items()}
claim("with R1 the mean distance is much smaller, in units of the ill one", mean["R1"], below=0.6, quality=True)
claim("with WGAN-GP, too", mean["WGAN-GP"], below=0.8, quality=True)
claim("and with no momentum, without a leash", mean["no momentum"], below=0.8, quality=True)

# %% tags=["hide-input"]
panels = {name: leashed[name][0][0][:12] for name in ("ill", "R1", "WGAN-GP", "no momentum")}
pictures.show(
    pictures.side_by_side(panels, 12, "Leashes bring digits back; so does leaving out the momentum"),
    alt="Ill: the same blot in every picture. R1, WGAN-GP, no momentum: digits.",
)

# %% [markdown]
# R1 takes D's certainty away (WGAN-GP's critic has none to show: no sigmoid). But a leash is not the only
# cure: without momentum, and with no leash, D stays rather sure, and the digits come all the same. So "D's slope is the
# cause" would be too strong; what a bound on the slope does, less momentum does in part.
#
# This is one task, one rate, one size of network and 400 steps: no order of merit. (Gulrajani and others let D make
# five steps for each of G's, we let it make one.) Lesson 07 compares leashes on equal terms.
#
# ### The pixel ranges differ
#
# **In code:** G ends in `tanh`, from −1 to 1, and nobody rescaled the images, which run from 0 to 1. For the picture,
# the samples are mapped back with (x + 1)/2.

# %%
tanh_gan = image_gan("tanh", **CALM)
mismatched, matched = (list(trained(tanh_gan, data, 4)) for data in (images, 2 * images - 1))
ill, mended = (distances([((samples + 1) / 2, curves) for samples, curves in run]) for run in (mismatched, matched))
as_they_are = distances(mismatched)  # not mapped: shown in the range of the data that D saw
negative = [np.mean(samples < -0.02) for samples, _ in mismatched]
off = max(abs(curves[name][-1] - 0.5) for _, curves in mismatched for name in ("d_real", "d_fake"))
figures = {"ill, as shown": ill, "ill, not mapped": as_they_are, "mended": mended}
for name, row in figures.items():
    print(f"{name:16}", *(f"{value:4.0f}" for value in row))
claim("share of negative pixels, in three of three seeds", min(negative), above=0.1, quality=True)
claim("D ends near one half all the same", off, below=0.15, quality=True)
claim("matched and shown rightly, the distance is less than a third in all three", (ill / mended).min(), above=3,
      quality=True)  # fmt: skip
claim("the wrong display alone makes it so many times as large", (ill / as_they_are).min(), above=2, quality=True)
claim("the wrong training alone, so many times", (as_they_are / mended).min(), above=1.2, quality=True)

# %% tags=["hide-input"]
panels = {"ill": (mismatched[0][0][:12] + 1) / 2, "mended": (matched[0][0][:12] + 1) / 2}
panels = {name: samples.clip(0, 1) for name, samples in panels.items()}
pictures.show(
    pictures.side_by_side(panels, 12, "The curves look balanced; the pictures are grey"),
    alt="Top: generated digits on a grey ground. Bottom: after rescaling the data, digits on black.",
)

# %% [markdown]
# D(x) and D(G(z)) look balanced. The grey, and most of the distance, is only the display: 0, the black of
# the data, is shown as (0 + 1)/2. Not mapped, the same samples are much nearer; training on 2x − 1 does the rest. **The
# measurement:** least, largest and mean value of one real and of one generated batch, *as D sees them*. **The cure:**
# 2x − 1 for the data of a tanh, x for a sigmoid.
#
# ### Batch norm in the wrong mode
#
# A `BatchNormalization` layer has two lives. With `training=True` it uses the mean and variance of the batch. Without,
# it uses running averages, which start at mean 0 and variance 1 and forget slowly: Keras' momentum is 0.99. Train a G
# with batch norm for 100 steps, with two momenta, and draw from the very same weights in both modes.


# %%
def batch_norm_generator(momentum):
    layers = [keras.Input((64,))]
    for _ in range(2):
        layers += [keras.layers.Dense(128), keras.layers.BatchNormalization(momentum=momentum)]
        layers += [keras.layers.LeakyReLU(0.2)]
    return keras.Sequential([*layers, keras.layers.Dense(784, "sigmoid")])


def normed_gan(generator=None, discriminator=None, ema=0.998, r1=1.0):
    plain = image_gan()
    gan = GAN(generator or plain.generator, discriminator or plain.discriminator)
    gan.compile(*[keras.optimizers.Adam(2e-3, 0.0, 0.99) for _ in range(2)], r1=r1, ema=ema)
    return gan


def both_modes(momentum, epochs):  # distances (3 seeds, 2): samples with training=True, and with False
    gan, rows = normed_gan(generator=batch_norm_generator(momentum), ema=0.0), []
    for seed in (0, 1, 2):
        gan.restart(seed)
        gan.fit(images, 128, epochs, verbose=0)
        latents = tf.random.stateless_normal([2500, 64], [seed, 1])
        rows.append([distance(gan.generator(latents, training=mode).numpy()) for mode in (True, False)])
    return np.array(rows)


modes = {(momentum, epochs): both_modes(momentum, epochs) for momentum, epochs in ((0.99, 1), (0.9, 1))}
for (momentum, epochs), rows in modes.items():
    print(f"momentum {momentum}, {100 * epochs} steps: training mode", *(f"{value:4.0f}" for value in rows[:, 0]),
          "  in use", *(f"{value:4.0f}" for value in rows[:, 1]))  # fmt: skip
gap = {case: rows[:, 1] / rows[:, 0] for case, rows in modes.items()}
claim("100 steps, momentum 0.99: in use the same weights are much worse, in every seed", gap[0.99, 1].min(), above=1.3,
      quality=True)  # fmt: skip
claim("with momentum 0.9 they are not", gap[0.9, 1].max(), below=1.15, quality=True)

# %% [markdown]
# The samples in training mode are the same for both momenta: only the averages lag. **The measurement:** the same
# latents in both modes. **The cure:** `training=True` in every training step, a momentum that fits the number of steps,
# or no batch norm.
#
# (Much copied PyTorch code says `BatchNorm1d(n, 0.8)`. The second argument there is epsilon and not the momentum. In
# Keras the first one is `axis`. Write `momentum=0.8`.)
#
# **Together or apart?** D sees a real batch and a generated one. If each is normalised on its own by D's *first* layer,
# place and size are gone before D looks: a ring, and that ring moved and doubled, get one mean opinion.


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
claim("apart: the same mean logit, in three of three seeds", max(gaps[True]), below=0.001)
claim("together: they differ, more than ten times as much", min(gaps[False]), above=0.01)

# %%
def batch_norm_discriminator(first):  # as the first layer, or between the hidden layers only
    layers = [keras.Input((784,)), *[keras.layers.BatchNormalization()] * first]
    for _ in range(2):
        layers += [keras.layers.Dense(128), *[keras.layers.BatchNormalization()] * (not first)]
        layers += [keras.layers.LeakyReLU(0.2)]
    return keras.Sequential([*layers, keras.layers.Dense(1)])


normed = {"nowhere": well_digits, "nowhere, no R1": list(trained(normed_gan(r1=0.0), images, 4))}
for first, place in ((True, "first"), (False, "hidden")):
    for r1, name in ((1.0, place), (0.0, f"{place}, no R1")):
        gan = normed_gan(discriminator=batch_norm_discriminator(first), r1=r1)
        normed[name] = list(trained(gan, images, 4))
normed["hidden, longer"] = list(trained(gan, images, 16))  # no R1, 1,600 steps for 400
far, certainty = {name: distances(run) for name, run in normed.items()}, {}
for name, run in normed.items():
    end = [(curves["d_real"][-1], curves["d_fake"][-1]) for _, curves in run]
    certainty[name] = np.mean([real - fake for real, fake in end])
    print(f"batch norm in D {name:15}", *(f"{value:4.0f}" for value in far[name]),
          "  D(x), D(G(z)):", *(f"{a:.2f} {b:.2f};" for a, b in end))  # fmt: skip
worse = min(far["first"].min(), far["hidden"].min()) / far["nowhere"].max()
claim("after 400 steps, in either place, the distance is so many times as large, in three of three seeds", worse,
      above=5, quality=True)  # fmt: skip
worse = min(far["first, no R1"].min(), far["hidden, no R1"].min()) / far["nowhere, no R1"].max()
claim("without R1, so many times", worse, above=3, quality=True)
claim("four times the steps help, between the hidden layers: so many times as near",
      (far["hidden, no R1"] / far["hidden, longer"]).min(), above=3, quality=True)  # fmt: skip
rest = [certainty[place + r1] / certainty["nowhere" + r1] for place in ("first", "hidden") for r1 in ("", ", no R1")]
claim("yet in the mean D is less certain with it, in all four cases", max(rest), below=0.9, quality=True)

# %% [markdown]
# On digits batch norm in D, real and generated batches apart, holds the game back, as the first layer and between the
# hidden ones, with R1 and without, while D(x) and D(G(z)) look *better* balanced. It need not ruin it: four times the
# steps bring digits. (So it is with these small networks. The DCGAN, Radford and others 2016, uses batch norm in D, but
# not in its first layer.) Together, D's opinion of a sample depends on the others in the batch. WGAN-GP forbids batch
# norm in D: its penalty is one per sample.
#
# ### The smaller last batch
#
# 60,000 images are 468 batches of 128 and one of 96. Labels made once, outside the loop, fail there: the lucky case.
# With batch norm and a last batch of *one*, nothing is raised: the batch's mean is the sample itself, and every latent
# gives the same picture.

# %%
labels = tf.ones((128, 1))  # made once, outside the loop
try:
    keras.losses.BinaryCrossentropy(from_logits=True)(labels, tf.zeros((96, 1)))
    print("labels of a fixed size pass")
except ValueError as error:
    print("labels of a fixed size fail at the last batch:", str(error).splitlines()[0][:80])
G = batch_norm_generator(0.9)
singles = np.concatenate([G(tf.random.stateless_normal([1, 64], [0, k]), training=True) for k in range(8)])
claim("in batches of one, eight latents give one picture", float(singles.std(axis=0).max()), below=1e-5)
together = G(tf.random.stateless_normal([8, 64], [0, 0]), training=True).numpy()
claim("in a batch of eight they differ", float(together.std(axis=0).max()), above=0.1)

# %% [markdown]
# The harm is plain where pictures are drawn one by one. What a few such batches do to a training is not measured here.
# **The measurement:** print the size of every batch of one epoch. **The cure:** labels and latents from
# `tf.shape(real)[0]`, as this course does, or `drop_remainder=True`.
#
# ### An "epoch" that is one batch
#
# **In code:** `for epoch in range(100): batch = x[np.random.randint(0, n, 128)]` and one training step. These 100
# "epochs" are 12,800 images: a fifth of one pass over MNIST. "Hundreds of epochs, still fog" may be no illness. Say
# *step* for a batch and *epoch* for a pass, and report both.
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
# loss, and Adam at a rate that falls to 0, 10,000 steps (grid: 20,000). The calm grid is divided by 4, its standard
# deviation too; not divided, the same training finds 14 of its 25 modes.
#
# The last row is the ring of Metz and others (radius 2, standard deviation 0.02) with their 256 latents and their
# rates, D's a tenth of G's and none falling, for 5,000 steps: a patch off the data, as in section 6. The two rows "GAN"
# differ as much: *plain* GANs fail or not by their settings. The table does not show that one method beats another.
#
# ### The folklore
#
# A list of 2016, *How to train a GAN? Tips and tricks to make GANs work* (Chintala, Denton, Arjovsky, Mathieu:
# "ganhacks"), is still what many find first. Its authors no longer maintain it. What this course measured of it:
#
# <table>
# <tr><th>tip</th><th>here</th></tr>
# <tr><td>1 images between −1 and 1, tanh at the end of G</td><td>"The pixel ranges differ": data and G must agree; a
# sigmoid with data from 0 to 1 does at least as well</td></tr>
# <tr><td>2 max log D instead of min log(1 − D), by "flip labels when training generator"</td><td>section 7: right
# against a certain D; fakes get a 1 in G's step only, as here: in D's loss it is section 3</td></tr>
# <tr><td>4 batches of only real or only generated images for batch norm</td><td>"Batch norm in the wrong mode": in D it
# held the game back here, with curves in balance</td></tr>
# <tr><td>9 "optim.Adam rules!"</td><td>its momentum can be the illness: section 8</td></tr>
# <tr><td>10 "D loss goes to 0: failure mode"</td><td>section 7; in section 3 <i>both</i> losses go to 0, and in section
# 6 none does</td></tr>
# <tr><td>10 "if loss of generator steadily decreases, then it's fooling D with garbage"</td><td>sections 2 and 3:
# exactly so</td></tr>
# <tr><td>5, 6, 13, 17: sparse gradients, noisy labels, noise, dropout</td><td>not tested here</td></tr>
# </table>
#
# ### The table for the wall
#
# <table>
# <tr><th>symptom</th><th>look-alikes</th><th>test</th><th>cure</th></tr>
# <tr><td>D's loss near 0, D(x) near 1; with plain descent G stands still</td><td>G's learning rate too
# small</td><td>length of G's gradient: with the minimax loss it vanishes</td><td>−log D(G(z)) instead of log(1 −
# D(G(z))); less momentum; a bound on D's slope: R1, WGAN-GP</td></tr>
# <tr><td>G's loss → 0, D's loss grows, samples run away</td><td>a D that is far too slow</td><td>D's weights before and
# after its phase: equal</td><td>remove <code>trainable = False</code>; gradients of one network only</td></tr>
# <tr><td>both losses → 0</td><td>D frozen (there D's loss grows); a certain D and the minimax loss (D(x) near
# 1)</td><td>D(x) below D(G(z)) while D's loss is near 0</td><td>labels: 1 real, 0 generated, 1 in G's loss</td></tr>
# <tr><td>D(x) never above 0.73, or 0.73 for all</td><td>balanced game; weak D</td><td>D alone: its loss stops at
# 1.006</td><td>one sigmoid: a logit with <code>from_logits=True</code></td></tr>
# <tr><td>few modes, many samples near one (mode collapse)</td><td>a patch off the data; G gets no noise</td><td>samples
# per mode, <i>and</i> the share near one</td><td>a tenth of the rate</td></tr>
# <tr><td>one wandering patch, at first hardly a sample near a mode; balanced losses at the end</td><td>mode
# collapse; G gets no noise</td><td>the share near a mode; D's step against G's</td><td>equal rates</td></tr>
# <tr><td>all samples exactly equal</td><td>collapse; batches of one</td><td>two latents give one sample</td><td>feed
# the noise; larger batches</td></tr>
# <tr><td>samples swing from place to place</td><td>D too slow</td><td>the centre of the samples
# over the steps</td><td>less momentum (β₁); R1 damps</td></tr>
# <tr><td>grey pictures, balanced curves</td><td>too little training</td><td>least and largest value of
# real and of generated batches</td><td>2x − 1 for tanh, x for sigmoid, and the display to match</td></tr>
# <tr><td>D rather certain, and a part of the data's range gets no samples (darkest pixels, points above 1)</td><td>D
# too strong</td><td>least and largest value of both batches</td><td>a last activation that reaches all data: 2x − 1 for
# tanh only</td></tr>
# <tr><td>good samples in training, bad ones in use</td><td>averaged weights; another seed</td><td>same latents,
# <code>training=True</code> and <code>False</code></td><td><code>training=True</code> in every step; batch norm's
# momentum</td></tr>
# <tr><td>samples bad, curves balanced, batch norm in D</td><td>D too weak</td><td>the same game without
# it</td><td>no batch norm in D</td></tr>
# <tr><td>an error, or a jump, at the end of each epoch</td><td>a damaged image</td><td>print the size of every
# batch</td><td>sizes from <code>tf.shape(real)[0]</code>; drop the last batch</td></tr>
# <tr><td>hundreds of epochs, still fog</td><td>every slow training</td><td>count the images that D has seen</td><td>an
# epoch is a pass, not a batch</td></tr>
# </table>
#
# The same table stands alone in `docs/clinic.md`, to print.

# %% [markdown] tags=["further"]
# ## Where this comes from
#
# * Goodfellow and others (2014), *Generative adversarial nets*: section 3, the saturating loss; section 6, "the
#   Helvetica scenario".
# * Goodfellow (2016), *NIPS 2016 tutorial: generative adversarial networks*: section 5.1.1, mode collapse.
# * Arjovsky, Bottou (2017), *Towards principled methods for training generative adversarial networks*: vanishing
#   gradients.
# * Mescheder, Geiger, Nowozin (2018), *Which training methods for GANs do actually converge?*: the Dirac-GAN and R1.
# * Srivastava and others (2017), *VEEGAN: reducing mode collapse in GANs using implicit variational learning*: ring,
#   grid, rule.
# * Metz and others (2017), *Unrolled generative adversarial networks*: collapse on a ring.
# * Lin and others (2018), *PacGAN: the power of two samples in generative adversarial networks*.
# * Gulrajani and others (2017), *Improved training of Wasserstein GANs*: the penalty, and no batch norm in the critic.
# * Miyato and others (2018), *Spectral normalization for generative adversarial networks*.
# * Ioffe, Szegedy (2015), *Batch normalization: accelerating deep network training by reducing internal covariate
#   shift*.
# * Radford, Metz, Chintala (2016), *Unsupervised representation learning with deep convolutional generative adversarial
#   networks*.
# * Chintala, Denton, Arjovsky, Mathieu (2016), *How to train a GAN? Tips and tricks to make GANs work* (ganhacks).
