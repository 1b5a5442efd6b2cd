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
# **You will train a network that draws handwritten digits nobody ever wrote.** First with the networks and settings of
# a blog article. That fails. You will measure how, find a repair, and train it again.
#
# *About five minutes of computing on two CPU cores, and half an hour of reading. You need Python and an idea of what a
# neural network is. Lessons 02 and 03 help, but this one stands alone.*
#
# After this lesson you can
#
# * train a GAN and tell from two numbers whether the game is balanced,
# * read the training step of a GAN line by line,
# * say what the R1 penalty measures and what it does for this program,
# * stop a training and go on with it later, without losing a bit.

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
from ganlib.evaluation import metrics
from ganlib.lessons.exercises import lesson04
from ganlib.evaluation.judge import load_judge
from ganlib.training.callbacks import MeasureFD
from ganlib.training.callbacks import Film, Progress

# %% [markdown]
# ## 1 · The real thing
#
# MNIST is 60,000 handwritten digits for training and 10,000 for testing. Each is a picture of 28 × 28 grey pixels.
#
# <details><summary><b>Predict before you run:</b> what share of all pixels has any ink on it?</summary>
#
# About one in five. A digit is a thin line on an empty page.
# </details>

# %% tags=["nbval-check-output"]
(x_train, y_train), (x_test, y_test) = load_mnist()
print(x_train.shape, x_train.dtype, "from", x_train.min(), "to", x_train.max())
print(f"{np.mean(x_train > 0):.0%} of the pixels have ink on them")
claim("an image is 28 × 28 pixels", x_train.shape == (60_000, 28, 28))
claim("about one pixel in five has ink", np.mean(x_train > 0), above=0.17, below=0.21)

# %%
pictures.show(
    pictures.digits(x_train[:30], columns=15, title="Real digits: thin, unbroken strokes"),
    alt="Thirty handwritten digits from the MNIST training set, white strokes on black.",
)

# %% [markdown]
# ## 2 · The article's networks and settings
#
# The article this course grew out of trains two small networks against each other.
#
# * The **generator** G takes 100 normal random numbers, the *latent* vector, and makes 784 pixels of them.
# * The **discriminator** D takes 784 pixels and says how likely they are to be a real digit.
#
# Its code does not run as printed: it is TensorFlow 1, and it has mistakes (it uses losses before they exist, for
# one). The first of the two losses that it prints has a wrong sign (lesson 03, section 6). So we keep its networks, its
# optimiser and its batch size, and use the correct training step, which section 5 writes out.
#
# D returns a *logit*, the number before the sigmoid: sigmoid(logit) is the probability D(x).

# %%
def article_generator():
    return keras.Sequential([
        keras.Input((100,)),
        keras.layers.Dense(128), keras.layers.LeakyReLU(negative_slope=0.2),
        keras.layers.Dense(128), keras.layers.LeakyReLU(negative_slope=0.2),
        keras.layers.Dense(784, activation="sigmoid"),  # pixels from 0 to 1
    ])  # fmt: skip


def article_discriminator():
    return keras.Sequential([
        keras.Input((784,)),
        keras.layers.Dense(128), keras.layers.LeakyReLU(negative_slope=0.2),
        keras.layers.Dense(128), keras.layers.LeakyReLU(negative_slope=0.2),
        keras.layers.Dense(1),  # a logit
    ])  # fmt: skip


# %% [markdown]
# Neither has learned anything yet. What do they do?

# %%
keras.utils.set_random_seed(0)
generator, discriminator = article_generator(), article_discriminator()
latents = np.random.default_rng(0).standard_normal((15, 100))
noise_images = to_images(generator(latents))  # (15, 28, 28)
opinions = tf.sigmoid(discriminator(x_train[:1000].reshape(-1, 784) / 255))  # (1000, 1)
print(f"D on real digits: {np.min(opinions):.2f} to {np.max(opinions):.2f}")
pictures.show(
    pictures.digits(noise_images, columns=15, title="What an untrained generator draws"),
    alt="Fifteen squares of grey noise without any shape.",
)

