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
# # 02 · Generator and discriminator
#
# **Two networks play a game, and you will watch every move of it.** One bends noise into data. The other paints the
# world with its opinion: real here, made up there. You will see each alone, then both together.
#
# *About one minute of computing on two CPU cores, and half an hour of reading. You need Python and an idea of what a
# neural network is.*
#
# After this lesson you can
#
# * say what a generator does to noise, and draw it,
# * say what the best discriminator answers at any point, and test whether yours does,
# * prove which network each phase of the training changes,
# * tell "D says one half because G is perfect" from "D says one half because D is broken",
# * recover the mean and the spread of a normal distribution with a GAN, and know that it is right.

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
import hashlib
from statistics import NormalDist

import keras
import numpy as np
import tensorflow as tf

from ganlib import GAN, claim, load_mnist, models, pictures, to_images
from ganlib.lessons import toys
from ganlib.lessons.exercises import lesson02 as exercises

# %% [markdown]
# ## 1 · A generator bends noise
#
# A **generator** G is a function. Random numbers go in, data comes out. The random numbers, the *latent* z, are always
# drawn from the same normal distribution N(0, 1): mean 0, variance 1. So everything that makes the output look like one
# kind of data and not another must be in the function.
#
# Here is one made by hand: $G(z) = \tanh(3z) + z/2$. It takes one number and returns one number.
#
# <details><summary><b>Predict before you run:</b> G rises everywhere, and it is steepest at z = 0, where most of the
# noise is. Will most of the output also be near 0?</summary>
#
# No. Where G is steep, neighbours are pulled far apart, and few numbers are left in any one place. They pile up where
# G is flat: on both sides. One hill of noise becomes two.
# </details>


# %%
def bend(z):
    return np.tanh(3 * z) + z / 2


pictures.show(
    pictures.bent_line(bend, title="One hill of noise becomes two hills of numbers"),
    alt="A histogram of normal noise below, a rising S-shaped curve above it, and at the left the histogram of the "
    "output, which has two hills, one above and one below zero.",
)

# %% [markdown]
# Follow a thin grey line up to the curve, then the orange one to the left. Between two neighbouring lines lies one
# number in twenty, before and after: G moves the numbers, it does not make more or fewer of them.

# %% tags=["nbval-check-output"]
x = bend(np.random.default_rng(0).standard_normal(1_000_000))
lines = np.array(NormalDist().quantiles(20))  # where the grey lines stand
shares = np.histogram(x, bend(lines))[0] / len(x)  # of the numbers between two orange lines
claim("one number in twenty lies between neighbours, off by at most", np.abs(shares - 1 / 20).max(), below=0.001)

# %% [markdown]
# In a formula: a piece of noise of width $dz$ becomes a piece of width $G'(z)\,dz$, where $G'$ is the slope of G, with
# the same numbers in it. The *density* is the share of the numbers per unit of width. So, for a G that rises
# everywhere, the density of the output, $p_G$, is that of the noise, $p_z$, divided by the slope:
#
# $$p_G(x) = \frac{p_z(z)}{G'(z)} \quad\text{at}\quad x = G(z) .$$
#
# Count, and compare with the formula, in the valley and on both hills.


# %% tags=["nbval-check-output"]
def density_by_formula(z):
    slope = 3 / np.cosh(3 * z) ** 2 + 0.5  # of tanh(3z) + z/2
    return np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi) / slope


for place, z in {"in the valley": 0.0, "on the lower hill": -0.75, "on the upper hill": 0.75}.items():
    share = np.mean(np.abs(x - bend(z)) < 0.02) / 0.04  # numbers per unit of x
    claim(f"{place} the density is divided by the slope", share, equals=density_by_formula(z), within=0.01, digits=3)
claim("a hill is more than four times as high as the valley", density_by_formula(0.75) / density_by_formula(0), above=4)

# %% [markdown]
# ### Exercise 1: a generator with two weights
#
# Write a G that turns noise from N(0, 1) into numbers from N(3, 2²): mean 3, standard deviation 2.
#
# <details><summary>Hint</summary>
#
# Multiplying stretches the spread. Adding moves the mean. Which comes first?
# </details>


# %% tags=["exercise"]
def linear_generator(z):
    return ...  # z: (n, 1) from N(0, 1); return (n, 1) from N(3, 2²)


exercises.linear_generator(linear_generator)
# solution
def linear_generator(z):
    return 3 + 2 * z


exercises.linear_generator(linear_generator)

# %% [markdown]
# ## 2 · A generator bends a whole plane
#
# Nobody can write the G for handwritten digits by hand. So G becomes a neural network, and its weights are learned. To
# see what it does, let it make points in the plane: two latent numbers in, two coordinates out.
#
# The real data is a **ring of eight modes**: eight little clouds on a circle. It is a classic test (Metz and others
# 2017), because we know exactly where its points should be.
#
# ### Exercise 2: where the clouds are
#
# Return the centres of any number of modes, evenly spaced on a circle. The first is at (radius, 0); the others follow
# anticlockwise.
#
# <details><summary>Hint</summary>
#
# `np.linspace(0, 2 * np.pi, modes)` looks right. Print it for 4 modes and look at the first and the last angle.
# </details>


