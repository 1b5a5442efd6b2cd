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
# # 04 · A full training run on MNIST
#
# **You will train a network that draws handwritten digits nobody ever wrote.** A first program fails. You will measure
# how, write the training step, and repair it.
#
# *Core path: 45 minutes (20 to read and 15 for three exercises, estimated; computing five minutes, measured, partly
# while you read). "Further" is optional. You need an idea of what a neural network is. Lessons 02 and 03 help.*
#
# After this lesson you can
#
# * train a GAN and tell from two numbers whether D has won,
# * read and write the training step of a GAN line by line,
# * say what the R1 penalty measures, and what a table of repairs can and cannot tell,
# * find out which of two changes made the difference.

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
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from ganlib import GAN, Run, claim, load_mnist, models, pictures, to_images
from ganlib.weights import save_weights
from ganlib.data import load_arrays
from ganlib.evaluation import metrics
from ganlib.evaluation.judge import load_judge
from ganlib.lessons.exercises import lesson04, use
from ganlib.lessons.exercises.tensors import use_in_training
from ganlib.training.callbacks import Film, MeasureFD, Progress

# %% [markdown]
# ## 1 · Where this goes
#
# MNIST is 60,000 handwritten digits for training and 10,000 for testing, each of 28 × 28 grey pixels. Below stand real
# ones, and what the generator of section 7 drew when we ran it. Yours will, too.

# %%
(x_train, y_train), (x_test, y_test) = load_mnist()
print(x_train.shape, x_train.dtype, "from", x_train.min(), "to", x_train.max())
print(f"{np.mean(x_train > 0):.0%} of the pixels have ink on them")

# %% tags=["hide-input"]
drawn = load_arrays("lesson04.npz")["images"]  # of section 7, seed 0, on the machine where this page was made
pictures.show(
    pictures.side_by_side({"real": x_train[:12], "generated": drawn[:12], "generated, too": drawn[12:24]}, columns=12,
                          title="Written by people, and drawn by the network that you will train"),
    alt="Twelve real handwritten digits, and twenty-four generated ones: most are readable, some are broken.",
)  # fmt: skip

# %% [markdown]
# ## 2 · A first program
#
# We begin with the networks and settings of a widely copied program ([the article, checked](../docs/article.md)).
#
# * The **generator** G takes 100 normal random numbers, the *latent* vector z, and makes 784 pixels of them.
# * The **discriminator** D takes 784 pixels and says how likely they are to be a real digit.
#
# D returns a *logit*, the number before the sigmoid: sigmoid(logit) is the probability D(x).

# %%
def first_generator():
    return keras.Sequential([
        keras.Input((100,)),
        keras.layers.Dense(128), keras.layers.LeakyReLU(negative_slope=0.2),
        keras.layers.Dense(128), keras.layers.LeakyReLU(negative_slope=0.2),
        keras.layers.Dense(784, activation="sigmoid"),  # pixels from 0 to 1
    ])  # fmt: skip


def first_discriminator():
    return keras.Sequential([
        keras.Input((784,)),
        keras.layers.Dense(128), keras.layers.LeakyReLU(negative_slope=0.2),
        keras.layers.Dense(128), keras.layers.LeakyReLU(negative_slope=0.2),
        keras.layers.Dense(1),  # a logit
    ])  # fmt: skip


# %% [markdown]
# In every step, D sees 128 real images and 128 generated ones and learns to tell them apart. Then G learns to make D
# say "real". Both use **Adam**, an optimiser that divides every slope by its own running size, at a learning rate of
# 0.0002.
#
# `GAN` is a `keras.Model`, with `compile` and `fit` as in Keras. `r1=0` and `ema=0` switch off what section 5 explains.
# An **epoch** is one pass over the 60,000 images. After each, one line reports four means over the epoch: both losses,
# and D's probability for real images, D(x), and for generated ones, D(G(z)). If D said one half to everything, its loss
# would be 2 log 2 and G's log 2 (lesson 03), the dashed lines below.
#
# <details><summary><b>Predict before you run:</b> who wins?</summary>
#
# D. Telling fog from digits is much easier than drawing digits. The question is whether G recovers.
# </details>

