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
# # 01 · Background
#
# **You will try to draw a digit without a neural network, four times. Each time something is missing. Then you will
# meet a machine that learns to find what is missing, and a network that learned to draw from such a machine.**
#
# *About one minute of computing on two CPU cores. You need Python and an idea of what a neural network is. Nothing
# comes before this lesson.*
#
# After this lesson you can
#
# * say what a generative model is, and how it differs from a classifier,
# * place GANs in the history of artificial intelligence,
# * draw new samples with four simple models, and measure what each gets wrong,
# * explain why a *learned* critic is worth having.
#
# How to read a lesson: run its cells from top to bottom (Shift + Enter). A line with ✓ is a claim that the run has just
# checked; a false one stops the lesson. Make your own prediction before you unfold ours. In an exercise, put your code
# where the three dots are. You may also skip it: nothing below depends on it, and the folder `solutions` has an answer.

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
import keras
import numpy as np
import tensorflow as tf
from scipy import ndimage, stats

from ganlib import claim, load_mnist, models, pictures, to_images
from ganlib.evaluation import metrics
from ganlib.lessons import baselines
from ganlib.lessons.exercises import lesson01
from ganlib.evaluation.judge import load_judge

# %% [markdown]
# ## 1 · What does "generative" mean?
#
# Here are 70,000 handwritten digits, 28 × 28 grey pixels each. The collection is called MNIST (LeCun and others 1998).

# %% tags=["nbval-check-output"]
(x_train, y_train), (x_test, y_test) = load_mnist()
print("training", x_train.shape, "test", x_test.shape, "grey levels from", x_train.min(), "to", x_train.max())
possible = 256**784  # 784 pixels, 256 grey levels each
print("the number of different images of this size has", len(str(possible)), "digits")
claim("there are more than 10 to the power 1888 images of this size", possible > 10**1888)

# %% [markdown]
# Somewhere among all these images are the ones that look like a handwritten digit. A **generative model** is a machine
# that draws new examples from there. In the language of probability: the digits are samples of an unknown
# distribution *p*. We have samples, not *p*. A generative model learns from the samples how to draw more.
#
# <details><summary><b>Predict before you run:</b> draw every pixel at random, each grey level with the same chance. How
# many such images must you look at until one looks like a digit?</summary>
#
# More than anybody will ever look at. In most digits more than half of the pixels are exactly black. A random pixel is
# black once in 256 times.
# </details>

# %%
rng = np.random.default_rng(0)
random_images = rng.integers(0, 256, (15, 28, 28), dtype=np.uint8)
pictures.show(
    pictures.side_by_side({"real": x_train[:15], "every pixel at random": random_images}, columns=15,
                       title="Real digits, and images drawn blindly"),
    alt="A row of fifteen handwritten digits, white on black, above a row of fifteen squares of grey noise.",
)  # fmt: skip

# %%
black = (x_train == 0).mean(axis=(1, 2))  # for each image, its share of black pixels
print(f"black pixels: {black.mean():.0%} of a real digit, {1 / 256:.1%} of a random image")
claim("more than 99% of the digits are more than half black", np.mean(black > 0.5), above=0.99, digits=4)
logs = stats.binom.logpmf(np.arange(393, 785), 784, 1 / 256)  # more than half of 784: added as logarithms,
chance = np.logaddexp.reduce(logs) / np.log(10)  # because the chance is too small for a float
print(f"chance that a random image is more than half black: 1 in 10 to the power {-chance:.0f}")
claim("that is less than once in 10 to the power 700 images", chance, below=-700, digits=4)

# %% [markdown]
# So almost every image is no digit, and nobody can write down the rule that says which ones are. That is why drawing
# is hard: **a generative model must find a tiny region in a huge space, from examples alone**. It must cover all of
# the region (every digit, every handwriting), and nothing else.
#
# A classifier has an easier task: it is *given* images from the region.
#
# ## 2 · Seventy years in one picture
#
# How did people try to make machines intelligent? Four eras are usually told apart. They overlap.
#
# **Symbolic AI.** Intelligence is the handling of symbols by rules: logic, search, grammar. (The perceptron stands here
# by its date. It already *learned* its weights.)

# %%
symbolic = [
    (1950, "Turing asks whether machines can think"),
    (1956, "Dartmouth workshop on “artificial intelligence”"),
    (1956, "Logic Theorist proves theorems (Newell, Simon)"),
    (1958, "Perceptron: a machine that learns (Rosenblatt)"),
    (1966, "ELIZA holds a conversation by rules (Weizenbaum)"),
    (1972, "SHRDLU obeys English in a world of blocks (Winograd)"),
]

# %% [markdown]
# **Knowledge-based systems.** General rules were not enough. So people wrote down what experts know, as hundreds or
# thousands of if-then rules. DENDRAL was begun in 1965, before the era that it opened; MYCIN's rules came from
# physicians. XCON worked for a computer maker for years, but writing and maintaining the rules stayed costly.

# %%
knowledge = [
    (1971, "DENDRAL finds molecules (Feigenbaum and others)"),
    (1975, "MYCIN advises on infections (Shortliffe, Buchanan)"),
    (1980, "R1, later XCON, configures computers (McDermott)"),
]

# %% [markdown]
# **Machine learning.** Not rules but examples: a program with adjustable numbers, and a method that adjusts them.
# (Back-propagation is older than 1986; this paper made it the method of neural networks.) Two networks of this era
# already *generate*: the Boltzmann machine, and the deep belief net, which drew MNIST digits.

# %%
learning = [
    (1985, "Boltzmann machine (Ackley, Hinton, Sejnowski)"),
    (1986, "back-propagation (Rumelhart and others)"),
    (1989, "reading zip codes (LeCun and others)"),
    (1995, "support-vector networks (Cortes, Vapnik)"),
    (1998, "LeNet-5 and MNIST (LeCun and others)"),
    (2001, "random forests (Breiman)"),
    (2006, "deep belief net (Hinton, Osindero, Teh)"),
]