# %% tags=["exercise"]
def ring_modes(modes, radius):
    return ...  # an array of shape (modes, 2)


exercises.ring_modes(ring_modes)
# solution
def ring_modes(modes, radius):
    angles = 2 * np.pi * np.arange(modes) / modes
    return radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)


exercises.ring_modes(ring_modes)

# %% [markdown]
# The mistake that the hint warns of is hard to see in a picture. Count the different modes, in a ring made that way
# and in the one we shall use.

# %% tags=["nbval-check-output"]
ring = toys.ring(std=0.1)  # radius 1; each cloud has standard deviation 0.1
turn = np.linspace(0, 2 * np.pi, 8)
wrong = np.stack([np.cos(turn), np.sin(turn)], axis=1).round(6) + 0.0  # + 0.0 makes 0 of -0
claim("that ring has only seven different modes", len(np.unique(wrong, axis=0)), equals=7)
claim("ours has eight", len(np.unique(ring.modes.round(6) + 0.0, axis=0)), equals=8)

# %% [markdown]
# Our networks are small: two hidden layers of 64 neurons each. `models.mlp` builds them; `None` stands for a last
# layer without an activation. The discriminator comes into play in a moment.


# %%
def networks():
    generator = models.mlp(2, (64, 64), 2, None, "generator")  # (n, 2) -> (n, 2)
    discriminator = models.mlp(2, (64, 64), 1, None, "discriminator")  # (n, 2) -> (n, 1)
    return generator, discriminator


keras.utils.set_random_seed(0)
untrained, _ = networks()

# %% [markdown]
# Now train a second G against a discriminator, 2,000 steps. Take `fit` as a black box: sections 3 to 6 open it.
# (`r1` is a small penalty that keeps D gentle. Lesson 04 is about it, and about the running average of G's weights.
# `adam` makes the optimiser; its learning rate falls to 2 % of where it began.)
#
# <details><summary><b>Predict before you run:</b> a network is a continuous function: near z give near x. Can it make
# eight clouds with nothing between them out of one cloud of noise?</summary>
#
# Not quite. It can stretch the sheet until it is thin between the clouds, but it cannot tear it. Some points must fall
# in between.
# </details>


# %%
def adam(rate, steps, momentum=0.0):
    falling = keras.optimizers.schedules.CosineDecay(rate, steps, alpha=0.02)
    return keras.optimizers.Adam(falling, beta_1=momentum, beta_2=0.99)


ring_gan = GAN(*networks())
ring_gan.compile(adam(2e-3, 2000), adam(2e-3, 2000), r1=0.1)
ring_gan.fit(ring.sample(51_200), batch_size=256, epochs=10, verbose=0)
trained = ring_gan.average  # the running average of G's weights

# %%
pictures.show(
    pictures.bent_grid(
        {"untrained G": untrained, "trained G": trained}, ring.sample(600), reach=1.6,
        title="Training pulls the sheet over the ring: thin between the clouds, never torn",
    ),
    alt="Circles and rays of the noise plane. An untrained generator turns them into a crumpled patch near the centre. "
    "The trained one presses almost all of them onto the ring of eight clouds, with thin bridges from cloud to cloud.",
)  # fmt: skip

# %% [markdown]
# The orange circles hold 10 %, 20 %, … 90 % of the noise, and the grey rays are evenly spaced. So every cell between
# two circles and two rays gets the same share of the generated points. The trained G stretches a few cells over the
# whole middle of the ring and pushes almost all others out to the clouds.
#
# A generated point is *good* when it lies within 3 standard deviations of its nearest mode (the rule of Srivastava and
# others 2017).


# %%
def nearest_mode(points):
    distances = np.linalg.norm(points[:, None] - ring.modes, axis=2)  # (n, 8)
    return distances.argmin(axis=1), distances.min(axis=1) < 3 * ring.std


def good_share(points):
    return nearest_mode(np.asarray(points))[1].mean()


# %% [markdown]
# Even real points are not all good: in the plane, a normal cloud has a share of $e^{-9/2}$ beyond 3 standard
# deviations.

# %% tags=["nbval-check-output"]
share = good_share(ring.sample(100_000))
claim("98.9 % of the real points are good", share, equals=1 - np.exp(-9 / 2), within=0.002, digits=3)

# %%
noise = np.random.default_rng(1).standard_normal((2500, 2)).astype("float32")
for name, points in {"real": ring.sample(2500), "untrained": untrained(noise), "trained": trained(noise)}.items():
    print(f"{name:10} {good_share(points):4.0%} good")

# %%
which, good = nearest_mode(trained(noise).numpy())
claim("most points of the trained G are good", good.mean(), above=0.8, quality=True)
claim("and they reach all eight clouds", len(set(which[good])), equals=8, quality=True)
middle = np.mean(np.linalg.norm(trained(noise), axis=1) < 0.6)
claim("fewer than one in twenty lie in the middle of the ring", middle, below=0.05, quality=True)

# %% [markdown]
# And the bridges? Walk along one circle of the noise and follow what G makes of it.