# %%
keras.utils.set_random_seed(0)
first = GAN(first_generator(), first_discriminator())
fog = to_images(first.generate(12))  # before any training
first.compile(keras.optimizers.Adam(2e-4), keras.optimizers.Adam(2e-4), r1=0.0, ema=0.0)
first_history = first.fit(x_train, batch_size=128, epochs=5, verbose=0, callbacks=[Progress()]).history
spread = to_images(first.generate(100)).std(axis=0).mean()  # over 100 images, in grey levels
claim("D recognises real images", first_history["d_real"][-1], above=0.95, quality=True)
claim("D recognises generated images", first_history["d_fake"][-1], below=0.05, quality=True)
claim("G's images are all alike", spread / x_train[:100].std(axis=0).mean(), below=0.2, quality=True)

# %% tags=["hide-input"]
pictures.show(
    pictures.side_by_side({"generated, untrained": fog, "generated, after five epochs": to_images(first.generate(12))},
                          columns=12, title="From fog to one patch, twelve times"),
    alt="Twelve squares of grey fog, then twelve generated images: nearly the same speckled patch each, and no digit.",
)  # fmt: skip

# %% tags=["hide-input"]
pictures.show(
    pictures.training_curves(first_history, "D is certain, and G's loss stays far above log 2"),
    alt="Two panels over five epochs. D's loss falls to almost zero and G's rises far above it. "
    "D gives real images a probability near one and generated images one near zero.",
)

# %% [markdown]
# **In five epochs it fails.** D says almost 1 to real images and almost 0 to generated ones. D has won so far, and G
# draws nearly the same patch, whatever the latent vector is.
#
# ## 3 · How bad is it? Ask a judge
#
# "No digits" should be a number. The course ships a **judge**: a small network that reads digits. It decides from 64
# numbers, its *features*. We compare the features of 10,000 generated images with those of the 10,000 test images: two
# clouds of points in 64 dimensions. The **Fréchet distance** (Heusel and others 2017) says how far apart they are. It
# looks at the mean of each cloud and at its *covariance*, that is, how widely the features vary and which vary
# together; it is 0 if both agree. Usual as it is, the figure is the *squared* distance. Do not compare it with figures
# in papers (FID), which use another network. Lesson 05 takes this measure apart.

# %%
judge = load_judge()
test_features = judge.features(x_test)


def distance(images):
    return metrics.frechet_distance(judge.features(images), test_features)


some_real = np.random.default_rng(0).choice(x_train, 10_000, replace=False)
noise = np.random.default_rng(0).integers(0, 256, (10_000, 28, 28), dtype=np.uint8)
distances = {"real images": distance(some_real), "pure noise": distance(noise)}
distances["first program"] = distance(to_images(first.generate(10_000)))


def show_distances():
    for name, value in distances.items():
        print(f"{name:14} {float(f'{value:.2g}'):8g}")


show_distances()
claim("the first program is hundreds of times as far as real images",
      distances["first program"] / distances["real images"], above=200, quality=True)  # fmt: skip

# %% [markdown]
# Other real images show how small the figure can be, pure noise how large.
#
# ## 4 · Diagnosis before cure
#
# First, **D's accuracy** on images it has not trained on. Second, **what reaches G**: how does its loss change when a
# pixel of its image changes? Compare our loss −log D(G(z)) with the *saturating* loss log(1 − D(G(z))), at the same
# images. Third, **how steep is D?** The **slope** of D at an image is the length of the gradient of its logit there:
# with a slope of 5, moving 0.1 in the direction that matters most to D moves the logit by about 0.5.
#
# <details><summary><b>Predict before you run:</b> D is sure that these images are fake. Which loss gives G more to go
# by?</summary>
#
# Ours. The size of its slope in the logit is 1 − D(G(z)), nearly 1; that of the saturating loss is D(G(z)), nearly 0.
# </details>


# %%
def pixels(images):
    return tf.constant(images.reshape(-1, 784) / np.float32(255))


def slope_of(loss, discriminator, images):  # mean length of the gradient of loss(logits) in each image
    x = pixels(images)
    with tf.GradientTape() as tape:  # records a computation so that it can be differentiated
        tape.watch(x)
        total = tf.reduce_sum(loss(discriminator(x)))  # images do not mix: each gets its own gradient
    return float(tf.reduce_mean(tf.norm(tape.gradient(total, x), axis=1)))


def slope(discriminator):
    return slope_of(lambda logit: logit, discriminator, x_test[:1000])