# %% [markdown]
# G draws fog, and D has no opinion: it hovers around one half. Now let them play.
#
# In every step, D sees 128 real images and 128 generated ones and learns to tell them apart. Then G learns to make
# D say "real". The article's settings are Adam with a learning rate of 0.0002 for both.
#
# `GAN` is a `keras.Model`, with `compile` and `fit` as in Keras. `r1=0` and `ema=0` switch off a penalty and an average
# that `ganlib` adds; sections 5 and 6 explain them.
#
# An **epoch** is one pass over the 60,000 images. After each, one line reports four means over the epoch: the two
# losses, and the probability that D gives to real images, D(x), and to generated ones, D(G(z)). If D said one half to
# everything, its loss would be 2 log 2 and G's log 2 (lesson 03, section 7). The curves show these two as dashed lines.
#
# <details><summary><b>Predict before you run:</b> who wins?</summary>
#
# D. Telling fog from digits is much easier than drawing digits. The question is whether G recovers.
# </details>

# %%
article = GAN(generator, discriminator)
article.compile(keras.optimizers.Adam(2e-4), keras.optimizers.Adam(2e-4), r1=0.0, ema=0.0)
article_history = article.fit(x_train, batch_size=128, epochs=5, verbose=0, callbacks=[Progress()]).history

# %%
pictures.show(
    pictures.digits(to_images(article.generate(30)), columns=15, title="The article's settings: one patch, thirty times"),
    alt="Thirty generated images. They are all nearly the same speckled patch, and none is a digit.",
)

# %%
pictures.show(
    pictures.training_curves(article_history, "D is certain, and G's loss stays far above log 2"),
    alt="Two panels over five epochs. D's loss falls to almost zero and G's rises far above it. "
    "D gives real images a probability near one and generated images one near zero.",
)

# %%
claim("D recognises real images", article_history["d_real"][-1], above=0.95, quality=True)
claim("D recognises generated images", article_history["d_fake"][-1], below=0.05, quality=True)
claim("G's loss is far above log 2", article_history["g_loss"][-1], above=3, quality=True)
spread = to_images(article.generate(100)).std(axis=0).mean()  # over 100 images, in grey levels
claim("its images are all alike", spread / x_train[:100].std(axis=0).mean(), below=0.2, quality=True)

# %% [markdown]
# **It fails.** The lower panel tells you at a glance: D says almost 1 to real images and almost 0 to generated ones. D
# has won, and in five epochs G did not recover: it draws nearly the same patch, whatever the latent vector is.
#
# ## 3 · How bad is it? Ask a judge
#
# "These are no digits" should be a number. The course ships a **judge**: a small network that reads digits. It decides
# from 64 numbers, its *features*. We compare the features of 10,000 generated images with those of the 10,000 test
# images: two clouds of points. The **Fréchet distance** (Heusel and others 2017) says how far apart they are. 0 means
# the same mean and the same covariance.
#
# Two warnings. As usual, the figure is the *squared* distance. And it comes from our own judge: do not compare it with
# figures in papers, which use another network. (Lesson 05 takes this measure apart.)

# %%
judge = load_judge()
test_features = judge.features(x_test)


def distance(images):
    return metrics.frechet_distance(judge.features(images), test_features)


accuracy = np.mean(judge.predict(x_test) == y_test)
claim("the judge reads test digits", accuracy, above=0.993, digits=4)

# %%
some_real = np.random.default_rng(0).choice(x_train, 10_000, replace=False)
fog = np.random.default_rng(0).integers(0, 256, (10_000, 28, 28), dtype=np.uint8)
distances = {"real images": distance(some_real), "pure noise": distance(fog)}
distances["article's settings"] = distance(to_images(article.generate(10_000)))


def show_distances():
    for name, value in distances.items():
        print(f"{name:22} {float(f'{value:.2g}'):8g}")


show_distances()

# %%
claim("its Fréchet figure is hundreds of times that of real images",
      distances["article's settings"] / distances["real images"], above=200, quality=True)  # fmt: skip

# %% [markdown]
# Read the table from the top. Other real images show how small the figure can be, pure noise how large. The article's
# images are hundreds of times above the first.
#
# ## 4 · Diagnosis before cure
#
# Three measurements. First, **D's accuracy** on images it has not trained on: how often is its logit on the right side
# of zero?

# %%
fake_images = to_images(article.generate(1000))


def logits(images):
    return article.discriminator(images.reshape(-1, 784) / np.float32(255)).numpy()