# %%
turns = np.linspace(0, 2 * np.pi, 2000)
circle = 1.2 * np.stack([np.cos(turns), np.sin(turns)], axis=1)
claim("the circle holds about half of the noise", np.mean(np.linalg.norm(noise, axis=1) < 1.2), above=0.45, below=0.55)
walk = trained(circle).numpy()
which, good = nearest_mode(walk)
claim("the walk visits all eight clouds", len(set(which[good])), equals=8, quality=True)
claim("part of it lies on bridges between them", np.mean(~good), above=0.015, quality=True)
longest = np.linalg.norm(np.diff(walk, axis=0), axis=1).max()
claim("it never jumps: its longest step is much shorter than a cloud is wide", longest, below=0.1)

# %% [markdown]
# ## 3 · A discriminator is a field of probability
#
# The **discriminator** D takes a point and says how likely it is to be real. It can be asked about *any* point, so D
# is a map: a number from 0 to 1 everywhere. (Our networks return a *logit*; the sigmoid makes a probability of it.)
#
# Let G be very simple for now, and fixed: it draws from N(0, 0.7²) in both directions. To train D is then plain
# classification with two classes, *real* = 1 and *generated* = 0.


# %%
def opinion(discriminator):
    return lambda points: tf.sigmoid(discriminator(points))


def fixed_fakes(n, seed):
    return np.random.default_rng(seed).normal(0, 0.7, (n, 2)).astype("float32")