fake = to_images(first.generate(1000))
right_real = np.mean(first.discriminator(pixels(x_test[:1000])) > 0)
right_fake = np.mean(first.discriminator(pixels(fake)) < 0)
ours = slope_of(lambda logit: tf.nn.softplus(-logit), first.discriminator, fake)  # softplus(-logit) is -log D
saturating = slope_of(lambda logit: -tf.nn.softplus(logit), first.discriminator, fake)  # this is log(1 - D)
untrained, trained = slope(first_discriminator()), slope(first.discriminator)
print(f"D is right about {right_real:.0%} of new real images and {right_fake:.0%} of generated ones")
print(f"gradient at generated images: {saturating:.2g} saturating, {ours:.2g} ours")
print(f"slope of D at real images: {untrained:.1f} untrained, {trained:.0f} after 5 epochs")
claim("D is right about nine in ten new images of both kinds", min(right_real, right_fake), above=0.9, quality=True)
claim("the saturating loss passes on less than a tenth of ours", saturating / ours, below=0.1, quality=True)
claim("D became at least five times steeper", trained / untrained, above=5, quality=True)

# %% [markdown]
# A gradient reaches G, yet in five epochs it did not lead to digits; and D has become many times steeper. A suspicion:
# a steep D changes its mind within a short distance, so its gradient says little about where the digits are. Is
# steepness the cause, or a companion of D's victory? Test it: charge D for steepness and change nothing else.
#
# ## 5 · The R1 penalty, and the training step written out
#
# The **R1 penalty** (Mescheder, Geiger and Nowozin 2018) adds to D's loss
#
# $$\frac{\gamma}{2}\,\mathbb{E}_{x\,\text{real}}\big\|\nabla_x \ell(x)\big\|^2 ,$$
#
# γ/2 times the mean *squared* slope at real images. ℓ(x) is D's logit, ∇ℓ(x) its gradient in the pixels. We use γ = 1.
#
# **Exercise 1.** Write the penalty: `slopes` has shape (images, 784), each row the gradient at one image. Use
# `tf.reduce_sum` and `tf.reduce_mean`: the training step below uses your function.
#
# <details><summary>Hint 1</summary>The squared length of a vector is the sum of the squares of its entries.</details>
# <details><summary>Hint 2</summary>The mean is over the images, and it comes last.</details>


# %% tags=["exercise"]
def r1(slopes, gamma):
    return ...


lesson04.r1(r1)


# solution
def r1(slopes, gamma):
    return gamma / 2 * tf.reduce_mean(tf.reduce_sum(slopes**2, axis=1))


lesson04.r1(r1)

# %% [markdown]
# **Exercise 2.** `ganlib` draws with a **running average** of G's weights, called `ema` in programs (exponential moving
# average). After each step it is the share `keep` of the old average and the rest of the new weights. Write it.
#
# <details><summary>Hint</summary>The two shares add up to 1.</details>


# %% tags=["exercise"]
def running_average(average, weights, keep):
    return ...


lesson04.running_average(running_average)


# solution
def running_average(average, weights, keep):
    return keep * average + (1 - keep) * weights


lesson04.running_average(running_average)

# %% tags=["hide-input"]
pictures.show(pictures.two_phases("The training step"), alt=pictures.TWO_PHASES_ALT)

# %% [markdown]
# Now the whole step. D minimises −log D(x) − log(1 − D(G(z))) and the penalty, G minimises −log D(G(z)) (Goodfellow and
# others 2014, section 3). The inner tape gives the gradients for the penalty, the outer one the update of D. Read it
# aloud: *D's phase changes only D, G's phase changes only G, each uses fresh latents, and the average follows.*

# %%
penalty = use_in_training(lesson04.r1, r1, lesson04.right_r1, np.ones((2, 3)), 1.0)
mix = use(lesson04.running_average, running_average, lesson04.right_average)
softplus, mean = tf.nn.softplus, tf.reduce_mean  # softplus(-logit) = -log D,  softplus(logit) = -log(1 - D)


def training_step(G, D, average, optimizer_G, optimizer_D, real, latents_D, latents_G, keep, gamma=1.0):
    fake = G(latents_D)  # (batch, 784)
    with tf.GradientTape() as tape:
        with tf.GradientTape() as slope_tape:
            slope_tape.watch(real)
            real_logits = D(real)  # (batch, 1)
        slopes = slope_tape.gradient(real_logits, real)  # (batch, 784)
        loss = mean(softplus(-real_logits)) + mean(softplus(D(fake))) + penalty(slopes, gamma)
    optimizer_D.apply_gradients(zip(tape.gradient(loss, D.trainable_variables), D.trainable_variables))

    with tf.GradientTape() as tape:
        loss = mean(softplus(-D(G(latents_G))))
    optimizer_G.apply_gradients(zip(tape.gradient(loss, G.trainable_variables), G.trainable_variables))

    for old, new in zip(average.variables, G.variables):
        old.assign(mix(old, new, keep))