# %% [markdown]
# **Deep learning.** Networks with many layers, many examples, and graphics processors. In 2012 AlexNet won the ImageNet
# contest. In June 2014 Ian Goodfellow and seven co-authors put **generative adversarial nets** on arXiv: two networks,
# one that draws and one that tells drawings from real data, trained against each other.

# %%
deep = [
    (2012, "AlexNet (Krizhevsky, Sutskever, Hinton)"),
    (2013, "VAE (Kingma, Welling)"),
    (2014, "GAN (Goodfellow and others)"),
    (2015, "diffusion (Sohl-Dickstein and others)"),
    (2015, "DCGAN (Radford, Metz, Chintala)"),
    (2017, "WGAN (Arjovsky, Chintala, Bottou)"),
    (2017, "Transformer (Vaswani and others)"),
    (2017, "progressive GAN (Karras and others)"),
    (2018, "BigGAN (Brock, Donahue, Simonyan)"),
    (2018, "StyleGAN (Karras, Laine, Aila)"),
    (2020, "denoising diffusion (Ho, Jain, Abbeel)"),
    (2024, "R3GAN (Huang and others)"),
]

# %% [markdown]
# <details><summary><b>Predict before you run:</b> which of these 28 entries are generative models? (Leave the
# Transformer aside: it was made for translation.) In which eras do they stand?</summary>
#
# Twelve, drawn in orange below: two in the era of machine learning, ten in that of deep learning.
# </details>

# %%
eras = {"Symbolic AI": (1950, 1980), "Knowledge-based systems": (1970, 1990),
        "Machine learning": (1980, 2010), "Deep learning": (2010, None)}  # fmt: skip
milestones = dict(zip(eras, [symbolic, knowledge, learning, deep]))
others = {"AlexNet", "Transformer"}
generative = [text for _, text in deep if text.split()[0] not in others] + [learning[0][1], learning[-1][1]]
pictures.show(
    pictures.timeline(eras, milestones, "GANs came 58 years after Dartmouth. In orange: generative models", generative),
    alt="A timeline from 1950 to today with four overlapping blocks: symbolic AI, knowledge-based systems, machine "
    "learning, deep learning. Ten of the twelve generative models stand in the last block; GANs stand at 2014.",
)

# %% tags=["nbval-check-output"]
year = {text.split()[0]: year for entries in milestones.values() for year, text in entries}
claim("GANs came 58 years after the Dartmouth workshop", year["GAN"] - year["Dartmouth"], equals=58)
claim("28 entries, 12 of them generative", [sum(map(len, milestones.values())), len(generative)] == [28, 12])
younger = [text for entries in milestones.values() for when, text in entries if when > year["AlexNet"]]
claim("ten of the twelve are younger than AlexNet", len(set(younger) & set(generative)), equals=10)
claim("the VAE is older than the GAN, and diffusion younger", year["VAE"] < year["GAN"] < year["diffusion"])

# %% [markdown]
# The year is that of the publication listed at the end of this lesson, on arXiv if it was there first (for Dartmouth,
# of the workshop itself). Some ideas were in print earlier. The eras are a convention: learning machines existed in
# 1958, and programs made of rules are in use today.
#
# What came after 2014? First GANs that trained better (DCGAN, WGAN) and drew larger pictures (progressive GAN, BigGAN,
# StyleGAN). Then **diffusion models**, which draw by removing noise in many small steps, took over much of
# image generation. R3GAN asks how far a GAN with today's networks gets.
#
# ### A sister, and a mix-up
#
# The **variational autoencoder** (VAE; Kingma and Welling, December 2013) is half a year older. One blog article on
# GANs says that VAEs "minimise the difference between generator and discriminator". That is wrong: *a VAE has no
# discriminator.* It has an encoder, which guesses a distribution *q* of codes z for an image x, and a decoder, which
# makes images from codes. Its loss is (if formulas are new to you, go on to section 3: nothing there needs this one)
#
# $$-\mathbb{E}_{z\sim q}[\log p(x\mid z)] + \mathrm{KL}(q \,\|\, p(z)) \;\ge\; -\log p(x).$$
#
# 𝔼 is an average, and KL says how far *q* is from the distribution of the codes. Test it where everything is known: one
# code, one "pixel". N(m, v) is the normal distribution with mean m and variance v. Let z be from N(0, 1) and x from
# N(z, ½²). Then x alone is N(0, 1 + ½²). The best *q* is known too: the *posterior*, the distribution of z for this x.

# %% tags=["nbval-check-output"]
x, s2 = 1.5, 0.25  # one observation, and the variance of the decoder


def vae_loss(m, v):  # for q = N(m, v); both terms in closed form
    reconstruction = ((x - m) ** 2 + v) / (2 * s2) + np.log(2 * np.pi * s2) / 2
    return reconstruction + (m**2 + v - 1 - np.log(v)) / 2


exact = -stats.norm(0, np.sqrt(1 + s2)).logpdf(x)
m, v = np.meshgrid(np.linspace(-3, 3, 200), np.linspace(0.01, 3, 300))  # 60,000 different q
claim("none of them brings the loss below -log p(x)", vae_loss(m, v).min() - exact, above=0, below=0.001)
claim("the true posterior reaches it", vae_loss(x / (1 + s2), s2 / (1 + s2)), equals=exact, within=1e-6)

# %% [markdown]
# So a VAE minimises an upper bound of −log p(x). Nobody plays against anybody. (Lesson 08 trains one.)
#
# ## 3 · Draw a line, or draw a point?
#
# A **discriminative** model learns the *border* between classes: p(class | x), how likely each class is for a given x.
# A **generative** model learns where the data *are*: p(x | class), how dense they lie at x. Take two numbers for every
# 1 and every 7: how wide the ink is spread, and how much the digit leans.


