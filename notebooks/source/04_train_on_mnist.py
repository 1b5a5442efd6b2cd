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
# *About three minutes of computing on two CPU cores. You need Python and an idea of what a neural network is.*
#
# After this lesson you can
#
# * train a GAN and tell from two numbers whether the game is balanced,
# * read the training step of a GAN line by line,
# * say what the R1 penalty measures and why it repairs this program,
# * stop a training and go on with it later, without losing a bit.

# %% tags=["setup"]
# Set-up: the same cell in every lesson.
import sys
from pathlib import Path

root = [folder for folder in Path.cwd().resolve().parents if (folder / "ganlib" / "gan.py").exists()]
if not root:
    raise SystemExit("There is no ganlib here: open this notebook inside the folder of the course.")
sys.path.insert(0, str(root[0]))
import ganlib

print(ganlib.start())

# %%
import keras
import numpy as np
import tensorflow as tf

from ganlib import GAN, Run, claim, load_mnist, metrics, models, player, plots, to_images
from ganlib.judge import load_judge
from ganlib.runs import Film, Progress

# %% [markdown]
# ## 1 · The real thing
#
# MNIST is 60,000 handwritten digits for training and 10,000 for testing. Each is a picture of 28 × 28 grey pixels.
#
# <details><summary><b>Predict before you run:</b> what share of all pixels has any ink on it?</summary>
#
# Fewer than most people guess: about one in five. A digit is a thin line on an empty page.
# </details>

# %% tags=["nbval-check-output"]
(x_train, y_train), (x_test, y_test) = load_mnist()
print(x_train.shape, x_train.dtype, "from", x_train.min(), "to", x_train.max())
print(f"{np.mean(x_train > 0):.0%} of the pixels have ink on them")
claim("an image is 28 × 28 pixels", x_train.shape == (60_000, 28, 28))
claim("about one pixel in five has ink", np.mean(x_train > 0), above=0.17, below=0.21)

# %%
plots.show(
    plots.digits(x_train[:30], columns=15, title="Real digits: thin, unbroken strokes"),
    alt="Thirty handwritten digits from the MNIST training set, white strokes on black.",
)

# %% [markdown]
# ## 2 · The article's networks and settings
#
# The article this course grew out of trains two small networks against each other.
#
# * The **generator** G takes 100 random numbers, the *latent* vector, and makes 784 pixels of them.
# * The **discriminator** D takes 784 pixels and says how likely they are to be a real digit.
#
# Its code does not run as printed: it is TensorFlow 1, and it has mistakes (it uses losses before they exist, for
# one). So we keep its networks, its optimiser and its batch size, and use the correct training step, which section 5
# writes out. D returns a *logit*, the number before the sigmoid: sigmoid(logit) is the probability D(x).

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
plots.show(
    plots.digits(noise_images, columns=15, title="What an untrained generator draws"),
    alt="Fifteen squares of grey noise without any shape.",
)

# %% [markdown]
# G draws fog, and D has no opinion: it hovers around one half. Now let them play.
#
# In every step, D sees 128 real images and 128 generated ones and learns to tell them apart. Then G learns to make
# D say "real". The article's settings are Adam with a learning rate of 0.0002 for both. `GAN` is a `keras.Model`, so
# `compile` and `fit` are Keras' own. We switch off what `ganlib` adds (`r1=0`, `ema=0`).
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
plots.show(
    plots.digits(to_images(article.generate(30)), columns=15, title="The article's settings: one patch, thirty times"),
    alt="Thirty generated images. They are all nearly the same speckled patch, and none is a digit.",
)

# %%
plots.show(
    plots.training_curves(article_history, "D is certain, and G's loss stays far above log 2"),
    alt="Two panels over five epochs. D's loss falls to almost zero and G's rises far above it. "
    "D gives real images a probability near one and generated images one near zero.",
)

# %%
claim("D recognises real images", article_history["d_real"][-1], above=0.95)
claim("D recognises generated images", article_history["d_fake"][-1], below=0.05)
claim("G's loss is far above log 2", article_history["g_loss"][-1], above=3)
spread = to_images(article.generate(100)).std(axis=0).mean()  # over 100 images, in grey levels
claim("its images are all alike", spread / x_train[:100].std(axis=0).mean(), below=0.2, quality=True)