# %% [markdown]
# Is that what `ganlib` does? Let this step train one pair of networks and `ganlib` an equal one, on the same images and
# latents, and compare every weight. (`keep` grows from 0.1 towards 0.998, so that the untrained weights are soon
# forgotten.)

# %%
def adam(rate=2e-4, beta_1=0.0, beta_2=0.99):
    return keras.optimizers.Adam(rate, beta_1, beta_2)


ours, theirs = [(first_generator(), first_discriminator()) for _ in range(2)]
for network, copy in zip(ours, theirs):
    copy.set_weights(network.get_weights())
average = keras.models.clone_model(ours[0])
average.set_weights(ours[0].get_weights())
gan = GAN(*theirs)
gan.compile(adam(1e-3), adam(1e-3), r1=1.0)
optimizers = adam(1e-3), adam(1e-3)
real = pixels(x_train[:128])
for step in range(3):
    latents = tf.random.normal([2, 128, 100])
    training_step(*ours, average, *optimizers, real, latents[0], latents[1], keep=min(0.998, (1 + step) / (10 + step)))
    gan.step(real, latents)
networks = zip([*ours, average], [*theirs, gan.average])
difference = max(np.abs(a - b).max() for x, y in networks for a, b in zip(x.get_weights(), y.get_weights()))
claim("after three steps both have the same weights, and the same average", difference, below=1e-5)

# %% [markdown]
# So `ganlib`'s step is yours. It stands in `ganlib/gan.py` (`step`, `discriminator_phase`, `generator_phase`,
# `update_average`), and `ganlib/feed.py` hands it the batches and the latents.
#
# ## 6 · Five repairs, alone and together
#
# Five changes are often recommended for GANs. Which of them helps *here*?
#
# | repair | first program | repaired | what people say for it |
# |---|---|---|---|
# | R1 | no penalty | γ = 1 | keep D gentle (Mescheder et al. 2018) |
# | no momentum | Adam's β₁ = 0.9, β₂ = 0.999 | 0 and 0.99 | old gradients come from an opponent who has moved on |
# | faster, then slower | rate 0.0002 | 0.002, falling to 2 % of it | fast first, fine at the end |
# | averaged G | the latest weights | their running average | no to and fro (Yazici et al. 2019) |
# | wider networks | 128 units, 100 latents | 512 units (256 in D's second layer), 64 latents | more room to learn |
#
# Adam's β₁ is the share of earlier gradients in each step, the *momentum*; β₂ is the same for their squares. 0 and 0.99
# are from Karras and others (2018). `CosineDecay` lets a rate fall along a cosine. We test what a repair does, not
# whether the reason in the last column is right. To save time, the faster rate and the wider networks come only in the
# last two rows, and every training takes 936 steps, four passes over half the images, from three seeds. The distance is
# that of 2,000 images: compare it within this table only. Beside it stands the slope of D.
#
# <details><summary><b>Predict before you run:</b> which single one helps most? And can the other four do without it?
# </summary>
#
# Of the three tried alone R1 does most. And the other four together, without it, do better than R1 alone.
# </details>

# %%
def make_gan(networks=models.article, rate=2e-4, rate_d=None, falling=False, betas=(0.9, 0.999), r1=0.0):
    def optimizer(rate):
        if falling:
            rate = keras.optimizers.schedules.CosineDecay(rate, 4 * 234, alpha=0.02)
        return adam(rate, *betas)

    gan = GAN(*networks())
    gan.compile(optimizer(rate), optimizer(rate_d or rate), r1=r1)
    return gan


scores, steep, samples = {}, {}, {}


def three_seeds(rows, epochs=4, **changes):  # rows: {name: "generator" or "average"}, which of the two draws
    gan = make_gan(**changes)
    scores.update({name: {} for name in rows}), steep.update({name: [] for name in rows})
    for seed in range(3):
        gan.restart(seed)
        gan.fit(x_train[: 234 * 128], batch_size=128, epochs=epochs, verbose=0)  # full batches: compiled once
        latents = np.random.default_rng(0).standard_normal((2000, gan.latent_dim), dtype="float32")
        for name, network in rows.items():
            images = to_images(getattr(gan, network)(latents))
            scores[name][f"seed {seed}"], samples[name] = distance(images), images[:12]
            steep[name].append(slope(gan.discriminator))
    for name in rows:
        distances_of, slopes_of = scores[name].values(), steep[name]
        print(f"{name:19}", *(f"{d:6.1f}" for d in distances_of), "  slope", *(f"{d:5.2f}" for d in slopes_of))