# %%
def width_and_slant(images):  # (n, 28, 28) -> (n, 2)
    ink = images / images.sum(axis=(1, 2), keepdims=True)  # each image adds up to 1
    place = np.arange(28)
    x = place - (ink.sum(axis=1) @ place)[:, None]  # columns, from the centre of the ink
    y = (ink.sum(axis=2) @ place)[:, None] - place  # rows, upwards
    width = np.sqrt((ink.sum(axis=1) * x**2).sum(axis=1))  # standard deviation, in pixels
    slant = np.einsum("nyx,ny,nx->n", ink, y, x) / (ink.sum(axis=2) * y**2).sum(axis=1)  # pixels right per pixel up
    return np.stack([width, slant], axis=1)


ones, sevens = (width_and_slant(x_train[y_train == digit]) for digit in (1, 7))
test_ones, test_sevens = (width_and_slant(x_test[y_test == digit]) for digit in (1, 7))
print("ones", ones.shape, "sevens", sevens.shape)

# %% [markdown]
# The discriminative model is the smallest network there is: one unit. Its output is a *logit*: above 0 it says 1, below
# 0 it says 7, and the sigmoid of it is a probability. Its border is a straight line. (This is logistic regression. We
# will use the same function again, on 784 numbers.)


# %%
def train_critic(ours, theirs, hidden=0, rate=0.002):
    """Train a network to answer with a logit: positive for `ours`, negative for `theirs`."""
    inputs = np.concatenate([ours, theirs]).astype("float32")
    labels = np.repeat([1.0, 0.0], [len(ours), len(theirs)])
    layers = [keras.layers.Dense(hidden, "relu")] if hidden else []
    critic = keras.Sequential([keras.Input(inputs.shape[1:]), *layers, keras.layers.Dense(1)])
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    critic.compile(keras.optimizers.Adam(rate), loss, jit_compile=False)  # too small to be worth compiling
    critic.fit(inputs, labels, batch_size=128, epochs=10, verbose=0)
    return critic


def accuracy(logits_ours, logits_theirs):  # both kinds count equally
    return (np.mean(logits_ours > 0) + np.mean(logits_theirs <= 0)) / 2


# %%
keras.utils.set_random_seed(0)
line = train_critic(ones, sevens, rate=0.02)
line_accuracy = accuracy(line(test_ones).numpy(), line(test_sevens).numpy())
claim("a straight line tells 1s from 7s", line_accuracy, above=0.9, quality=True)

# %% [markdown]
# The generative model is as simple: one normal distribution for the ones, one for the sevens. It can *draw*: new
# pairs of width and slant, as many as you like. Can it also classify? Yes, by **Bayes' rule**:
#
# $$p(1\mid x) = \frac{p(x\mid 1)\,p(1)}{p(x\mid 1)\,p(1) + p(x\mid 7)\,p(7)}.$$
#
# ### Exercise 1: Bayes' rule
#
# You are given the density of each class at some points, and the share of class a (its *prior*). Class b has the rest.
# Return the probability of class a at each point.
#
# <details><summary>Hint 1</summary>
#
# The top is density times prior, for class a.
# </details>
# <details><summary>Hint 2</summary>
#
# The prior of class b is `1 - prior_a`.
# </details>


# %% tags=["exercise"]
def posterior(density_a, density_b, prior_a):  # (n,), (n,), a number -> (n,)
    return ...
# solution
def posterior(density_a, density_b, prior_a):  # (n,), (n,), a number -> (n,)
    a, b = density_a * prior_a, density_b * (1 - prior_a)
    return a / (a + b)


# %%
lesson01.bayes(posterior)

# %% [markdown]
# <details><summary><b>Predict before you run:</b> which classifies better, the line or the two clouds?</summary>
#
# About equally well here. The clouds do more than was asked: they also say where there are no digits at all.
# </details>

# %%
cloud = {name: stats.multivariate_normal(points.mean(axis=0), np.cov(points.T))
         for name, points in {"1": ones, "7": sevens}.items()}  # fmt: skip
prior_odds = np.log(len(ones) / len(sevens))


def log_odds(points):  # Bayes' rule as a logit: positive for a 1
    return cloud["1"].logpdf(points) - cloud["7"].logpdf(points) + prior_odds


cloud_accuracy = accuracy(log_odds(test_ones), log_odds(test_sevens))
claim("two clouds and Bayes' rule tell 1s from 7s", cloud_accuracy, above=0.9)
claim("line and clouds agree within 3 points", abs(line_accuracy - cloud_accuracy), below=0.03, quality=True)

# %%
new_ones = cloud["1"].rvs(3000, random_state=1)
new_sevens = cloud["7"].rvs(3000, random_state=2)
nowhere = np.array([[-3.0, 1.5]])  # a width below zero: no digit can be there

# %%
figure, axes = pictures.subplots(1, 2, height=330, sharex=True, sharey=True)
grid = np.stack(np.meshgrid(np.linspace(-4, 8, 200), np.linspace(-1.5, 2, 200)), axis=-1)  # (200, 200, 2)
sides = [(ones, sevens, pictures.REAL), (new_ones, new_sevens, pictures.GENERATED)]
for ax, (first, second, colour) in zip(axes, sides):
    ax.plot(*first[:400].T, "o", color=colour, markersize=3, label="1")
    ax.plot(*second[:400].T, "x", color=pictures.NEUTRAL, markersize=4, label="7")
    ax.plot(*nowhere.T, "*", color=pictures.INK, markersize=12)
    ax.set_xlabel("width of the ink (pixels)")
    ax.legend(loc="lower right", frameon=False, fontsize=9)
axes[0].set_ylabel("slant (pixels right per pixel up)")
axes[0].contour(*grid.T, line(grid.reshape(-1, 2)).numpy().reshape(200, 200).T, [0.0], colors=pictures.DISCRIMINATOR)
for normal in cloud.values():
    axes[1].contour(*grid.T, -normal.pdf(grid).T, 3, colors=pictures.INK, linewidths=0.8, linestyles="solid")