# %% [markdown]
# **It fails.** The lower panel tells you at a glance: D says almost 1 to real images and almost 0 to generated ones. D
# has won, and in five epochs G did not recover: it draws the same patch, whatever the latent vector is.
#
# (The loss of D is shown without any penalty. All four figures are means over an epoch, one pass over the 60,000
# images in 469 batches.)
#
# ## 3 · How bad is it? Ask a judge
#
# "These are no digits" should be a number. The course ships a **judge**: a small network that reads digits. It
# turns every image into 64 features. We compare the features of 10,000 generated images with those of the 10,000 test
# images. The **Fréchet distance** says how far apart the two clouds are: 0 means the same mean and the same
# covariance. As usual, the figure is the *squared* distance. It comes from our own judge, so do not compare it with
# figures in papers, which use another network. (Lesson 05, to come, takes this measure apart.)

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
# ## 4 · What does a winning D look like?
#
# G learns from one thing only: how D's opinion changes when a pixel changes. So look at D's **slope**, the length of
# the gradient of D's logit in the 784 pixels. A slope of 5 means: move a distance of 0.1 through pixel
# space, in the direction that matters most to D, and the logit moves by about 0.5.


# %%
def slope(discriminator, images):
    pixels = tf.constant(images.reshape(-1, 784) / np.float32(255))
    with tf.GradientTape() as tape:
        tape.watch(pixels)
        logits = discriminator(pixels)
    return float(tf.reduce_mean(tf.norm(tape.gradient(logits, pixels), axis=1)))


untrained_slope = slope(article_discriminator(), x_test[:1000])
trained_slope = slope(article.discriminator, x_test[:1000])
fake_slope = slope(article.discriminator, to_images(article.generate(1000)))
print(f"slope of D at real images: {untrained_slope:.1f} untrained, {trained_slope:.0f} after 5 epochs")
print(f"slope of D at generated images after 5 epochs: {fake_slope:.0f}")
claim("D became at least five times steeper", trained_slope / untrained_slope, above=5, quality=True)

# %% [markdown]
# D has become many times steeper. Is that the cause of the failure, or only a companion of D's victory? Test it: charge
# D for steepness and change nothing else.
#
# ## 5 · The repair
#
# The **R1 penalty** (Mescheder, Geiger and Nowozin 2018) adds to D's loss
#
# $$\frac{\gamma}{2}\,\mathbb{E}_{x\,\text{real}}\big\|\nabla_x \ell(x)\big\|^2 ,$$
#
# γ/2 times the mean *squared* slope at real images, where $\ell(x)$ is D's logit. We use γ = 1.
#
# ### The training step, written out
#
# D minimises −log D(x) − log(1 − D(G(z))), and G minimises −log D(G(z)) (Goodfellow and others 2014, section 3). In
# logits both are made of *softplus*, log(1 + eˣ). A `GradientTape` records a computation so that it can be
# differentiated: the inner tape gives the slopes, the outer one the update.
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
# the same images and latents. Then compare every weight.

# %%
def adam(rate=1e-3):
    return keras.optimizers.Adam(rate, beta_1=0.0, beta_2=0.99)


ours, theirs = [(article_generator(), article_discriminator()) for _ in range(2)]
for network, copy in zip(ours, theirs):
    copy.set_weights(network.get_weights())
gan = GAN(*theirs)
gan.compile(adam(), adam(), r1=1.0)
optimizers = adam(), adam()
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
# ### R1 and nothing else
#
# The same networks, the same Adam, the same five epochs. One change: `r1=1.0`.

# %%
keras.utils.set_random_seed(0)
with_r1 = GAN(article_generator(), article_discriminator())
with_r1.compile(keras.optimizers.Adam(2e-4), keras.optimizers.Adam(2e-4), r1=1.0, ema=0.0)
with_r1.fit(x_train, batch_size=128, epochs=5, verbose=0, callbacks=[Progress()])
distances["article, R1 alone"] = distance(to_images(with_r1.generate(10_000)))
plots.show(
    plots.digits(to_images(with_r1.generate(30)), columns=15, title="R1 alone: strokes, and some digits"),
    alt="Thirty generated images, no longer all alike. Some are readable digits, others loose strokes.",
)

# %%
show_distances()
claim("R1 alone cuts the Fréchet figure to less than a quarter",
      distances["article's settings"] / distances["article, R1 alone"], above=4, quality=True)  # fmt: skip
claim("D's slope stays gentle", slope(with_r1.discriminator, x_test[:1000]), below=2, quality=True)