falling, no_momentum = {"rate": 2e-3, "falling": True}, {"betas": (0.0, 0.99)}
all_five = {"networks": models.wide, "r1": 1.0, **falling, **no_momentum}

# %%
print("Fréchet distance of three seeds")
three_seeds({"first program": "generator", "averaged G": "average"})
three_seeds({"no momentum": "generator"}, **no_momentum)
three_seeds({"R1": "generator"}, r1=1.0)
three_seeds({"D ten times slower": "generator"}, rate_d=2e-5)
three_seeds({"R1 and no momentum": "generator"}, r1=1.0, **no_momentum)
three_seeds({"all but R1": "average"}, **all_five | {"r1": 0.0})
three_seeds({"all five": "average"}, **all_five)

# %% tags=["hide-input"]
pictures.show(
    pictures.dots(scores, "Fréchet distance to the test images (log scale)", log=True,
                  title="Of three repairs alone only R1 helps much. The other four together do better without it"),
    alt="Eight rows of three dots each. Alone, only R1 is clearly better than the first program; a slow D is worse. "
    "R1 without momentum is far better, and so are all repairs but R1. All five are best.",
)  # fmt: skip
shown = ["first program", "R1", "all but R1", "all five"]
pictures.show(
    pictures.side_by_side({name: samples[name] for name in shown}, columns=12, title="What the distances look like"),
    alt="Four rows of twelve generated images. The first program gives the same patch twelve times, R1 alone strokes "
    "and blots, all but R1 some readable digits, all five more.",
)

# %%
worst = {name: max(row.values()) for name, row in scores.items()}
best = {name: min(row.values()) for name, row in scores.items()}
alone = "averaged G", "no momentum"
claim("R1 alone beats each of the others alone", min(best[n] for n in alone) / worst["R1"], above=1.2, quality=True)
claim("yet all but R1 beat R1 alone", best["R1"] / worst["all but R1"], above=1.2, quality=True)
claim("and their D is several times as steep", min(steep["all but R1"]) / max(steep["R1"]), above=4, quality=True)
gentler = min(steep["first program"]) / max(steep["D ten times slower"])
claim("a slow D is several times less steep than at first", gentler, above=4, quality=True)
claim("but beside a slow D, G draws no better than at first",
      best["D ten times slower"] / worst["first program"], above=0.9, quality=True)  # fmt: skip
claim("beside R1, leaving out the momentum more than halves the distance",
      best["R1"] / worst["R1 and no momentum"], above=2, quality=True)  # fmt: skip
claim("all five are best, in every seed",
      min(best["R1 and no momentum"], best["all but R1"]) / worst["all five"], above=1, quality=True)  # fmt: skip

# %%
first.seed = 1  # fifteen more epochs, in another order: the rival is time
longer = first.fit(x_train, batch_size=128, epochs=15, verbose=0).history
distances["first, 20 epochs"] = distance(to_images(first.generate(10_000)))
print("first program, 5 and 20 epochs: distance {:.0f} and {:.0f}, slope {:.0f} and {:.0f}, D(x) {:.2f}".format(
      distances["first program"], distances["first, 20 epochs"], trained, slope(first.discriminator),
      longer["d_real"][-1]))  # fmt: skip
nearer = distances["first program"] / distances["first, 20 epochs"]
claim("with four times the steps G draws better, by a factor", nearer, above=1.8, quality=True)
claim("while its D is steeper still, by a factor", slope(first.discriminator) / trained, above=1.2, quality=True)