pictures.add_title(figure, "A classifier draws a border (left), a generative model draws points (right)")
pictures.show(figure, alt="Left: real ones and sevens as two clouds of points, a green line between them. Right: two "
           "normal distributions and points drawn from them, in the same places. A star far to the left.")  # fmt: skip

# %%
claim("the line takes the drawn points for what they are meant to be, about as often as real ones",
      accuracy(line(new_ones).numpy(), line(new_sevens).numpy()) - line_accuracy,
      above=-0.04, below=0.04, quality=True)  # fmt: skip
claim("the line is sure that the star is a 1", tf.sigmoid(line(nowhere)[0, 0]), above=0.99, digits=5, quality=True)
star = max(cloud["1"].logpdf(nowhere), cloud["7"].logpdf(nowhere))
lower = np.mean(np.concatenate([cloud["1"].logpdf(ones), cloud["7"].logpdf(sevens)]) < star)
claim("fewer than 1 real digit in 1000 has as low a density as the star", lower, below=0.001)
impossible = np.mean(np.concatenate([new_ones, new_sevens])[:, 0] < 0)
claim("but the clouds are not perfect: a few drawn digits have a width below 0", impossible, above=0, below=0.02)

# %% [markdown]
# The star has a width below zero. No digit can be there, and the classifier is certain what it is: a border has two
# sides and no outside. A generative model knows an outside. The price: it must get the *whole* distribution right. Two
# bells do not quite do that, even for two numbers per image. Now try 784.
#
# ## 4 · Draw a digit without a neural network
#
# ### First try: the mean
#
# What does the typical digit look like? Average all 60,000.
#
# <details><summary><b>Predict before you run:</b> will it look like a digit?</summary>
#
# No. Average ten kinds of digits in thousands of handwritings and you get fog. It is also the *same* fog every time.
# </details>

# %%
n = 4000  # images from each model
drawn = {"mean image": baselines.MeanImage(x_train).sample(n)}
pictures.show(pictures.digits(drawn["mean image"][:15], columns=15, title="The mean of all digits is no digit"),
           alt="Fifteen times the same grey fog, brightest in the middle.")  # fmt: skip
claim("all its images are the same", np.ptp(drawn["mean image"], axis=0).max(), equals=0)

# %% [markdown]
# ### Second try: every pixel by itself
#
# Some pixels are often bright, others never. Draw every pixel from its own distribution in the data.
#
# ### Exercise 2: independent pixels
#
# Write the function that draws `n` new images from the pixels of `images`. `rng.integers(k, size=...)` gives random
# whole numbers below k.
#
# <details><summary>Hint 1</summary>
#
# For every new pixel choose one of the images at random, and copy *that* pixel from it.
# </details>
# <details><summary>Hint 2</summary>
#
# `flat[rows, np.arange(784)]` with `rows` of shape (n, 784) takes entry j of a row from `flat[rows[i, j], j]`.
# </details>


# %% tags=["exercise"]
def independent_pixels(images, n, rng):  # uint8 (k, 28, 28) -> uint8 (n, 28, 28)
    flat = images.reshape(-1, 784)
    return ...
# solution
def independent_pixels(images, n, rng):  # uint8 (k, 28, 28) -> uint8 (n, 28, 28)
    flat = images.reshape(-1, 784)
    rows = rng.integers(len(flat), size=(n, 784))
    return flat[rows, np.arange(784)].reshape(n, 28, 28)


# %%
lesson01.independent_pixels(independent_pixels)

# %%
drawn["independent pixels"] = baselines.IndependentPixels(x_train).sample(n)
pictures.show(pictures.digits(drawn["independent pixels"][:15], 15, title="Every pixel is right, no stroke exists"),
           alt="Fifteen clouds of white specks, denser in the middle, without any line.")  # fmt: skip
off = np.abs(drawn["independent pixels"].mean(axis=0) - x_train.mean(axis=0))
claim("each pixel's mean is right, within a few grey levels of 255", off.max(), below=10)

# %% [markdown]
# Each pixel is right, the picture is wrong. What is missing are the *dependencies*: beside a white pixel there is
# usually another one.
#
# ### Third try: all pairs of pixels
#
# A **Gaussian** with full covariance knows how any two pixels go together, 784 × 784 numbers. To draw from it, take
# z with independent N(0, 1) entries, multiply it by a *root* of the covariance Σ, a matrix R with R Rᵀ = Σ, and add the
# mean.
#
# ### Exercise 3: a Gaussian with a given covariance
#
# Do that for many z at once, one in each row. The covariance may hold pixels that never change.
#
# <details><summary>Hint 1</summary>
#
# `values, vectors = np.linalg.eigh(covariance)`. The root is `vectors * np.sqrt(values)`.
# </details>
# <details><summary>Hint 2</summary>
#
# A pixel that is always black makes an eigenvalue 0, and rounding may make it −1e-17. Cut it off: `.clip(min=0)`.
# </details>
# <details><summary>Hint 3</summary>
#
# For one column z it is R z. The rows of `z` are many z, lying down: `z @ R.T`.
# </details>


# %% tags=["exercise"]
def gaussian(mean, covariance, z):  # (d,), (d, d), (n, d) from N(0, 1) -> (n, d) from N(mean, covariance)
    return ...
# solution
def gaussian(mean, covariance, z):  # (d,), (d, d), (n, d) from N(0, 1) -> (n, d) from N(mean, covariance)
    values, vectors = np.linalg.eigh(covariance)
    root = vectors * np.sqrt(values.clip(min=0))
    return mean + z @ root.T


# %%
lesson01.gaussian(gaussian)

# %%
normal = baselines.Gaussian(x_train)
drawn["Gaussian"] = normal.sample(n)
pictures.show(pictures.digits(drawn["Gaussian"][:15], 15, title="A Gaussian: strokes appear, in a cloud of grey"),
           alt="Fifteen smudges. Pieces of strokes can be seen, and grey shadows all around them.")  # fmt: skip