def train_classifier(real, fake, epochs):
    _, D = networks()
    points, labels = np.concatenate([real, fake]), np.repeat([[1.0], [0.0]], [len(real), len(fake)], axis=0)
    optimizer = adam(1e-2, epochs * len(points) // 256, momentum=0.9)
    D.compile(optimizer, keras.losses.BinaryCrossentropy(from_logits=True))
    D.fit(points, labels, batch_size=256, epochs=epochs, verbose=0)
    return D


# %% [markdown]
# What should it answer? Mix as many real as generated points, and look at those that fall very close to x. Of the real
# ones there are as many as the density p(x) of the real data says, of the generated ones as many as their density q(x)
# says. The best answer is the share of the real ones:
#
# $$D^*(x) = \frac{p(x)}{p(x) + q(x)}$$
#
# (Goodfellow and others 2014, proposition 1; lesson 03 derives it from the loss). Here we know both densities, so we
# can compute it.
#
# ### Exercise 3: the best discriminator
#
# <details><summary>Hint</summary>
#
# Check your formula at a point where p = q. Nobody can do better than 1/2 there.
# </details>


# %% tags=["exercise"]
def best_discriminator(p, q):
    return ...  # p, q: the two densities at some points, (n,)


exercises.best_discriminator(best_discriminator)
# solution
def best_discriminator(p, q):
    return p / (p + q)


exercises.best_discriminator(best_discriminator)

# %% [markdown]
# <details><summary><b>Predict before you run:</b> what does an untrained D say? And what will the trained one say in
# the far corners, where there is neither real nor generated data?</summary>
#
# An untrained D says something near one half everywhere: its weights are small. In the far corners the formula has an
# answer, *generated*. D has seen nothing there, so nothing in its training makes it right. This D is right: it carries
# on what it saw at the edge. Section 5 has a D that carries on the other way.
# </details>
#
# In the maps blue means real, orange generated, white undecided. On the dark line D says exactly one half.

# %%
_, untrained_D = networks()
D = train_classifier(ring.sample(20_000, seed=1), fixed_fakes(20_000, seed=2), epochs=10)


def formula(points):
    p = ring.density(points)
    q = toys.gaussian(0, 0.7).density(points[:, :1]) * toys.gaussian(0, 0.7).density(points[:, 1:])
    return p / (p + q)


# %%
pictures.show(
    pictures.fields(
        {"untrained D": opinion(untrained_D), "trained D": opinion(D), "the formula p / (p + q)": formula},
        ring.sample(160), fixed_fakes(160, seed=3),
        title="A trained D comes close to the best answer where there is data",
    ),
    alt="Three maps of D over the plane. The untrained one is nearly white, one half everywhere. The trained one is "
    "blue on the eight clouds and vermilion around them, much like the third map, which shows the formula.",
)  # fmt: skip

# %%
test_real, test_fake = ring.sample(5000, seed=4), fixed_fakes(5000, seed=5)
test = np.concatenate([test_real, test_fake])
errors = {name: np.abs(opinion(net)(test)[:, 0] - formula(test)).mean()
          for name, net in (("untrained", untrained_D), ("trained", D))}  # fmt: skip
claim("an untrained D is near one half", np.abs(opinion(untrained_D)(test) - 0.5).max(), below=0.3)
claim("on average the trained D is close to p / (p + q)", errors["trained"], below=0.1, quality=True)
claim("it was far away before", errors["untrained"], above=0.3)

# %%
corners = np.array([[x, y] for x in (-3, 3) for y in (-3, 3)], "float32")  # far outside all data
claim("in the far corners the formula says generated", formula(corners).max(), below=0.01)
claim("and so does this D", opinion(D)(corners).numpy().max(), below=0.1, quality=True)

# %% [markdown]
# And is the formula really the *best* answer? Measure both by the loss of D, $-\log D(x)$ on real points and
# $-\log(1 - D(x))$ on generated ones: sure and right costs nearly nothing, sure and wrong costs much. We ask on points
# that neither has seen.


# %%
def d_loss(probability, real, fake):
    return -np.mean(np.log(probability(real))) - np.mean(np.log(1 - probability(fake)))


answers = {"untrained": opinion(untrained_D), "trained": opinion(D), "formula": formula}
losses = {name: d_loss(answer, test_real, test_fake) for name, answer in answers.items()}
print("loss of D:", ", ".join(f"{name} {loss:.2f}" for name, loss in losses.items()))
claim("the trained D does not beat the formula", losses["trained"] - losses["formula"], above=0)
claim("but it comes near", losses["trained"] - losses["formula"], below=0.1, quality=True)

# %% [markdown]
# ## 4 · The same two networks for digits
#
# For MNIST only the shapes change. A picture of 28 × 28 pixels is a point with 784 coordinates. The blog article that
# this course grew out of uses G: 100 → 128 → 128 → 784 and D: 784 → 128 → 128 → 1.
#
# ### Exercise 4: how many weights is that?
#
# Between two layers, every output is a weighted sum of all inputs, plus a bias of its own. Count all weights and
# biases of a network from the sizes of its layers.
#
# <details><summary>Hint 1</summary>
#
# From 100 inputs to 128 outputs there are 100 · 128 weights and 128 biases.
# </details>
# <details><summary>Hint 2</summary>
#
# `zip(sizes[:-1], sizes[1:])` gives the pairs of neighbouring layers.
# </details>


# %% tags=["exercise"]
def count_parameters(sizes):
    return ...  # for example sizes = [100, 128, 128, 784]


exercises.count_parameters(count_parameters)
# solution
def count_parameters(sizes):
    return sum(inputs * outputs + outputs for inputs, outputs in zip(sizes[:-1], sizes[1:]))


exercises.count_parameters(count_parameters)

# %% tags=["nbval-check-output"]
keras.utils.set_random_seed(0)
G, D = models.article()
print("G:", G.input_shape, "->", G.output_shape, f" {G.count_params():,} weights")
print("D:", D.input_shape, "->", D.output_shape, f" {D.count_params():,} weights")
claim("G has 101·128 + 129·128 + 129·784 of them", G.count_params() == 101 * 128 + 129 * 128 + 129 * 784)
claim("D has 785·128 + 129·128 + 129", D.count_params() == 785 * 128 + 129 * 128 + 129)

# %% [markdown]
# Nothing is trained yet.
#
# <details><summary><b>Predict before you run:</b> what does G draw, and what does D say to a real digit?</summary>
#
# G draws grey fog. Its last layer is a sigmoid of numbers near 0, so the pixels are near one half. D says
# neither yes nor no, to digits and to fog. There is no knowledge in either.
# </details>

# %%
(digits, _), _ = load_mnist()
real = digits[:1000].reshape(-1, 784) / np.float32(255)  # (1000, 784)
fake = G(np.random.default_rng(0).standard_normal((1000, 100))).numpy()  # (1000, 784)
pictures.show(
    pictures.side_by_side({"real": digits[:15], "generated": to_images(fake[:15])}, columns=15,
                       title="Before training, G draws fog"),
    alt="A row of fifteen handwritten digits above a row of fifteen squares of grey noise.",
)  # fmt: skip

# %%
says_real, says_fake = opinion(D)(real).numpy(), opinion(D)(fake).numpy()
print(f"D says {says_real.mean():.2f} to digits and {says_fake.mean():.2f} to fog")
claim("the average grey of the fog is one half", fake.mean(), equals=0.5, within=0.03)
claim("and hardly a pixel is outside 1/4 to 3/4", np.mean(np.abs(fake - 0.5) > 0.25), below=0.01)
claim("D is undecided about digits", says_real.mean(), above=0.3, below=0.7)
claim("and has no clear answer to fog", says_fake.mean(), above=0.1, below=0.9)
surest = np.abs(np.concatenate([says_real, says_fake]) - 0.5).max()
claim("even its surest answer stays away from 0 and 1", surest, below=0.4)

# %% [markdown]
# (Lesson 04 trains this pair. Here we stay in the plane, where everything can be seen.)
#
# ## 5 · The game, move by move
#
# Take a new pair, untrained. `discriminator_phase` is one step of D's training, `generator_phase` one step of G's.
# `tf.function` makes them fast.

# %%
keras.utils.set_random_seed(0)
game = GAN(*networks())
game.compile(r1=0.1)
d_phase, g_phase = tf.function(game.discriminator_phase), tf.function(game.generator_phase)
rng = np.random.default_rng(0)
shown_real, shown_noise = ring.sample(200, rng), rng.standard_normal((200, 2)).astype("float32")


def latents():
    return tf.constant(rng.standard_normal((256, 2)), tf.float32)


# %% [markdown]
# A film needs a picture every few steps: D's map, the real points, and what G makes of 200 fixed latents.


# %%
def picture():
    return pictures.fields({"": opinion(game.discriminator)}, shown_real, game.generator(shown_noise))


def play(d_steps, g_steps_each):  # after each step of D, so many of G
    for _ in range(d_steps):
        d_phase(tf.constant(ring.sample(256, rng)), latents())
        for _ in range(g_steps_each):
            g_phase(latents())


# %% [markdown]
# ### D alone
#
# G is held still. It draws a small patch near the centre.
#
# <details><summary><b>Predict before you run:</b> what will D's map look like after 200 steps?</summary>
#
# A valley at the patch (orange: generated) and high ground everywhere else (blue: real), also far outside, where there
# is no data at all.
# </details>

# %%
frames, captions = [picture()], ["before the first step"]
for step in range(25, 201, 25):
    play(25, 0)
    frames.append(picture())
    captions.append(f"{step} steps of D, none of G")
pictures.player(frames, captions, alt="D's map turns vermilion over the generated patch and blue around it.")

# %%
def d_of(points):
    return float(np.mean(opinion(game.discriminator)(np.asarray(points))))


patch = game.generator(shown_noise).numpy()
print(f"D says {d_of(shown_real):.2f} to real and {d_of(patch):.2f} to generated points")
claim("D tells real from generated", d_of(shown_real) - d_of(patch), above=0.3)
at_corners = opinion(game.discriminator)(corners).numpy()
claim("and believes that all four far corners, where nothing is, are real", at_corners.min(), above=0.7)

# %% [markdown]
# ### G alone
#
# Now D is held still, and G moves. G knows nothing of the real points: no real data enters its phase at all. It only
# feels how D's map rises, and pushes its points uphill: its loss is $-\log D(G(z))$, low where D says real.
#
# <details><summary><b>Predict before you run:</b> D stays as it is, and G takes 80 steps uphill. Will it find the
# ring?</summary>
#
# It will pass it. The map goes on rising behind the ring, so the points run through the ring and out into the blue.
# G beats this D and does not get the data right.
# </details>

# %%
frames, captions = [picture()], ["200 steps of D, none of G"]
for step in range(10, 81, 10):
    for _ in range(10):
        g_phase(latents())
    frames.append(picture())
    captions.append(f"{step} steps of G against the same D")
pictures.player(frames, captions, alt="The generated points spread from the centre, cross the ring and leave the map.")

# %%
run_away = game.generator(shown_noise).numpy()
claim("D, held still, now takes generated points for real", d_of(run_away), above=0.8, quality=True)
claim("more surely than the real ones", d_of(run_away) - d_of(shown_real), above=0.1, quality=True)
claim("but few of them are good", good_share(run_away), below=0.3, quality=True)
beyond = np.mean(np.linalg.norm(run_away, axis=1) > 1.3)
claim("most have run through the ring, out to a radius above 1.3", beyond, above=0.6, quality=True)

# %% [markdown]
# Fooling D is not the same as being right. A frozen critic can be outrun. That is why D must keep learning.
#
# ### Both, in turns
#
# A fresh pair: one step of D, one step of G, and so on. We note on the way what D says on average to generated
# points, and how many of them are good.
#
# <details><summary><b>Predict before you run:</b> the map is white where D is undecided. Will it turn white before or
# after the points have found the clouds?</summary>
#
# Long before. G spreads its points, D does not find at once what is wrong with them, and until it does it says one
# half.
# </details>

# %%
keras.utils.set_random_seed(0)
game = GAN(*networks())
game.compile(r1=0.1)
d_phase, g_phase = tf.function(game.discriminator_phase), tf.function(game.generator_phase)
frames, captions, notes, done = [picture()], ["before the first step"], {}, 0
for stop in (20, 40, 60, 90, 120, 160, 220, 300, 450, 700, 1200):
    play(stop - done, 1)
    done = stop
    notes[stop] = d_of(game.generator(noise)), good_share(game.generator(noise))
    frames.append(picture())
    captions.append(f"{done} steps of each")
pictures.player(frames, captions, alt="Points and map chase each other until most points lie on the eight clouds.")

# %%
for step in (120, 300, 1200):
    answer, share = notes[step]
    print(f"after {step:4} steps D says {answer:.2f} to generated points; {share:.0%} of them are good")
claim("after 120 steps D already says one half", notes[120][0], above=0.45, below=0.55, quality=True)
claim("but most points are not good yet", notes[120][1], below=0.5, quality=True)

# %%
generated = game.generator(noise).numpy()
claim("at the end most points have found the clouds", good_share(generated), above=0.6, quality=True)
claim("D says one half to real points", d_of(ring.sample(2500)), above=0.45, below=0.55, quality=True)
claim("and to generated ones", d_of(generated), above=0.45, below=0.55, quality=True)

# %% [markdown]
# So a white map is not yet a success. What moves G is not D's answer, but how that answer rises from place to place,
# and a slope too small to be seen in the picture is enough. Section 7 comes back to this.
#
# ## 6 · Two phases, and what each may change
#
# One round of the training has two phases (Goodfellow and others 2014, algorithm 1):
#
# 1. **D's phase.** Real and generated samples go in, D learns to tell them apart, *G is held still*.
# 2. **G's phase.** Generated samples go through D, G learns to raise D's answer, *D is held still*.
#
# The article says that in the discriminator's phase both networks are trained. Is that so? Do not argue: take a
# **fingerprint** of all weights of a network before and after each phase. If a single bit changes, so does the
# fingerprint.
#
# <details><summary><b>Predict before you run:</b> in G's phase the samples go through D, and the gradient comes back
# through D. Does that change D?</summary>
#
# No. A gradient changes nothing by itself. The optimiser does, and only the weights that it is given: here G's.
# </details>


# %%
def fingerprint(network):
    return hashlib.sha256(b"".join(weight.tobytes() for weight in network.get_weights())).hexdigest()


def what_changes(phase):
    before = fingerprint(game.generator), fingerprint(game.discriminator)
    phase()
    after = fingerprint(game.generator), fingerprint(game.discriminator)
    return {name: old != new for name, old, new in zip(("G", "D"), before, after)}


# %% tags=["nbval-check-output"]
real_batch = tf.constant(ring.sample(256))
in_d_phase = what_changes(lambda: game.discriminator_phase(real_batch, latents()))
in_g_phase = what_changes(lambda: game.generator_phase(latents()))
for name, changed in {"D's phase": in_d_phase, "G's phase": in_g_phase}.items():
    print(f"{name} changes", *(network for network, yes in changed.items() if yes))
claim("D's phase changes D and leaves G alone", in_d_phase == {"G": False, "D": True})
claim("G's phase changes G and leaves D alone", in_g_phase == {"G": True, "D": False})

# %% [markdown]
# So the sentence is false. In either phase *both networks compute*, and one of them learns.
#
# And what does the article's own program do? It does not have two phases. It computes both losses from one batch and
# updates both networks at once; each optimiser gets the weights of its own network. Look closer, with plain gradient
# descent and a fresh pair:

# %%
softplus, mean = tf.nn.softplus, tf.reduce_mean  # softplus(-logit) = -log D, softplus(logit) = -log(1 - D)
keras.utils.set_random_seed(1)
G, D = networks()
z = latents()
with tf.GradientTape(persistent=True) as tape:  # persistent: we ask it for several gradients
    fake_logits = D(G(z))
    loss_D = mean(softplus(-D(real_batch))) + mean(softplus(fake_logits))
    loss_G = mean(softplus(-fake_logits))
into_G = tape.gradient(loss_D, G.trainable_variables)
claim("the gradient of D's loss in G's weights is not zero", tf.linalg.global_norm(into_G), above=0.001)

# %% [markdown]
# D's loss depends on G: G made half of its samples. If an optimiser were handed *all* weights together with D's loss,
# it would change G as well, to help D. Try it on a copy of G.

# %%
helper = keras.models.clone_model(G)
helper.set_weights([weight - 0.1 * slope.numpy() for weight, slope in zip(G.get_weights(), into_G)])
with_helper = mean(softplus(-D(real_batch))) + mean(softplus(D(helper(z))))
claim("after such a step G's samples are easier to tell: D's loss fell", loss_D - with_helper, above=0)

# %% [markdown]
# What keeps G still is the list of weights handed to the optimiser. (In Keras too. Setting `trainable = False` is
# another way to get such a list; lesson 06 shows what happens when D stays frozen.)
#
# Now make the article's kind of step, both at once. And the same step in two phases, from the same weights, on the
# same batch.
#
# <details><summary><b>Predict before you run:</b> which of the two networks will be the same either way?</summary>
#
# D. Its step comes first, or at the same time, so it always answers the old G. In two phases G answers the new D.
# </details>

# %%
twin = GAN(*networks())
twin.generator.set_weights(G.get_weights())
twin.discriminator.set_weights(D.get_weights())

moves = [(net, tape.gradient(loss, net.trainable_variables)) for net, loss in ((D, loss_D), (G, loss_G))]
for net, gradients in moves:  # both at once: both gradients were taken before either step
    keras.optimizers.SGD(0.1).apply(gradients, net.trainable_variables)

twin.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1), r1=0.0)
_ = twin.discriminator_phase(real_batch, z), twin.generator_phase(z)  # one after the other