accuracy_real, accuracy_fake = np.mean(logits(x_test[:1000]) > 0), np.mean(logits(fake_images) < 0)
claim("D recognises new real digits", accuracy_real, above=0.9, quality=True)
claim("D recognises new generated images", accuracy_fake, above=0.9, quality=True)

# %% [markdown]
# D is seldom wrong. Second, **what reaches G**. G learns from one thing only: how its loss changes when a pixel of its
# image changes. The article's loss for G contains log(1 − D(G(z))), the *saturating* loss. We trained with
# −log D(G(z)), the *non-saturating* one. Measure the length of both gradients at the same images.
#
# Both losses are made of *softplus*(t) = log(1 + eᵗ). With the logit t, log(1 − D) is −softplus(t), and −log D is
# softplus(−t). A `GradientTape` records a computation so that it can be differentiated.
#
# <details><summary><b>Predict before you run:</b> D is sure that these images are fake. Which loss gives G more to go
# by?</summary>
#
# The non-saturating loss. The other one is flat where D is sure: the size of its slope in the logit is D(G(z)), nearly
# 0. For −log D(G(z)) it is 1 − D(G(z)), nearly 1.
# </details>


# %%
def gradient_length(images, loss, discriminator=article.discriminator):
    pixels = tf.constant(images.reshape(-1, 784) / np.float32(255))
    with tf.GradientTape() as tape:
        tape.watch(pixels)
        value = loss(discriminator(pixels))  # (n, 1), a loss for each image
    return float(tf.reduce_mean(tf.norm(tape.gradient(value, pixels), axis=1)))


saturating = gradient_length(fake_images, lambda logit: -tf.nn.softplus(logit))
non_saturating = gradient_length(fake_images, lambda logit: tf.nn.softplus(-logit))
print(f"gradient at generated images: {saturating:.2g} saturating, {non_saturating:.2g} non-saturating")
claim("the article's loss for G passes on less than a tenth",
      saturating / non_saturating, below=0.1, quality=True)  # fmt: skip

# %% [markdown]
# So with the article's own loss little would have reached this G. But we used the other one. Its gradient is there, and
# it did not lead to digits.
#
# Third, then, **how steep is D?** The **slope** of D at an image is the length of the gradient of its *logit* there. A
# slope of 5 means: move a distance of 0.1 through pixel space, in the direction that matters most to D, and the logit
# moves by about 0.5.


# %%
def slope(discriminator):
    return gradient_length(x_test[:1000], lambda logit: logit, discriminator)


untrained_slope, trained_slope = slope(article_discriminator()), slope(article.discriminator)
print(f"slope of D at real images: {untrained_slope:.1f} untrained, {trained_slope:.0f} after 5 epochs")
claim("D became at least five times steeper", trained_slope / untrained_slope, above=5, quality=True)

# %% [markdown]
# D wins, and it has become many times steeper. Here is a suspicion. A steep D changes its mind within a short distance.
# Then its gradient says where to go for the next small step, and little about where the digits are. Is that the cause
# of the failure, or only a companion of D's victory? Test it: charge D for steepness and change nothing else.
#
# ## 5 · The R1 penalty, and the training step written out
#
# The **R1 penalty** (Mescheder, Geiger and Nowozin 2018) adds to D's loss
#
# $$\frac{\gamma}{2}\,\mathbb{E}_{x\,\text{real}}\big\|\nabla_x \ell(x)\big\|^2 ,$$
#
# γ/2 times the mean *squared* slope at real images. Here $\ell(x)$ is D's logit and $\nabla_x \ell(x)$ its gradient in
# the pixels. We use γ = 1.
#
# **Exercise 1.** Write the penalty for gradients that are given: `slopes` has shape (images, 784), and each row is the
# gradient at one image. The slope is its length.
#
# <details><summary>Hint 1</summary>The squared length of a vector is the sum of the squares of its entries.</details>
# <details><summary>Hint 2</summary>The mean is over the images, and it comes last.</details>


# %% tags=["exercise"]
def r1(slopes, gamma):
    return ...


lesson04.r1(r1)


# solution
def r1(slopes, gamma):
    return gamma / 2 * np.mean(np.sum(slopes**2, axis=1))


lesson04.r1(r1)