free = normal.draw(n)  # before cutting: floats without limits
error = np.linalg.norm(np.cov(free.T) - normal.covariance) / np.linalg.norm(normal.covariance)
claim("its covariance is right, but for the luck of 4,000 draws", error, below=0.15)

# %% [markdown]
# Mean and covariance are right, and still nobody would take this for handwriting. Why?
#
# <details><summary><b>Predict before you run:</b> what share of the Gaussian's pixels is below 0, darker than
# black?</summary>
#
# More than a third. A normal distribution is symmetric and has no walls. Pixels are not like that: most sit at 0, and
# more than a third of the others near 255.
# </details>

# %%
changing = x_train.reshape(-1, 784).std(axis=0) > 0  # pixels that are not the same in all images
print(f"below 0: {np.mean(free[:, changing] < 0):.0%} of the Gaussian's pixels, 0% of the real ones")
claim("real pixels: most are 0", np.mean(x_train == 0), above=0.75, digits=2)
claim("more than a third of the others are above 250", np.mean(x_train[x_train > 0] > 250), above=1 / 3, digits=2)
claim("a third or more are darker than black", np.mean(free[:, changing] < 0), above=1 / 3)
cut = drawn["Gaussian"].mean()
print(f"mean grey level: {x_train.mean():.0f} real, {free.mean():.0f} Gaussian, {cut:.0f} when cut at 0 and 255")
claim("so cutting them off makes the pictures too bright", cut / x_train.mean(), above=1.1)

# %% [markdown]
# ### Fourth try: average what is alike
#
# Averaging destroyed everything because unlike images were averaged. So take one digit, find the 16 training images
# nearest to it, and average only these.
#
# ### Exercise 4: all distances at once
#
# `queries` is uint8 (m, d), `images` uint8 (n, d). Return the squared Euclidean distances, (m, n). No loop, please:
# |a − b|² = |a|² − 2 a·b + |b|².
#
# <details><summary>Hint 1</summary>
#
# uint8 arithmetic wraps round: 3 − 5 is 254. Begin with `queries.astype(float)`.
# </details>
# <details><summary>Hint 2</summary>
#
# `a @ b.T` holds all products. `(a**2).sum(axis=1)[:, None]` stands as a column, so that it adds to every column.
# </details>


# %% tags=["exercise"]
def squared_distances(queries, images):  # uint8 (m, d), uint8 (n, d) -> (m, n)
    return ...
# solution
def squared_distances(queries, images):  # uint8 (m, d), uint8 (n, d) -> (m, n)
    a, b = queries.astype(float), images.astype(float)
    return (a**2).sum(axis=1)[:, None] - 2 * a @ b.T + (b**2).sum(axis=1)


# %%
lesson01.squared_distances(squared_distances)

# %%
drawn["16 neighbours"] = baselines.NeighbourAverage(x_train, k=16).sample(n)
strips = {"real": x_test[:15]} | {name: images[:15] for name, images in drawn.items()}
pictures.show(pictures.side_by_side(strips, columns=15, title="Only the average of neighbours looks like handwriting"),
           alt="Five rows of fifteen images: real digits, fog, specks, smudges, and blurred digits.")  # fmt: skip

# %% [markdown]
# The last row looks good. It is also a cheat: it keeps all 60,000 images and never leaves their neighbourhood.
#
# ### Measure what you see
#
# Three numbers that anybody can compute, and one that needs help:
#
# * **grey:** the share of pixels that are neither dark nor bright. A pen leaves few.
# * **pieces:** how many separate white pieces an image has. Most real digits are one.
# * **spread:** how much a pixel differs from image to image, on average. A model that repeats itself has little.
# * **Fréchet:** what a judge says that never saw any of these models. The judge is a small network trained to
#   *read* digits. It decides from 64 numbers, its *features*. The **Fréchet distance** compares their mean and
#   covariance for two sets of images, here with the test digits; 0 means equal. (Lesson 05 takes it apart.)

# %%
judge = load_judge()
test_features = judge.features(x_test)


def measure(images):
    grey = np.mean((images > 25) & (images < 230))
    pieces = np.mean([ndimage.label(image > 127)[1] for image in images[:1000]])
    distance = metrics.frechet_distance(judge.features(images), test_features)
    return {"grey": grey, "pieces": pieces, "spread": images.std(axis=0).mean(), "Fréchet": distance}


# %%
shuffled = np.random.default_rng(0).permutation(60_000)
real, other_real = x_train[shuffled[:n]], x_train[shuffled[n : 2 * n]]  # two sets without a common image
table = {name: measure(images) for name, images in ({"real": real} | drawn).items()}


def show_table():
    print(f"{'':20}  grey  pieces  spread  Fréchet")
    for name, row in table.items():
        frechet = float(f"{row['Fréchet']:.2g}")  # two significant digits
        print(f"{name:20} {row['grey']:5.0%} {row['pieces']:7.1f} {row['spread']:7.0f} {frechet:8g}")


show_table()

# %%
claim("most real digits are one piece: pieces of an image", table["real"]["pieces"], below=1.2)
claim("the mean image has no spread", table["mean image"]["spread"], equals=0)
claim("independent pixels break every digit to pieces", table["independent pixels"]["pieces"], above=20)
grey = {name: row["grey"] / table["real"]["grey"] for name, row in table.items()}
claim("the Gaussian is more than three times as grey as digits are", grey["Gaussian"], above=3)
claim("16 neighbours are about twice as grey", grey["16 neighbours"], above=1.7, below=2.3)
claim("the judge finds them ten times nearer than the Gaussian, or more",
      table["Gaussian"]["Fréchet"] / table["16 neighbours"]["Fréchet"], above=10)  # fmt: skip