# %%
def difference(one, other):
    return max(np.abs(a - b).max() for a, b in zip(one.get_weights(), other.get_weights()))


claim("D is the same either way", difference(D, twin.discriminator), below=1e-6)
claim("G is not: in two phases it answers the D that has just learned", difference(G, twin.generator), above=1e-5)

# %% [markdown]
# So both programs train D on D's loss and G on G's loss. The difference is which D the generator sees: the one before
# its step, or the one after. (Lesson 06 shows a game that runs away in the one case and circles in the other.)
#
# ### Exercise 5: G's phase in one line
#
# Return the logits that G's loss is made of. You are given everything; you do not need everything.
#
# <details><summary>Hint</summary>
#
# Which of these numbers can G change?
# </details>


# %% tags=["exercise"]
def generator_logits(G, D, real, latents):
    return ...  # logits, one for each example


exercises.generator_logits(generator_logits)
# solution
def generator_logits(G, D, real, latents):
    return D(G(latents))


exercises.generator_logits(generator_logits)

# %% [markdown]
# ## 7 · One half everywhere: victory or breakdown?
#
# If G is perfect, then q = p, and the best D says p / (p + p) = 1/2 wherever there is data. Its loss, $-\log\frac12$
# for the real points and $-\log\frac12$ for the generated ones, is 2 log 2 = log 4. Test it: let the "generated"
# points be a second sample of the ring itself.