# %% [markdown]
# Now the whole step. D minimises −log D(x) − log(1 − D(G(z))) and the penalty, G minimises −log D(G(z)) (Goodfellow and
# others 2014, section 3). In D's phase the inner tape gives the gradients for the penalty. The outer tape watches all
# of it, and gives the update of D.
#
# Read the step aloud: *D's phase changes only D, G's phase changes only G, and each uses fresh latents.*

# %%
softplus, mean = tf.nn.softplus, tf.reduce_mean  # softplus(-logit) = -log D,  softplus(logit) = -log(1 - D)


def training_step(G, D, optimizer_G, optimizer_D, real, latents_D, latents_G, gamma=1.0):
    fake = G(latents_D)  # (batch, 784)
    with tf.GradientTape() as tape:
        with tf.GradientTape() as slope_tape:
            slope_tape.watch(real)
            real_logits = D(real)  # (batch, 1)
        slopes = slope_tape.gradient(real_logits, real)  # (batch, 784)
        loss = mean(softplus(-real_logits)) + mean(softplus(D(fake)))
        loss += gamma / 2 * mean(tf.reduce_sum(slopes**2, axis=1))
    optimizer_D.apply_gradients(zip(tape.gradient(loss, D.trainable_variables), D.trainable_variables))

    with tf.GradientTape() as tape:
        loss = mean(softplus(-D(G(latents_G))))
    optimizer_G.apply_gradients(zip(tape.gradient(loss, G.trainable_variables), G.trainable_variables))


# %% [markdown]
# Is that really what `ganlib` does? Take two equal pairs of networks. Let ours train one and `ganlib` the other, on
# the same images and latents. Then compare every weight. (Section 6 says what the two betas of `adam` are.)

# %%
def adam(rate=2e-4, beta_1=0.0, beta_2=0.99):
    return keras.optimizers.Adam(rate, beta_1, beta_2)


ours, theirs = [(article_generator(), article_discriminator()) for _ in range(2)]
for network, copy in zip(ours, theirs):
    copy.set_weights(network.get_weights())
gan = GAN(*theirs)
gan.compile(adam(1e-3), adam(1e-3), r1=1.0)
optimizers = adam(1e-3), adam(1e-3)
real = tf.constant(x_train[:128].reshape(-1, 784) / np.float32(255))
for _ in range(3):
    latents = tf.random.normal([2, 128, 100])
    training_step(*ours, *optimizers, real, latents[0], latents[1])
    gan.step(real, latents)

# %%
pairs = [(a, b) for x, y in zip(ours, theirs) for a, b in zip(x.get_weights(), y.get_weights())]
difference = max(np.abs(a - b).max() for a, b in pairs)
claim("after three steps both have the same weights", difference, below=1e-5)

# %% [markdown]
# ## 6 · Five repairs, one at a time and together
#
# Five changes are often recommended for GANs. Which of them helps *here*?
#
# | repair | article | repaired | what people say for it |
# |---|---|---|---|
# | R1 | no penalty | γ = 1 | keep D gentle (Mescheder et al. 2018) |
# | no momentum | Adam's β₁ = 0.9, β₂ = 0.999 | 0 and 0.99 | old gradients come from an opponent who has moved on |
# | faster, then slower | rate 0.0002 | 0.002, falling to 2 % of it | fast first, fine at the end |
# | averaged G | draws with the latest weights | with their running average | no to and fro (Yazici et al. 2019) |
# | wider networks | 128 units, 100 latents | 512 units (256 in D's second layer), 64 latents | more room to learn |
#
# Adam's β₁ is the share of earlier gradients in each step, the *momentum*; β₂ is the same for their squares. 0 and 0.99
# are from Karras and others (2018). We test what each repair does, not whether the reason in the last column is right.
#
# To be quick, every training takes 940 steps: four passes over half the images. Each is repeated from three seeds. The
# distance is that of 2,000 images, so compare it within this table only: fewer images come out farther (lesson 05,
# section 5). `restart` gives a model new weights and keeps what TensorFlow has compiled.
#
# <details><summary><b>Predict before you run:</b> which single one helps most? Which are useless alone?</summary>
#
# R1 helps most. Each of the other four alone leaves more than two thirds of the article's distance.
# </details>