# %% [markdown]
# Each model fails in its own way, and for each we had to *think of* a number that shows it. The judge sees most of it,
# but blur hardly disturbs its reading. (Real digits do not get 0 from it either: two samples never agree quite.)
#
# Nobody can think of everything. Could a machine find the differences by itself?
#
# ## 5 · A critic that learns
#
# Show a network real images and drawn ones, and train it to tell them apart. Then test it on images that it has not
# seen: if it is right half of the time, it found no difference. We give it three kinds of eyes.
#
# * *pixels:* one unit that weighs the 784 pixels (the `train_critic` of section 3);
# * *contrasts:* the same, but it sees how much each pixel differs from the one to its left;
# * *hidden layer:* 64 units over the pixels, which can form their own combinations.


# %%
def pixels(images):
    return images.reshape(len(images), -1) / np.float32(255)


def contrasts(images):
    return np.abs(np.diff(images / np.float32(255), axis=2)).reshape(len(images), -1)


def exam(eye, hidden, theirs, train=3000):
    keras.utils.set_random_seed(0)
    a, b = eye(real), eye(theirs)
    critic = train_critic(a[:train], b[:train], hidden)
    return critic, accuracy(critic(a[train:]).numpy(), critic(b[train:]).numpy())


# %% [markdown]
# <details><summary><b>Predict before you run:</b> which critic will see through the independent pixels?</summary>
#
# Not the one that weighs pixels. A weighted sum of pixels has the same mean for both sets, because each pixel
# has. The other two can see it.
# </details>

# %%
eyes = {"pixels": (pixels, 0), "contrasts": (contrasts, 0), "hidden layer": (pixels, 64)}
candidates = {"other real digits": other_real} | drawn
critics = {(name, eye): exam(*eyes[eye], images) for name, images in candidates.items() for eye in eyes}
scores = {name: {eye: critics[name, eye][1] for eye in eyes} for name in candidates}

# %%
pictures.show(
    pictures.dots(scores, "share of unseen images judged rightly (1/2 = no better than chance)",
               "A critic with a hidden layer tells all four from real digits", reference=0.5),
    alt="For each kind of image three dots: the accuracy of three critics. All three are near one half for other real "
    "digits. The hidden layer is right nearly always for three models and clearly above one half for 16 neighbours.",
)  # fmt: skip

# %%
hidden = {name: row["hidden layer"] for name, row in scores.items()}
claim("real against real: nothing to find", hidden["other real digits"], above=0.44, below=0.56, quality=True)
claim("weighing pixels is blind to independent pixels",
      scores["independent pixels"]["pixels"], above=0.4, below=0.6, quality=True)  # fmt: skip
claim("weighing contrasts is not", scores["independent pixels"]["contrasts"], above=0.75, quality=True)
crude = [hidden[name] for name in ("mean image", "independent pixels", "Gaussian")]
claim("a hidden layer finds out the first three", min(crude), above=0.95, quality=True)
claim("and sees something in the average of neighbours", hidden["16 neighbours"], above=0.65, quality=True)

# %% [markdown]
# The first claim is the control: without it, the others would prove nothing. (A dot left of one half is luck: the
# copies of the mean image are all judged rightly or all wrongly.)
#
# The blindness of the first critic is a fact about means, not bad luck. Begin with all weights 0. The slope of its loss
# (here the mean over real images plus the mean over drawn ones) in the weights is then half the difference of the two
# mean images. Where the means agree the slope is zero, and training has nowhere to go. (The Gaussian was cut at black,
# which made it too bright: there this critic has something to find.)

# %%
ours, theirs = pixels(real), pixels(drawn["Gaussian"])
weights = tf.Variable(tf.zeros([784, 1]))
with tf.GradientTape() as tape:
    # softplus(-logit) is the cross-entropy of a real image, softplus(logit) that of a drawn one
    loss = tf.reduce_mean(tf.nn.softplus(-ours @ weights)) + tf.reduce_mean(tf.nn.softplus(theirs @ weights))
slope = tape.gradient(loss, weights).numpy()[:, 0]
expected = (theirs.mean(axis=0) - ours.mean(axis=0)) / 2
claim("the slope is half the difference of the mean images", np.abs(slope - expected).max(), below=1e-5)

# %% [markdown]
# ### What is it looking at?
#
# The critic of contrasts has one weight for each place. Draw the weights as a picture.

# %%
figure, axes = pictures.subplots(1, 4, height=250)
for ax, name in zip(axes, drawn):
    weights = critics[name, "contrasts"][0].get_weights()[0].reshape(28, 27)
    limit = np.abs(weights).max()
    ax.imshow(weights, cmap="PRGn", vmin=-limit, vmax=limit)
    ax.set_title(name, size=9)
    ax.set_axis_off()
pictures.add_title(figure, "Where contrast speaks for a real digit (green) or against it (purple)")
pictures.show(figure, alt="Four pictures of weights. Gaussian: a purple frame round a pale green middle. Mean image: "
           "green along strokes. Independent pixels: patches of both. 16 neighbours: nothing that stands out.")

# %%
weights = critics["Gaussian", "contrasts"][0].get_weights()[0].reshape(28, 27)
frame = np.ones((28, 27), bool)
frame[5:-5, 5:-5] = False  # the outer five pixels
claim("against the Gaussian, contrast near the edge counts against it", weights[frame].mean(), below=0, quality=True)
claim("and in the middle less so", weights[~frame].mean() - weights[frame].mean(), above=0, quality=True)

# %% [markdown]
# Against the Gaussian the critic found what you may have noticed too: real digits have an empty margin. Against the
# mean image it asks for contrast where strokes are. Against the neighbours it found little: blur is not a matter of
# one place.
#
# Nobody told it where to look. That is the idea of a **discriminator**. Now turn it round. What a critic sees it can
# also *say*: which pixel should be brighter, which darker, to look more real. A network that draws, the **generator**,
# can learn from that. Then the critic learns again, and so on. This game is a **generative adversarial network**, a
# GAN.