# %%
keras.utils.set_random_seed(3)
equal_D = train_classifier(ring.sample(20_000, seed=6), ring.sample(20_000, seed=7), epochs=3)
test_real, test_fake = ring.sample(5000, seed=8), ring.sample(5000, seed=9)
off = np.abs(opinion(equal_D)(test_real) - 0.5)
claim("against a perfect G, D says one half to every test point", off.max(), below=0.1, quality=True)
equal_loss = d_loss(opinion(equal_D), test_real, test_fake)
claim("and its loss is log 4", equal_loss, equals=np.log(4), within=0.01, digits=4, quality=True)

# %% [markdown]
# Now turn it round. **D says one half everywhere. Is G perfect?** Break a D on purpose: set its last layer to zero.
# And let G be untrained.
#
# <details><summary><b>Predict before you run:</b> what is the loss of this D? And how long is the gradient that
# reaches G?</summary>
#
# Exactly log 4, whatever the points are, as in perfect balance. The gradient is exactly zero: on a flat map there is
# no uphill, and G learns nothing.
# </details>

# %%
_, broken_D = networks()
broken_D.layers[-1].set_weights([np.zeros((64, 1)), np.zeros(1)])
with tf.GradientTape() as tape:
    loss = mean(softplus(-broken_D(untrained(noise))))