# %%
def make_gan(networks=models.article, falling=False, momentum=True, r1=0.0, ema=0.0):
    rate = keras.optimizers.schedules.CosineDecay(2e-3, 4 * 235, alpha=0.02) if falling else 2e-4
    betas = (0.9, 0.999) if momentum else (0.0, 0.99)
    gan = GAN(*networks())
    gan.compile(adam(rate, *betas), adam(rate, *betas), r1=r1, ema=ema)
    return gan


scores, samples = {}, {}


def three_seeds(name, **changes):
    gan, scores[name] = make_gan(**changes), {}
    for seed in range(3):
        gan.restart(seed)
        gan.fit(x_train[:30_000], batch_size=128, epochs=4, verbose=0)
        scores[name][f"seed {seed}"] = distance(to_images(gan.generate(2000)))
    samples[name] = to_images(gan.generate(10))
    print(f"{name:24}", *(f"{float(f'{value:.2g}'):8g}" for value in scores[name].values()))


# %%
print("Fréchet distance of three seeds")
three_seeds("the article's settings")
three_seeds("averaged G", ema=0.998)
three_seeds("faster, then slower", falling=True)
three_seeds("wider networks", networks=models.wide)
three_seeds("no momentum", momentum=False)
three_seeds("R1", r1=1.0)
three_seeds("R1 and no momentum", r1=1.0, momentum=False)
three_seeds("all five", networks=models.wide, falling=True, momentum=False, r1=1.0, ema=0.998)

# %%
pictures.show(
    pictures.dots(scores, "Fréchet distance to the test images (log scale)", log=True,
               title="Alone R1 helps most; without momentum it helps more"),
    alt="Eight rows of three dots each. The article's settings, averaging, the learning rate, wider networks and no "
    "momentum alone all stay far to the right. R1 alone is clearly better, R1 without momentum much better, all five "
    "together best.",
)  # fmt: skip
worst = {name: max(row.values()) for name, row in scores.items()}
best = {name: min(row.values()) for name, row in scores.items()}

# %%
alone = ["averaged G", "faster, then slower", "wider networks", "no momentum"]
claim("R1 alone beats each other repair alone, in every seed",
      min(best[name] for name in alone) / worst["R1"], above=1.2, quality=True)  # fmt: skip
claim("no other repair alone reaches two thirds of the article's distance",
      min(best[name] for name in alone) / worst["the article's settings"], above=0.67, quality=True)  # fmt: skip
claim("beside R1, leaving out the momentum cuts the distance to less than half",
      best["R1"] / worst["R1 and no momentum"], above=2, quality=True)  # fmt: skip
claim("all five are better still, in every seed",
      best["R1 and no momentum"] / worst["all five"], above=1.1, quality=True)  # fmt: skip
claim("all five cut the article's distance to less than a fifth",
      best["the article's settings"] / worst["all five"], above=5, quality=True)  # fmt: skip

# %%
shown = ["the article's settings", "R1", "R1 and no momentum", "all five"]
pictures.show(
    pictures.side_by_side({name: samples[name] for name in shown}, columns=10, title="What the distances look like"),
    alt="Four rows of ten generated images. The article's settings give the same patch ten times, R1 alone strokes "
    "and blots, R1 without momentum shapes like digits, all five readable digits.",
)

# %% [markdown]
# So steepness was more than a companion of the failure: charge for it and change nothing else, and the distance falls,
# in every seed. The pictures begin to differ and to have strokes. None of the other four does much alone. But leaving
# out the momentum more than halves the distance once R1 is there.
#
# What do the other three add beside R1? The table does not say. Find out:
# `three_seeds("R1 and wider networks", r1=1.0, networks=models.wide)` trains one more row.
#
# **Exercise 2.** The running average is one line. Write it: the share `keep` of the old average (`ema` above), the rest
# from the new weights.


# %% tags=["exercise"]
def running_average(average, weights, keep):
    return ...


lesson04.running_average(running_average)


# solution
def running_average(average, weights, keep):
    return keep * average + (1 - keep) * weights


lesson04.running_average(running_average)