# %% [markdown]
# ## 6 · What GANs make today
#
# **Images.** The home ground. Progressive GAN (Karras and others 2017) and StyleGAN (2018) draw faces of 1024 × 1024
# pixels; BigGAN (2018) draws a thousand kinds of objects. Limits: one kind of picture works better than a wide mixture,
# training needs care, and a GAN may leave out part of what it saw. Diffusion models overtook GANs on broad image
# collections (Dhariwal and Nichol 2021). GANs remain where one fast pass must do, and a discriminator is
# part of the training of other systems (the autoencoder of latent diffusion, for one: Rombach and others 2022).
#
# **Sound.** WaveGAN (Donahue and others 2018) makes about a second of sound at a time: spoken digits, drums, birds.
# HiFi-GAN (Kong and others 2020) turns a spectrogram (which pitches sound when) into a voice. That is the best known
# use of GANs in speech: the last step, not the words.
#
# **Text.** Here GANs are not the tool. SeqGAN (Yu and others 2017) and its successors were tried, and a plain language
# model with a well chosen temperature (how freely it picks unlikely words) did better (Caccia and others 2020). Today's
# text machines are mostly Transformers that predict one token, a piece of a word, after the other.
#
# Why is a second of sound harder than a digit, and why is text different? Sizes first.

# %% tags=["nbval-check-output"]
digit, face, second = 28 * 28, 1024 * 1024 * 3, 16_000  # a face has three colours; sound at 16 kHz
print(f"numbers to draw: digit {digit:,}, second of sound {second:,}, face {face:,}")
claim("a second of sound has twenty times the numbers of a digit", second / digit, above=20, below=21)
claim("a face has four thousand times", face / digit, above=4000, below=4100)
claim("WaveGAN's 16,384 samples last a second", 16_384 / second, equals=1.024)

# %% [markdown]
# Text is not large. Its problem is another one: letters are *chosen*. A critic helps a generator by slopes: "a bit
# brighter here". There is no "a bit more b".
#
# <details><summary><b>Predict before you run:</b> a generator gives a score to each of 26 letters, and the highest is
# printed. Change all the scores by about a thousandth. How often does the letter change?</summary>
#
# Almost never. And then all at once. The slope of the choice is zero nearly everywhere: nothing to learn from.
# </details>

# %%
rng = np.random.default_rng(0)
letters = rng.standard_normal((10_000, 26))  # scores of 10,000 letters
nudged = letters + 0.001 * rng.standard_normal(letters.shape)
changed = np.mean(letters.argmax(axis=1) != nudged.argmax(axis=1))
print(f"letters changed: {changed:.2%}; scores changed: {np.mean(letters != nudged):.0%}")
claim("fewer than one letter in a hundred changes", changed, below=0.01)

# %% [markdown]
# Lesson 09 makes sounds and short strings with GANs, and shows two ways round the problem of choice. And one limit
# concerns all three: a machine that draws convincing faces and voices can be used to deceive. Lesson 10 returns to it.
#
# ## 7 · What you will have built
#
# The course ships one trained generator, made by `python course.py train`, but from the first 50,000 images only. It
# takes a row of random numbers, the **latent** vector, and makes 784 pixels of them.

# %%
generator = models.load_generator()
print(f"latent vectors of {generator.input_shape[1]} numbers, {generator.count_params():,} weights")
latents = np.random.default_rng(0).standard_normal((n, generator.input_shape[1]))
drawn["generator"] = to_images(generator.predict(latents, batch_size=500, verbose=0))
pictures.show(pictures.digits(drawn["generator"][:60], columns=15, title="Sixty digits, drawn by a trained GAN"),
           alt="Sixty generated digits in four rows. Most are readable; some have broken strokes.")  # fmt: skip

# %%
again = to_images(generator.predict(latents[:100], batch_size=500, verbose=0))
claim("the same latents give the same images", np.array_equal(again, drawn["generator"][:100]))
claim("it takes less than a tenth of the room that the training images take",
      2 * generator.count_params() / x_train.nbytes, below=0.1)  # 2 bytes a weight, as shipped
table["generator"] = measure(drawn["generator"])
show_table()

# %% [markdown]
# <details><summary><b>Predict before you run:</b> the three critics of section 5 are trained against these images. Will
# they see a difference?</summary>
#
# A small one. These are other critics than the one it was trained against, and smaller.
# </details>

# %%
scores["generator"] = {eye: exam(*eyes[eye], drawn["generator"])[1] for eye in eyes}
pictures.show(
    pictures.dots(scores, "share of unseen images judged rightly (1/2 = no better than chance)",
               "The trained generator is hardest to tell from real digits", reference=0.5),
    alt="The dots of section 5 with one more row: for the trained generator all three critics are little better than "
    "chance.",
)  # fmt: skip

# %%
best = {name: max(row.values()) for name, row in scores.items() if name != "other real digits"}
others = [score for name, score in best.items() if name != "generator"]
claim("against the generator no critic is as good as against any of the four", min(others) - best["generator"],
      above=0.05, quality=True)  # fmt: skip
claim("its greyness is that of real digits, within a third",
      table["generator"]["grey"] / table["real"]["grey"], above=2 / 3, below=4 / 3, quality=True)  # fmt: skip
claim("it repeats itself hardly more than real digits do",
      table["generator"]["spread"] / table["real"]["spread"], above=0.9, quality=True)  # fmt: skip
claim("but it breaks more strokes", table["generator"]["pieces"] - table["real"]["pieces"], above=0, quality=True)

# %% [markdown]
# Be fair to the pictures: it is good, not perfect. Counting pieces shows a fault that these small critics hardly see.
# A critic, learned or not, sees only what it can see. Much of this course is about that.
#
# ### A walk
#
# A generator is more than a stack of pictures. Move its latent vector in small steps, and the picture changes in small
# steps too. This generator also makes one *choice*: which of the first 36 numbers is the largest selects one of 36
# ways to draw. So there are two kinds of walks: between vectors that make the same choice, and from one choice to
# another.
#
# <details><summary><b>Predict before you run:</b> what do you see where the choice changes?</summary>
#
# A jump, from one step to the next, and another one if the walk crosses a third choice. There is no picture in between,
# so none that is half a 3 and half an 8.
# </details>