reaches_G = tf.linalg.global_norm(tape.gradient(loss, untrained.trainable_variables))

# %% tags=["nbval-check-output"]
broken_loss = d_loss(opinion(broken_D), test_real, untrained(noise))
claim("the loss of the broken D is log 4", broken_loss, equals=np.log(4), within=1e-6)
claim("no gradient reaches G", reaches_G, equals=0)

# %%
pictures.show(
    pictures.fields(
        {"equilibrium": opinion(equal_D), "breakdown": opinion(broken_D)}, ring.sample(300),
        {"equilibrium": ring.sample(300, seed=7), "breakdown": untrained(noise[:300])},
        title="Both D's say one half everywhere; the G on the right is nowhere near",
    ),
    alt="Two white maps. On the left, real and generated points lie together on eight clouds. On the right, the "
    "generated points lie in a patch that runs from the centre towards one cloud.",
)  # fmt: skip
claim("in the breakdown hardly a generated point is good", good_share(untrained(noise)), below=0.25)

# %% [markdown]
# The two look the same from D's answers and from D's loss. How can you tell them apart? **Ask a fresh D.** Train a new
# classifier on real and generated points. If G is perfect, the newcomer cannot do better than log 4 either. If D was
# broken, the newcomer finds the difference at once.

# %%
cases = {"perfect G": ring.sample(10_000, seed=11), "untrained G": untrained(tf.random.normal([10_000, 2], seed=1)),
         "trained G of section 2": ring_gan.generate(10_000, seed=1)}  # fmt: skip
fresh_loss = {}
for name, points in cases.items():
    fresh = train_classifier(ring.sample(10_000, seed=10), points, epochs=4)
    fresh_loss[name] = d_loss(opinion(fresh), ring.sample(5000, seed=12), np.asarray(points)[:5000])
    print(f"a fresh D against the {name:24}loss {fresh_loss[name]:.2f}  (log 4 = {np.log(4):.2f})")

# %%
claim("a fresh D cannot beat log 4 against a perfect G", fresh_loss["perfect G"], above=1.33, digits=3, quality=True)
claim("it unmasks the untrained G", fresh_loss["untrained G"], below=0.3, quality=True)
claim("our trained G is nearly perfect by this test", fresh_loss["trained G of section 2"], above=1.25, digits=3,
      quality=True)  # fmt: skip

# %% [markdown]
# Remember it as: *equilibrium makes D say one half; D saying one half does not make an equilibrium.*
#
# A fresh D can convict, it cannot acquit. Section 2 counted the points of the trained G on its bridges, and this
# newcomer hardly sees them: it was trained for a short time on few points.
#
# ## 8 · A game whose answer is known
#
# Now let a GAN solve a problem with a right answer: find the mean and the spread of a normal distribution. (The book
# *Dive into deep learning* jokes that such a GAN is the world's least efficient way to estimate a Gaussian. Right:
# `np.mean` is quicker. But here we can check it.)
#
# The real numbers are from N(3, 2²). G is your linear generator from exercise 1, $G(z) = a z + b$, but nobody tells
# it a and b. If training works, the bias b must become the mean 3 and |a| the spread 2. (a = −2 would do as well: the
# noise is symmetric. Losses made of natural logarithms have a unit, the *nat*; you will see it on an axis.)
#
# <details><summary><b>Predict before you run:</b> "the two networks get better together until the fakes cannot be told
# apart", one often reads. So will the loss of D fall during the training?</summary>
#
# It rises. D starts against a poor G, which is easy to see through, and ends at log 4, which is guessing. D is not
# getting worse: its opponent gets better. In a game, your loss is not a measure of your skill alone.
# </details>