# %% [markdown]
# ## 7 · The full run
#
# Now all five, on all 60,000 images. As in the article, two things can end the run: a set number of epochs, or a
# *convergence criterion*. Ours is the Fréchet distance of 2,000 images, measured after every epoch (`MeasureFD`): when
# it has not improved for two epochs, Keras' own `EarlyStopping` ends the run.
#
# The rate falls step by step, so we must say how many steps the run has.
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
# Where are the five? `models.wide`, the falling `rate`, `adam` without momentum, `r1=1.0`; and the average of G is on
# unless you switch it off.
#
# <details><summary><b>Predict before you run:</b> what will D say at the end, to real and generated images?</summary>
#
# Close to one half to both: a little more to real images, a little less to generated ones. The game is balanced.
# </details>

# %%
rate = keras.optimizers.schedules.CosineDecay(2e-3, decay_steps=7 * 469, alpha=0.02)
gan = GAN(*models.wide())
gan.compile(adam(rate), adam(rate), r1=1.0)
gan.restart(seed=0)

film = Film("runs/lesson-04")
callbacks = [MeasureFD(2000), keras.callbacks.EarlyStopping("fd", mode="min", patience=2), film, Progress()]
history = gan.fit(x_train, batch_size=128, epochs=7, verbose=0, callbacks=callbacks).history

# %%
digits = to_images(gan.generate(100))
pictures.show(
    pictures.digits(digits, columns=20, title="Digits that nobody wrote"),
    alt="A hundred generated digits in five rows. Most are readable, some are broken.",
)

# %% [markdown]
# ### Watch it learn
#
# Each place in the grid keeps the same latent vector for the whole film. Drag the slider, or use the arrow keys.

# %%
frames, epochs = film.images()
pictures.film(frames, epochs)

# %%
pictures.show(
    pictures.training_curves(history, "Balanced: D ends close to one half"),
    alt="Three panels over the epochs. D's loss rises to just below two log two; G's falls towards log two. D's mean "
    "opinions of real and of generated images come near one half. The Fréchet distance falls, steeply at first.",
)
claim("the distance fell to less than a third from the first epoch to the last",
      history["fd"][0] / history["fd"][-1], above=3, quality=True)  # fmt: skip
claim("D(x) is near one half", history["d_real"][-1], above=0.5, below=0.6, quality=True)
claim("D(G(z)) is near one half", history["d_fake"][-1], above=0.4, below=0.5, quality=True)
claim("D is less than a tenth as steep as with the article's settings",
      slope(gan.discriminator) / trained_slope, below=0.1, quality=True)  # fmt: skip

# %% [markdown]
# How to read this: dashed are again the losses that belong to a D that says one half to everything. (D's loss is shown
# without the penalty.) If D cannot tell the images apart, the curves end there. So they do if D is broken (lesson 02,
# section 7), and a penalty that is too large pushes them there as well (lesson 05, section 1). The curves say
# *balanced*; only the pictures and the judge say *good*.
#
# The judge gives every picture a digit, even a bad one. Which does it name, and how far is the cloud from the real one,
# with 10,000 images as in section 3?

# %%
features, probabilities = judge.look(to_images(gan.generate(10_000)))
shares = metrics.class_histogram(probabilities)
distances["full run"] = metrics.frechet_distance(features, test_features)
print("share of each digit:", *(f"{digit}: {share:.0%}" for digit, share in enumerate(shares)))
show_distances()

# %%
claim("all ten digits are there", shares.min(), above=0.04, quality=True)
claim("no digit takes over", shares.max(), below=0.16, quality=True)
claim("the Fréchet figure is less than a twentieth of that with the article's settings",
      distances["article's settings"] / distances["full run"], above=20, quality=True)  # fmt: skip

# %% [markdown]
# All ten digits are there, though not equally often. The distance has become much smaller, and it is still far above
# that of real images: look at the broken strokes in the grid.
#
# ## 8 · Is it copying?
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

# %%
pictures.show(
    pictures.side_by_side(
        {"generated": generated[:15], "nearest real": x_train[which[:15]]}, columns=15,
        title="Generated digits, and the training image nearest to each",
    ),
    alt="Fifteen generated digits above the most similar training image of each: "
    "mostly the same digit, with other strokes.",
)  # fmt: skip
ratio = np.median(distance_generated) / np.median(distance_unseen)
claim("generated digits are not closer to the training set than unseen ones",
      ratio, above=0.9, quality=True)  # fmt: skip