# %%
def walk(start, end, pictures=15):
    angle = np.arccos(start @ end / np.linalg.norm(start) / np.linalg.norm(end))
    t = np.linspace(0, 1, pictures)[:, None]
    return (np.sin((1 - t) * angle) * start + np.sin(t * angle) * end) / np.sin(angle)  # along a sphere: White 2016


choice = latents[:, :36].argmax(axis=1)
first, second = np.array([np.flatnonzero(choice == k)[:2] for k in range(6)]).T  # two vectors for each of six choices
same = np.concatenate([walk(latents[a], latents[b]) for a, b in zip(first[:3], second)])
other = np.concatenate([walk(latents[a], latents[b]) for a, b in zip(first[:3], first[3:])])
steps = to_images(generator.predict(np.concatenate([same, other]), verbose=0))
pictures.show(pictures.digits(steps, 15, title="Three walks with the same choice, and three with a change of choice"),
           alt="Six rows of fifteen pictures. In the upper three a drawing changes step by step. In the lower three it "
           "jumps to another drawing somewhere on the way.")  # fmt: skip

# %%
walks = steps.reshape(6, 15, 784) / 255
longest = np.linalg.norm(np.diff(walks, axis=1), axis=2).max(axis=1)  # of the 14 steps of each row, in pixels
claim("it chooses one of 36 ways", generator.layers[0].k, equals=36)
claim("same choice: even the longest step is short", longest[:3].max(), below=3.5, quality=True)
claim("change of choice: every walk has a step at least twice as long", longest[3:].min() / longest[:3].max(), above=2,
      quality=True)  # fmt: skip

# %% [markdown]
# ## What you now know
#
# * A generative model draws new samples from where the data are. A discriminative one only tells classes apart.
# * Nearly all images are no digits. The right mean, the right pixels and even the right covariance are not enough.
# * A measure that somebody thought of sees what it was made to see. A critic that *learns* finds differences that
#   nobody named, if its network can see them.
# * GANs are from June 2014, in the fourth era of AI. Later, diffusion models took over much of image generation.
#
# Next, lesson 02: the two networks of a GAN, each by itself, and then the game between them.
#
# ## What usually goes wrong here
#
# * **"The discriminator is the classifier of the digits."** No. It knows two classes: real and drawn.
# * **A critic tested on the images that it was trained with** always looks too good. Keep images back, and run the
#   control: real against real.
# * **uint8 arithmetic:** 3 − 5 is 254. Turn images into floats before you subtract.
# * **`np.linalg.cholesky` raises an error on pixel data:** always-black pixels make the covariance singular.
# * **"It looks good, so it is a good model."** The average of neighbours looks good, and only mixes its data.
#
# ## Where this comes from
#
# <details><summary>The papers and books, by topic</summary>
#
# *The eras.* Turing 1950, *Computing machinery and intelligence* · McCarthy, Minsky, Rochester, Shannon 1955, *A
# proposal for the Dartmouth summer research project on artificial intelligence* · Newell, Simon 1956, *The logic
# theory machine* · Rosenblatt 1958, *The perceptron* · Weizenbaum 1966, *ELIZA* · Feigenbaum, Buchanan, Lederberg
# 1971, *On generality and problem solving: a case study using the DENDRAL program* · Winograd 1972, *Understanding
# natural language* · Shortliffe, Buchanan 1975, *A model of inexact reasoning in medicine* · McDermott 1980, *R1: an
# expert in the computer systems domain* · Ackley, Hinton, Sejnowski 1985, *A learning algorithm for Boltzmann
# machines* · Rumelhart, Hinton, Williams 1986, *Learning representations by back-propagating errors* · LeCun and
# others 1989, *Backpropagation applied to handwritten zip code recognition* · Cortes, Vapnik 1995, *Support-vector
# networks* · LeCun, Bottou, Bengio, Haffner 1998, *Gradient-based learning applied to document recognition* · Breiman
# 2001, *Random forests* · Hinton, Osindero, Teh 2006, *A fast learning algorithm for deep belief nets* · Krizhevsky,
# Sutskever, Hinton 2012, *ImageNet classification with deep convolutional neural networks* · Vaswani and others 2017,
# *Attention is all you need*.
#
# *Generative networks.* Kingma, Welling 2013, *Auto-encoding variational Bayes* · Goodfellow and others 2014,
# *Generative adversarial nets* · Sohl-Dickstein and others 2015, *Deep unsupervised learning using nonequilibrium
# thermodynamics* · Radford, Metz, Chintala 2015, *Unsupervised representation learning with deep convolutional
# generative adversarial networks* · Arjovsky, Chintala, Bottou 2017, *Wasserstein GAN* · Karras and others 2017,
# *Progressive growing of GANs* · Brock, Donahue, Simonyan 2018, *Large scale GAN training for high fidelity natural
# image synthesis* · Karras, Laine, Aila 2018, *A style-based generator architecture for generative adversarial
# networks* · Ho, Jain, Abbeel 2020, *Denoising diffusion probabilistic models* · Dhariwal, Nichol 2021, *Diffusion
# models beat GANs on image synthesis* · Rombach and others 2022, *High-resolution image synthesis with latent
# diffusion models* · Huang, Gokaslan, Kuleshov, Tompkin 2024, *The GAN is dead; long live the GAN! A modern baseline
# GAN*
#
# *Sound and text.* Donahue, McAuley, Puckette 2018, *Adversarial audio synthesis* · Kong, Kim, Bae 2020, *HiFi-GAN* ·
# Yu and others 2017, *SeqGAN* · Caccia and others 2020, *Language GANs falling short*.
#
# *Measures and walks.* Heusel and others 2017, *GANs trained by a two time-scale update rule* (the Fréchet distance)
# · White 2016, *Sampling generative networks*.
# </details>