# %% [markdown]
# Read it with care.
#
# * **Is steepness the cause?** Charging for it, and changing nothing else, about halves the distance in every seed. Two
#   rows and time forbid the simple story. With all but R1, D is ten times as steep, and G draws *better* than with R1
#   alone. And with four times its steps the first program draws much better, while its D becomes steeper still: a
#   gentle D is not necessary. With D's rate divided by ten, D is gentler, and G draws worse: that is not enough. So at
#   equal steps R1 helps, and that it helps *by* making D gentle is a guess.
# * **Alone or together?** "No momentum" does nothing alone and much beside R1, in these 936 steps. (Section 9 takes it
#   apart: a larger rate, or more steps, do as much.)
# * What each of the others adds beside R1, the table does not say. Train a row of your own:
#   `three_seeds({"momentum kept": "average"}, **all_five | {"betas": (0.9, 0.999)})`. It may surprise you.
#
# ## 7 · The full run
#
# Now all five, on all 60,000 images. Two things can end the run: six epochs, or a *convergence criterion*. Ours is the
# Fréchet distance of 2,000 images, measured after every epoch (`MeasureFD`): when it has not improved for two epochs,
# Keras' `EarlyStopping` ends the run. The rate falls step by step, so we must say how many steps there are.
#
# **Exercise 3.** An epoch is one pass over the data, in batches. How many steps has it?
#
# <details><summary>Hint</summary>60,000 is not a multiple of 128. The last batch is smaller, and it counts.</details>


# %% tags=["exercise"]
def steps_in_an_epoch(images, batch_size):
    return ...


lesson04.steps_in_an_epoch(steps_in_an_epoch)