# %%
def estimate(seed, steps=2000):
    keras.utils.set_random_seed(seed)
    G = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])  # x = a z + b
    gan = GAN(G, models.mlp(1, (32, 32), 1, None, "discriminator"), seed)
    gan.compile(adam(5e-3, steps), adam(5e-3, steps), r1=1.0)
    track = []
    note = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: track.append(G.get_weights()))
    numbers = toys.gaussian(3, 2).sample(256 * 50, seed)
    history = gan.fit(numbers, 256, epochs=steps // 50, callbacks=[note], verbose=0).history
    a, b = np.array([a[0, 0] for a, b in track]), np.array([b[0] for a, b in track])
    return {"gan": gan, "spread": np.abs(a), "mean": b, **history}


runs = [estimate(seed) for seed in (0, 1, 2)]

# %%
figure, (left, middle, right) = pictures.subplots(1, 3, height=290)
steps = 50 * np.arange(1, 1 + len(runs[0]["mean"]))
for run in runs:
    left.plot(steps, run["mean"], color=pictures.GENERATED, linewidth=1)
    left.plot(steps, run["spread"], color=pictures.NEUTRAL, linewidth=1)
    middle.plot(steps, run["d_loss"], color=pictures.DISCRIMINATOR, linewidth=1)
    middle.plot(steps, run["g_loss"], color=pictures.GENERATED, linewidth=1)
with pictures.style():
    for panel, height, name in ((left, 3.1, "mean"), (left, 2.1, "spread"), (middle, 1.43, "D"), (middle, 0.74, "G")):
        panel.text(steps[-1], height, name, ha="right")

# %%
left.set(xlabel="steps", ylabel="mean b, spread |a|", ylim=(0, 3.5), yticks=[0, 1, 2, 3])
middle.set(xlabel="steps", ylabel="loss (nats)", ylim=(0, 1.6))
right.set(xlabel="number (line: real)", ylabel="density")
right.hist(runs[0]["gan"].generate(20_000)[:, 0], 60, density=True, color=pictures.GENERATED, alpha=0.6)
line = np.linspace(-5, 11, 200)
right.plot(line, toys.gaussian(3, 2).density(line[:, None]), color=pictures.REAL)
pictures.add_title(figure, "Three games, one answer: mean 3, spread 2, and D's loss rises to log 4")
pictures.show(
    figure,
    alt="Left: in three runs the mean rises to three and the spread to two. Middle: the loss of D rises to log four "
    "and that of G falls to log two. Right: generated numbers fill the curve of N(3, 2 squared).",
)

# %%
for seed, run in enumerate(runs):
    a, b = (float(weight.ravel()[0]) for weight in run["gan"].average.get_weights())
    claim(f"run {seed} found the mean", b, equals=3, within=0.15, digits=2, quality=True)
    claim(f"run {seed} found the spread", abs(a), equals=2, within=0.15, digits=2, quality=True)

# %%
first, last = [np.mean([run["d_loss"][epoch] for run in runs]) for epoch in (0, -1)]
claim("D's loss rose", last - first, above=0.25, quality=True)
claim("to log 4", last, equals=np.log(4), within=0.02, digits=3, quality=True)
claim("and G's is log 2", np.mean([run["g_loss"][-1] for run in runs]), above=0.67, below=0.72, quality=True)

# %% [markdown]
# Here log 4 does mean success, and we know it only because we looked at b and a. (G's loss is $-\log D(G(z))$, and
# $-\log\frac12$ is log 2.)
#
# ## What you now know
#
# * A generator moves noise around. Where it is flat, data piles up; it can stretch, but not tear.
# * A discriminator is a map of probability. The best one is p / (p + q); where there is no data, it may say anything.
# * D's phase changes D, G's phase changes G. The list of weights given to the optimiser decides, nothing else.
# * G never sees a real sample. It follows D's slope, and a D that stands still can be outrun.
# * At equilibrium D says one half and its loss is log 4. A broken D says the same. A fresh D can tell.
#
# Next, lesson 03: the losses. Where p / (p + q) comes from, and why there is more than one loss for G.
#
# ## What usually goes wrong here
#
# * **D's loss trains G too**, because one optimiser got all weights. Take fingerprints, as in section 6.
# * **D stays at one half from the first step:** it learns nothing. Look at its last layer, its labels, its input.
# * **G wins, and its samples are absurd:** D stopped learning. Its weights may be frozen by mistake.
# * **A ring of "eight" modes with seven:** `linspace` puts the last on the first. Count what you sample.
#
# ## Where this comes from
#
# * Goodfellow and others (2014), *Generative adversarial nets*: the game, the best D, the two phases.
# * Metz, Poole, Pfau, Sohl-Dickstein (2017), *Unrolled generative adversarial networks*: the ring of eight.
# * Srivastava and others (2017), *VEEGAN: reducing mode collapse in GANs using implicit variational learning*: the
#   rule for good samples.
# * Mescheder, Geiger, Nowozin (2018), *Which training methods for GANs do actually converge?*: the R1 penalty that
#   keeps our small games calm.
# * Zhang, Lipton, Li, Smola (2023), *Dive into deep learning*, chapter on GANs: the Gaussian estimator.