# %% [markdown]
# So steepness was not only a companion: without it, D no longer wins outright, and the pictures differ from each other.
# Three more changes go with it:
#
# | what | article | repaired | the idea |
# |---|---|---|---|
# | penalty on D | none | R1, γ = 1 | keep D gentle |
# | learning rate | 0.0002 | 0.002, falling to 2 % of it | fast first, fine at the end |
# | Adam's β₁, β₂ | 0.9, 0.999 | 0, 0.99 | no momentum: old gradients come from an opponent who has moved on |
# | which G draws | the latest | the running average | smooth out the to and fro (Yazici and others 2019) |
#
# We measure these three together, not each alone.


# %%
def train(networks, epochs, callbacks=()):
    gan = GAN(*networks)
    rate = keras.optimizers.schedules.CosineDecay(2e-3, decay_steps=epochs * 469, alpha=0.02)
    gan.compile(adam(rate), adam(rate), r1=1.0)
    history = gan.fit(x_train, 128, epochs, [Progress(), *callbacks], verbose=0).history
    return gan, history


keras.utils.set_random_seed(0)
repaired, repaired_history = train((article_generator(), article_discriminator()), epochs=5)

# %%
plots.show(
    plots.digits(to_images(repaired.generate(30)), columns=15, title="All four changes: digits with rough edges"),
    alt="Thirty generated images. Many of them are readable digits with rough edges.",
)

# %%
distances["article, repaired"] = distance(to_images(repaired.generate(10_000)))
show_distances()
claim("all four changes cut it to less than a sixth",
      distances["article's settings"] / distances["article, repaired"], above=6, quality=True)  # fmt: skip
claim("R1 alone stays further away",
      distances["article, R1 alone"] / distances["article, repaired"], above=1.15, quality=True)  # fmt: skip

# %% [markdown]
# ## 6 · The full run
#
# Digits have appeared; the strokes are still rough. Now take wider networks, fewer latent numbers and three more
# epochs: G 64 → 512 → 512 → 784 and D 784 → 512 → 256 → 1. While it trains, one line per epoch reports the two losses
# and D's mean opinion of real images, D(x), and of generated ones, D(G(z)). In a balanced game both come near one half.

# %%
film = Film("runs/lesson-04")
keras.utils.set_random_seed(0)
gan, history = train(models.wide(), epochs=8, callbacks=[film])

# %%
digits = to_images(gan.generate(100))
plots.show(
    plots.digits(digits, columns=20, title="Digits that nobody wrote"),
    alt="A hundred generated digits in five rows. Most are readable, some are broken.",
)

# %% [markdown]
# ### Watch it learn
#
# Each place in the grid keeps the same latent vector for the whole film. Drag the slider, or use the arrow keys.

# %%
frames, epochs = film.images()
player.film(frames, epochs)

# %%
plots.show(
    plots.training_curves(history, "Balanced: D stays close to one half"),
    alt="Two panels over eight epochs. D's loss rises to just below two log two; G's falls towards "
    "log two. D's mean opinions of real and of generated images come near one half.",
)
claim("D(x) is near one half", history["d_real"][-1], above=0.5, below=0.6, quality=True)
claim("D(G(z)) is near one half", history["d_fake"][-1], above=0.4, below=0.5, quality=True)

# %% [markdown]
# How to read this: `2 log 2 = 1.386` and `log 2 = 0.693` are the losses of a D that says one half to everything. A D
# that cannot tell the images apart ends there. So does a D that is broken, and a penalty that is too large pushes D
# there as well. The curves say *balanced*; only the pictures and the judge say *good*.
#
# The judge gives every picture a digit, even a bad one. Here is what it names:

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
# ## 7 · Is it copying?
#
# A machine that stores its training set would also draw perfect digits. So for some generated digits, find the most
# similar of all 60,000 training images, pixel by pixel.
#
# <details><summary><b>Predict before you run:</b> if G copied, how far would the nearest training image be?</summary>
#
# At distance 0. But near is not yet copied: a thin 1 that nobody has seen before also resembles many other 1s. We need
# something to compare with: real digits that G never saw.
# </details>


# %%
training = x_train.reshape(-1, 784) / np.float32(255)
squares = (training**2).sum(axis=1)


def nearest(images):
    pixels = images.reshape(-1, 784) / np.float32(255)
    squared = (pixels**2).sum(axis=1)[:, None] - 2 * pixels @ training.T + squares  # (n, 60000)
    return squared.argmin(axis=1), np.sqrt(squared.min(axis=1).clip(0))