# solution
def steps_in_an_epoch(images, batch_size):
    return -(-images // batch_size)  # rounded up


lesson04.steps_in_an_epoch(steps_in_an_epoch)

# %% [markdown]
# Where are the five? `models.wide`, the falling `rate`, `adam` without momentum, `r1=1.0`; the average is on by
# default.
#
# <details><summary><b>Predict before you run:</b> what will D say at the end, to real and generated images?</summary>
#
# Close to one half to both: a little more to real images, a little less to generated ones. R1 may hold it there, too.
# </details>

# %%
steps = use(lesson04.steps_in_an_epoch, steps_in_an_epoch, lesson04.right_steps)
rate = keras.optimizers.schedules.CosineDecay(2e-3, decay_steps=6 * int(steps(len(x_train), 128)), alpha=0.02)
gan = GAN(*models.wide())
gan.compile(adam(rate), adam(rate), r1=1.0)
gan.restart(seed=0)

film = Film("runs/lesson-04")
callbacks = [MeasureFD(2000), keras.callbacks.EarlyStopping("fd", mode="min", patience=2), film, Progress()]
history = gan.fit(x_train, batch_size=128, epochs=6, verbose=0, callbacks=callbacks).history

# %% tags=["hide-input"]
pictures.show(
    pictures.digits(to_images(gan.generate(60)), columns=12, title="Digits that nobody wrote"),
    alt="Sixty generated digits in five rows. Most are readable, some are broken.",
)

# %% [markdown]
# Each place in the film keeps the same latent vector. Drag the slider, or use the arrow keys.

# %%
pictures.film(*film.images())

# %% tags=["hide-input"]
pictures.show(
    pictures.training_curves(history, "D ends close to one half"),
    alt="Three panels over the epochs. D's loss rises, then stays just below two log two; G's falls towards log two. "
    "D's mean opinions of real and of generated images come near one half. The Fréchet distance falls, steeply at "
    "first, and rises a little at the end.",
)

# %%
claim("D(x) is near one half", history["d_real"][-1], above=0.5, below=0.6, quality=True)
claim("D(G(z)) is near one half", history["d_fake"][-1], above=0.4, below=0.5, quality=True)

# %% [markdown]
# D's loss is shown without the penalty. If D cannot tell the images apart, the curves end at the dashed lines. So they
# do if D is broken (lesson 02), or held back by a penalty. Only the pictures and the judge say *good*. Which digit does
# the judge name in each picture? And how far is the cloud, with 10,000 images as in section 3?

# %%
features, probabilities = judge.look(to_images(gan.generate(10_000)))
shares = metrics.class_histogram(probabilities)
distances["full run"] = metrics.frechet_distance(features, test_features)
print("share of each digit:", *(f"{digit}: {share:.0%}" for digit, share in enumerate(shares)))
show_distances()
claim("all ten digits are there", shares.min(), above=0.04, quality=True)
claim("the distance is less than a twentieth of the first program's",
      distances["first program"] / distances["full run"], above=20, quality=True)  # fmt: skip

# %% [markdown]
# All ten digits are there, though not equally often, and the distance is still far above that of real images: look at
# the broken strokes. It is not the end. `course.py train` plays this game for some minutes and reaches about 0.14
# ([measured](../docs/quality.md)), with a choice among 64 in the latents, γ = 0.1, 44 epochs, and a D that also sees
# how much a batch varies.
#
# ## 8 · Keep what you made

# %%
np.savez_compressed("runs/lesson-04/generated_images.npz", images=to_images(gan.generate(10_000)))
save_weights("runs/lesson-04/generator.npz", gan.average)
print(*(f"{path.name}: {path.stat().st_size / 1e6:.1f} MB" for path in sorted(Path("runs/lesson-04").glob("gen*.*"))))

# %% [markdown]
# ## What you now know
#
# * A GAN is two losses and two phases. Each phase changes one network.
# * The losses do not say whether the pictures are good. D(x) and D(G(z)) say whether D has won; a judge says whether
#   the pictures are good.
# * In the first program D wins at first and becomes steep. Of three repairs alone only R1, the charge for steepness,
#   did much in 936 steps; the other four together lead to digits without it. What helps alone, and what helps beside
#   others, are two questions.
# * Change one thing at a time, with several seeds, and add the row that would refute your story.
#
# ## What usually goes wrong here
#
# * **D(x) → 1 and D(G(z)) → 0 and they stay there:** D has won. Try the repairs of section 6, and time.
# * **All pictures alike:** G ignores its latent vector. D may be fooled by the one picture, or may have won, as here.
# * **Both at one half from the first step, and fog:** D learns nothing. Is its penalty huge? (With a rate of 0 it is
#   outrun: D(G(z)) goes to 1.)
#
# Lesson 06 tells such illnesses from their look-alikes, and cures them.

# %% [markdown] tags=["further"]
# ## 9 · Further: what "no momentum" changed
#
# It changed two numbers, β₁ and β₂. Beside R1, on the small networks, change one at a time. The rival: in 936 steps at
# a small rate, whatever makes the steps larger or more may help. So keep the momentum, and make the *rate* five times
# as large, or take 2,340 steps.

# %%
print("Fréchet distance of three seeds")
three_seeds({"R1, β₁ = 0": "generator"}, r1=1.0, betas=(0.0, 0.999))
three_seeds({"R1, β₂ = 0.99": "generator"}, r1=1.0, betas=(0.9, 0.99))
three_seeds({"R1, rate × 5": "generator"}, r1=1.0, rate=1e-3)
three_seeds({"R1, 2,340 steps": "generator"}, epochs=10, r1=1.0)

# %%
worst = {name: max(row.values()) for name, row in scores.items()}
best = {name: min(row.values()) for name, row in scores.items()}
one_beta = worst["R1, β₁ = 0"], worst["R1, β₂ = 0.99"]
claim("each of the two betas helps beside R1, in every seed", best["R1"] / max(one_beta), above=1.1, quality=True)
claim("β₁ = 0 does more than β₂ = 0.99", best["R1, β₂ = 0.99"] / worst["R1, β₁ = 0"], above=1.1, quality=True)
share = (best["R1"] - worst["R1, rate × 5"]) / (best["R1"] - best["R1 and no momentum"])
claim("with the momentum kept, a rate five times as large does most of what both do", share, above=0.5, quality=True)
share = (best["R1"] - worst["R1, 2,340 steps"]) / (best["R1"] - best["R1 and no momentum"])
claim("so do more steps: the share of it", share, above=0.5, quality=True)

# %% [markdown]
# So at this small rate "leave out the momentum" is not *the* repair: a larger rate, or more steps, do about as much.
# Does that hold at the large rate of "all five"? The row that section 6 proposes at its end tells. A table of
# one-at-a-time changes holds at the settings around it, and not elsewhere.

# %% [markdown] tags=["further"]
# ## 10 · Further: is it copying?
#
# A machine that stores its training set would also draw perfect digits. So for some generated digits, find the most
# similar of all 60,000 training images, pixel by pixel. One pixel that goes from empty to full ink is distance 1.
#
# <details><summary><b>Predict before you run:</b> if G copied, how far would the nearest training image be?</summary>
#
# At distance 0. But near is not yet copied: a thin 1 that nobody has seen before also resembles many other 1s. We need
# something to compare with: real digits that G never saw.
# </details>

# %%
generated = to_images(gan.generate(300))
unseen = np.random.default_rng(0).choice(x_test, 300, replace=False)
distance_generated, which = metrics.nearest(generated, x_train)
distance_unseen, _ = metrics.nearest(unseen, x_train)
print(f"median distance to the nearest training image: {np.median(distance_generated):.1f} generated,")
print(f"{np.median(distance_unseen):.1f} for test images, which are real and were never seen")
claim("generated digits are not closer to the training set than unseen ones",
      np.median(distance_generated) / np.median(distance_unseen), above=0.9, quality=True)  # fmt: skip

# %% tags=["hide-input"]
pictures.show(
    pictures.side_by_side(
        {"generated": generated[:12], "nearest real": x_train[which[:12]]}, columns=12,
        title="Generated digits, and the training image nearest to each",
    ),
    alt="Twelve generated digits above the most similar training image of each: "
    "mostly the same digit, with other strokes.",
)  # fmt: skip

# %% [markdown]
# No sign of copying. But ragged strokes also add distance, so this test alone does not prove that nothing is stored.
# Lesson 05 has a sharper one.

# %% [markdown] tags=["further"]
# ## 11 · Further: a walk through latent space
#
# Take two latent vectors and go from one to the other in small steps. This G is continuous: small steps change its
# picture a little at a time. Are the pictures *in between* digits too?
#
# This G takes 64 normal numbers, and the length of such a vector is nearly always close to √64 = 8. A straight line
# would cut through shorter ones, which G rarely saw. So we walk along the sphere (White 2016).


# %%
def walk(start, end, steps=12):
    angle = np.arccos(start @ end / np.linalg.norm(start) / np.linalg.norm(end))
    t = np.linspace(0, 1, steps)[:, None]
    return (np.sin((1 - t) * angle) * start + np.sin(t * angle) * end) / np.sin(angle)


ends = np.random.default_rng(3).standard_normal((4, gan.latent_dim))
rows = np.concatenate([walk(ends[i], ends[i + 1]) for i in range(3)])
pictures.show(
    pictures.digits(to_images(gan.average(rows)), columns=12, title="Three walks between latent vectors"),
    alt="Three rows of twelve pictures. In each row a picture changes step by step into another one, "
    "sometimes through shapes that are no digit.",
)

# %% [markdown]
# Some are, and some are not. This G cannot jump: where one digit turns into another, it must show something between.

# %% [markdown] tags=["further"]
# ## 12 · Further: go on later
#
# A long training should survive a crash. `Run(folder).fit(gan, …)` trains as `gan.fit(…)` does, and saves every epoch.
# The next call with the same folder goes on from there. Is the result the same as without the break? Train for two
# epochs in one go. Then train for one, throw the model away, and go on with a new one. (On 1,280 images, to be quick.)
#
# <details><summary><b>Predict before you run:</b> saving the weights alone would not be enough. What else does the next
# step depend on?</summary>
#
# On the memory of both optimisers, the average of G, the order of the images, and the latents. The run saves the first
# two. The other two follow from the seed and the number of steps.
# </details>

# %%
import shutil

few = x_train[:1280]
results = []
for name, stops in {"in one go": [2], "with a break": [1, 2]}.items():
    folder = f"runs/lesson-04/{name}"
    shutil.rmtree(folder, ignore_errors=True)
    for part, epochs in enumerate(stops):
        keras.utils.set_random_seed(part)  # the second model starts from other weights
        gan_again = GAN(first_generator(), first_discriminator())
        gan_again.compile(jit_compile=False)
        Run(folder).fit(gan_again, few, epochs=epochs, verbose=0)
    results.append(gan_again.get_weights())

# %% tags=["nbval-check-output"]
claim("every weight is equal, bit for bit", all(np.array_equal(a, b) for a, b in zip(*results)))

# %% [markdown] tags=["further"]
# ## Where this comes from
#
# * Goodfellow and others (2014), *Generative adversarial nets*: the game, Algorithm 1 with its two phases,
#   and in section 3 the loss that G uses here.
# * Mescheder, Geiger, Nowozin (2018), *Which training methods for GANs do actually converge?*: the R1 penalty.
# * Heusel and others (2017), *GANs trained by a two time-scale update rule converge to a local Nash
#   equilibrium*: the Fréchet distance as a measure of generated images.
# * Karras and others (2018), *Progressive growing of GANs for improved quality, stability, and variation*: Adam
#   without momentum, with β₁ = 0 and β₂ = 0.99 (appendix A).
# * Yazici and others (2019), *The unusual effectiveness of averaging in GAN training*: the running average.
# * White (2016), *Sampling generative networks*: walking along the sphere.
# * LeCun, Cortes, Burges, *The MNIST database of handwritten digits* (CC BY-SA 3.0).