# %% [markdown]
# Generated digits are not closer to the training set than real digits that G never saw: no sign of copying. But ragged
# strokes also add distance, so this test alone does not prove that nothing is stored. Lesson 05, section 10, has a
# sharper one.
#
# ## 9 · A walk through latent space
#
# Take two latent vectors and go from one to the other in small steps. This G is continuous: small steps change its
# picture a little at a time. (The generator of lesson 01 makes a choice first, and can jump.) Are the pictures *in
# between* digits too?
#
# This G takes 64 normal numbers, and the length of such a vector is nearly always close to √64 = 8. A straight line
# would cut through shorter ones, which G rarely saw. So we walk along the sphere (White 2016).


# %%
def walk(start, end, steps=15):
    angle = np.arccos(start @ end / np.linalg.norm(start) / np.linalg.norm(end))
    t = np.linspace(0, 1, steps)[:, None]
    return (np.sin((1 - t) * angle) * start + np.sin(t * angle) * end) / np.sin(angle)


ends = np.random.default_rng(3).standard_normal((4, gan.latent_dim))
rows = np.concatenate([walk(ends[i], ends[i + 1]) for i in range(3)])
images = to_images(gan.average(rows))
pictures.show(
    pictures.digits(images, columns=15, title="Three walks between latent vectors"),
    alt="Three rows of fifteen pictures. In each row a digit changes step by step into another one, "
    "sometimes through shapes that are no digit.",
)

# %% [markdown]
# Many are, and some are not. This G cannot jump: where one digit turns into another, it must show something between.
#
# ## 10 · Save the images, and go on later
#
# The article ends by saving what it generated. So do we, as 8-bit pictures.

# %%
np.savez_compressed("runs/lesson-04/generated_images.npz", images=to_images(gan.generate(10_000)))
saved = np.load("runs/lesson-04/generated_images.npz", allow_pickle=False)["images"]
print(saved.shape, saved.dtype, f"{Path('runs/lesson-04/generated_images.npz').stat().st_size / 1e6:.1f} MB")
claim("the file holds 10,000 images of 28 × 28", saved.shape == (10_000, 28, 28))

# %% [markdown]
# A long training should survive a crash. Give `fit` a `Run`, a folder, and it saves every epoch. The next call with the
# same folder goes on from there. Is the result the same as without the break? Train for two epochs in one go. Then
# train for one, throw the model away, and go on with a new one. (On 6,400 images, to be quick.)
#
# <details><summary><b>Predict before you run:</b> saving the weights alone would not be enough. What else does the next
# step depend on?</summary>
#
# On the memory of both optimisers, the average of G, the order of the images, and the latents. The run saves the first
# two. The other two follow from the seed and the number of steps.
# </details>

# %%
import shutil

few = x_train[:6400]
results = []
for name, stops in {"in one go": [2], "with a break": [1, 2]}.items():
    folder = f"runs/lesson-04/{name}"
    shutil.rmtree(folder, ignore_errors=True)
    for part, epochs in enumerate(stops):
        keras.utils.set_random_seed(part)  # the second model starts from other weights
        gan_again = GAN(article_generator(), article_discriminator())
        gan_again.compile()
        Run(folder).fit(gan_again, few, epochs=epochs, verbose=0)
    results.append(gan_again.get_weights())

# %% tags=["nbval-check-output"]
claim("every weight is equal, bit for bit", all(np.array_equal(a, b) for a, b in zip(*results)))

# %% [markdown]
# ## What you now know
#
# * A GAN is two losses and two phases. Each phase changes one network.
# * The losses do not say whether the pictures are good. D(x) and D(G(z)) say whether the game is balanced; a judge
#   says whether the pictures are good.
# * With the article's settings D wins and becomes steep. Of five repairs, only the charge for steepness, R1, does much
#   alone. Without momentum it does more, and all five together draw digits.
# * A training can go on after a break as if there had been none, if everything that the next step needs is saved.
#
# ## What usually goes wrong here
#
# * **D(x) → 1 and D(G(z)) → 0 and they stay there:** D has won. Penalise its slope.
# * **Both at one half from the first step, and fog:** D learns nothing. Look at its learning rate and its labels.
# * **All pictures alike:** G ignores its latent vector. D may be fooled by the one picture, or may have won, as in
#   section 2.
# * **Your pictures run from −1 to 1 and your data from 0 to 1:** D sees the difference at once. Scale both alike.
#
# Lesson 06 shows each of these, tells it from its look-alikes, and cures it.
#
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