generated = to_images(gan.generate(300))
which, distance_generated = nearest(generated)
_, distance_unseen = nearest(x_test[np.random.default_rng(0).choice(10_000, 300, replace=False)])
print(f"median distance to the nearest training image: {np.median(distance_generated):.1f} generated,")
print(f"{np.median(distance_unseen):.1f} for test images, which are real and were never seen")

# %%
plots.show(
    plots.side_by_side(
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
# One pixel that goes from empty to full ink is distance 1. (Ragged strokes also add distance, so this test alone does
# not prove that nothing is stored. Lesson 05, to come, has a sharper one.)
#
# ## 8 · A walk through latent space
#
# Take two latent vectors and go from one to the other in small steps. Every network changes its picture gradually. The
# question is whether the pictures *in between* are digits too.
#
# (Vectors of 64 normal numbers nearly all have a length near 8. A straight line would cut through shorter ones, which G
# rarely saw. So we walk along the sphere: White 2016.)


# %%
def walk(start, end, steps=15):
    angle = np.arccos(start @ end / np.linalg.norm(start) / np.linalg.norm(end))
    t = np.linspace(0, 1, steps)[:, None]
    return (np.sin((1 - t) * angle) * start + np.sin(t * angle) * end) / np.sin(angle)  # along the sphere


ends = np.random.default_rng(3).standard_normal((4, gan.latent_dim))
rows = np.concatenate([walk(ends[i], ends[i + 1]) for i in range(3)])
images = to_images(gan.average(rows))
plots.show(
    plots.digits(images, columns=15, title="One digit turns into another"),
    alt="Three rows of fifteen pictures. In each row a digit changes step by step into another one, "
    "sometimes through shapes that are no digit.",
)

# %% [markdown]
# ## 9 · Save the images, and go on later
#
# The article ends by saving what it generated. So do we, as 8-bit pictures.

# %%
np.savez_compressed("runs/lesson-04/generated_images.npz", images=to_images(gan.generate(10_000)))
saved = np.load("runs/lesson-04/generated_images.npz", allow_pickle=False)["images"]
print(saved.shape, saved.dtype, f"{Path('runs/lesson-04/generated_images.npz').stat().st_size / 1e6:.1f} MB")
claim("the file holds 10,000 images of 28 × 28", saved.shape == (10_000, 28, 28))

# %% [markdown]
# A long training should survive a crash. Give `fit` a `Run`, a folder, and it saves every epoch. The next call with the
# same folder goes on from there. How exactly? Train for two epochs in one go. Then train for one, throw the
# model away, and go on with a new one. (On 6,400 images, to be quick.)

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
        gan_again.fit(few, epochs=epochs, verbose=0, run=Run(folder))
    results.append(gan_again.get_weights())

# %% tags=["nbval-check-output"]
claim("every weight is equal, bit for bit", all(np.array_equal(a, b) for a, b in zip(*results)))

# %% [markdown]
# ## What you now know
#
# * A GAN is two losses and two phases. Each phase changes one network.
# * The losses do not say whether the pictures are good. D(x) and D(G(z)) say whether the game is balanced; a judge
#   says whether the pictures are good.
# * With the article's settings D wins and becomes steep. A charge for steepness, R1, is enough to change that.
# * You saw one seed. The limits in the claims held for three.
#
# ## What usually goes wrong here
#
# * **D(x) → 1 and D(G(z)) → 0 and they stay there:** D has won. Penalise its slope.
# * **Both at one half from the first step, and fog:** D learns nothing. Look at its learning rate and its labels.
# * **All pictures alike:** G ignores its latent vector. D may be fooled by the one picture, or may have won, as in
#   section 2. (Lesson 06, to come, is about this.)
# * **Your pictures run from −1 to 1 and your data from 0 to 1:** D sees the difference at once. Scale both alike.
#
# ## Where this comes from
#
# * Goodfellow and others (2014), *Generative adversarial nets*: the game, Algorithm 1 with its two phases,
#   and in section 3 the loss that G uses here.
# * Mescheder, Geiger, Nowozin (2018), *Which training methods for GANs do actually converge?*: the R1 penalty.
# * Heusel and others (2017), *GANs trained by a two time-scale update rule converge to a local Nash
#   equilibrium*: the Fréchet distance as a measure of generated images.
# * Yazici and others (2019), *The unusual effectiveness of averaging in GAN training*: the running average.
# * White (2016), *Sampling generative networks*: walking along the sphere.
# * LeCun, Cortes, Burges, *The MNIST database of handwritten digits* (CC BY-SA 3.0).
