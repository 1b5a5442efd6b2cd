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
# **You will write the game of two networks in twelve lines, watch your own code play it, and then break it.**
#
# *Core path: 45 minutes (20 to read, 17 for exercises, 8 to predict and look, estimated; computing under a minute,
# measured). "Further" is optional. You need Python and an idea of what a neural network is.*
#
# After this lesson you can
#
# * say what a generator does to noise, and what the best discriminator answers,
# * write a training step, and prove which network each of its phases changes,
# * see when a game goes wrong, and turn one knob that makes it,
# * tell "D says one half because G is perfect" from "D says one half because D is broken".

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

import keras
import numpy as np
import tensorflow as tf

from ganlib import GAN, claim, models, pictures
from ganlib.lessons import toys
from ganlib.lessons.exercises import lesson02 as exercises
from ganlib.lessons.exercises import use

mean, softplus = tf.reduce_mean, tf.nn.softplus

# %% [markdown]
# ## 1 · A generator bends noise
#
# A **generator** G is a function. Random numbers go in, data comes out. The random numbers, the **latent** z, are
# always drawn from the same normal distribution N(0, 1): mean 0, standard deviation 1. So whatever makes the output
# look like one kind of data and not another must be in the function. Here is a G made by hand:
# $G(z) = \tanh(3z) + z/2$.
#
# <details><summary><b>Predict before you run:</b> G is steepest at z = 0, where most of the noise is. Will most of the
# output also be near 0?</summary>
#
# No. Where G is steep, neighbours are pulled far apart. They pile up where G is flat: one hill of noise becomes two.
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
# number in twenty, before and after: G moves numbers, it makes no more and no fewer.
#
# ## 2 · The real data: a ring of eight clouds
#
# Nobody can write the G for handwritten digits by hand, so G becomes a network and learns. To see what it does, let it
# make points in the plane: two latent numbers in, two coordinates out. The real data is a **ring of eight modes**
# (little clouds) on a circle. It is a classic test (Metz and others 2017), because we know where every point belongs.
#
# ### Exercise 1: where the clouds are (3 minutes)
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

# %%
centres = use(exercises.ring_modes, ring_modes, exercises.right_modes)
ring = toys.Mixture(np.asarray(centres(8, 1.0), "float64"), 0.1)  # each cloud has standard deviation 0.1
real = ring.sample(20_000, seed=1)  # (20,000, 2)

# %% [markdown]
# ## 3 · A discriminator is a field of probability
#
# The **discriminator** D takes a point x and says how likely it is to be real. It can be asked about *any* point, so D
# is a map: a number from 0 to 1 everywhere. Our networks return any number, a **logit**; the sigmoid
# $1/(1 + e^{-\text{logit}})$ makes the probability D(x) of it: logit 0 is 1/2.
#
# What should D answer? Mix as many real as generated points, and look at those very close to x. Of the real ones there
# are as many as the real data's density p(x) says, of the generated ones as many as the density q(x) of G's points
# says. The best answer, $D^*(x)$, is the share of the real ones (Goodfellow and others 2014, proposition 1; lesson 03
# derives it).
#
# ### Exercise 2: the best discriminator (2 minutes)
#
# Return $D^*(x)$, the share of the real points at x, from p and q.
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
# To compare, take a G so simple that q is known: it draws both coordinates from N(0, 0.7²). Training D is then plain
# classification: *real* = 1, *generated* = 0. Both networks have two hidden layers of 64 neurons.
#
# In the maps blue means real, orange generated, white undecided. On the dark line D says exactly one half. The colours
# change fastest near one half.
#
# <details><summary><b>Predict before you run:</b> what does an untrained D say? And a trained one in the corners, where
# there is no data at all?</summary>
#
# An untrained D says something near one half: its weights are small. In the corners nothing in the training makes D
# right. Here it carries on what it saw at the edge; section 5 has a D that carries on the other way.
# </details>


# %%
def networks():
    G = models.mlp(2, (64, 64), 2, None, "generator")  # (n, 2) -> (n, 2)
    D = models.mlp(2, (64, 64), 1, None, "discriminator")  # (n, 2) -> (n, 1), a logit
    return G, D


def train_classifier(real, generated, epochs, seed=0):
    keras.utils.set_random_seed(seed)
    D = networks()[1]
    points, labels = np.concatenate([real, generated]), np.repeat([[1.0], [0.0]], [len(real), len(generated)], axis=0)
    rate = keras.optimizers.schedules.CosineDecay(0.01, epochs * len(points) // 256, alpha=0.02)  # falls step by step
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    D.compile(keras.optimizers.Adam(rate), loss, jit_compile=False, steps_per_execution=20)  # both only for speed
    D.fit(points, labels, batch_size=256, epochs=epochs, verbose=0)
    return D


def opinion(D):
    return lambda points: tf.sigmoid(D(points)).numpy()[:, 0]


def simple_fakes(n, seed):
    return np.random.default_rng(seed).normal(0, 0.7, (n, 2)).astype("float32")


line = toys.gaussian(0, 0.7)
share = use(exercises.best_discriminator, best_discriminator, exercises.right_share)


def formula(points):
    return np.asarray(share(ring.density(points), line.density(points[:, :1]) * line.density(points[:, 1:])))


keras.utils.set_random_seed(0)
untrained_D = networks()[1]
D = train_classifier(real, simple_fakes(20_000, seed=2), epochs=10)

# %% tags=["hide-input"]
pictures.show(
    pictures.fields(
        {"untrained D": opinion(untrained_D), "trained D": opinion(D), "the formula": formula},
        ring.sample(160), simple_fakes(160, seed=3),
        title="A trained D comes close to the best answer where there is data",
    ),
    alt="Three maps of D over the plane. The untrained one is pale, near one half everywhere. The trained one is "
    "blue on the eight clouds and vermilion around them, much like the third map, which shows the formula.",
)  # fmt: skip


# %%
def d_loss(probability, real, generated):  # sure and right costs little, sure and wrong costs much
    return -np.mean(np.log(probability(real))) - np.mean(np.log(1 - probability(generated)))


test_real, test_fake = ring.sample(5000, seed=4), simple_fakes(5000, seed=5)  # points that D has not seen
test = np.concatenate([test_real, test_fake])
error = {name: np.abs(opinion(net)(test) - formula(test)).mean()
         for name, net in (("untrained", untrained_D), ("trained", D))}  # fmt: skip
claim("on average the trained D is near the formula", error["trained"], below=0.1, quality=True)
claim("the untrained one is not", error["untrained"], above=0.25)
loss = {name: d_loss(answer, test_real, test_fake)
        for name, answer in {"untrained": opinion(untrained_D), "trained": opinion(D), "formula": formula}.items()}
print("D's loss on unseen points:", ", ".join(f"{name} {value:.2f}" for name, value in loss.items()))
claim("training brought D most of the way from the first loss to the formula's",
      (loss["untrained"] - loss["trained"]) / (loss["untrained"] - loss["formula"]), above=0.8, quality=True)

# %% [markdown]
# ## 4 · The game, written by you
#
# Now G learns too. One step of the training has two phases (Goodfellow and others 2014, algorithm 1).

# %% tags=["hide-input"]
pictures.show(pictures.two_phases(), alt=pictures.TWO_PHASES_ALT)

# %% [markdown]
# D wants a high logit for real points and a low one for generated ones. G wants a high one for its own. The function
# softplus, $\log(1 + e^t)$, turns "high" and "low" into losses: softplus(−logit) is −log D(x), which is small where the
# logit is high; softplus(logit) is −log(1 − D(x)), small where it is low. (Lesson 03 is about these formulas.)
#
# ### Exercise 3: the training step (12 minutes)
#
# D's phase is written but for its loss. G's phase is yours: five lines like those above. `z[0]` and `z[1]` are the
# latents of the two phases. `tape.gradient(loss, weights)` says in which direction each weight raises the loss;
# `optimizer.apply` moves it the other way. The step returns nothing: it changes the networks.
#
# <details><summary>Hint 1</summary>
#
# D's loss is the mean of `softplus(-real_logits)` plus the mean of `softplus(fake_logits)`.
# </details>
# <details><summary>Hint 2</summary>
#
# G's loss needs no real points: its fake logits are `D(G(z[1]))`, and it wants them high.
# </details>
# <details><summary>Hint 3</summary>
#
# The gradient of G's loss goes to `G_optimizer`, with G's list of weights.
# </details>


# %% tags=["exercise"]
def training_step(G, D, G_optimizer, D_optimizer, real, z):  # real: (n, 2), z: (2, n, 2)
    with tf.GradientTape() as tape:  # D's phase
        real_logits, fake_logits = D(real), D(G(z[0]))
        loss = ...
    gradients = tape.gradient(loss, D.trainable_variables)
    D_optimizer.apply(gradients, D.trainable_variables)
    ...  # G's phase


exercises.training_step(training_step)
# solution
def training_step(G, D, G_optimizer, D_optimizer, real, z):  # real: (n, 2), z: (2, n, 2)
    with tf.GradientTape() as tape:  # D's phase
        real_logits, fake_logits = D(real), D(G(z[0]))
        loss = mean(softplus(-real_logits)) + mean(softplus(fake_logits))
    gradients = tape.gradient(loss, D.trainable_variables)
    D_optimizer.apply(gradients, D.trainable_variables)
    with tf.GradientTape() as tape:  # G's phase
        fake_logits = D(G(z[1]))
        loss = mean(softplus(-fake_logits))
    gradients = tape.gradient(loss, G.trainable_variables)
    G_optimizer.apply(gradients, G.trainable_variables)


exercises.training_step(training_step)

# %%
step = use(exercises.training_step, training_step, exercises.library_step)


class Game:
    """A pair with first weights from `seed`, and its two optimisers, whose rates are the lengths of their steps."""

    def __init__(self, seed=0, G_rate=1e-3, D_rate=1e-3):
        keras.utils.set_random_seed(seed)
        self.G, self.D = networks()
        self.G_optimizer = keras.optimizers.Adam(G_rate, beta_1=0.0, beta_2=0.99)
        self.D_optimizer = keras.optimizers.Adam(D_rate, beta_1=0.0, beta_2=0.99)
        self.G_optimizer.build(self.G.trainable_variables)
        self.D_optimizer.build(self.D.trainable_variables)
        self.rng = np.random.default_rng(seed)

        def steps(real, z):  # many steps in one compiled call, only for speed
            def one(i):
                step(self.G, self.D, self.G_optimizer, self.D_optimizer, real[i], z[i])
                return i + 1

            tf.while_loop(lambda i: i < tf.shape(real)[0], one, [0])

        shapes = [tf.TensorSpec((None, 256, 2)), tf.TensorSpec((None, 2, 256, 2))]
        self.steps = tf.function(steps, input_signature=shapes, autograph=False)

    def play(self, steps):
        real = ring.sample(256 * steps, self.rng).reshape(steps, 256, 2)
        self.steps(tf.constant(real), tf.constant(self.rng.standard_normal((steps, 2, 256, 2), "float32")))


# %% [markdown]
# ### Which phase changes what?
#
# Some texts say that in D's phase both networks are trained. Do not argue: take a **fingerprint** of all weights before
# and after. If one bit changes, so does the fingerprint. The library's `GAN` (read it in `ganlib/gan.py`; its networks
# stand in `ganlib/models.py`) has the two phases as two functions; first see that both together do what `step` does.
#
# <details><summary><b>Predict before you run:</b> in G's phase the gradient comes back through D. Does that change
# D?</summary>
#
# No. A gradient changes nothing by itself. The optimiser does, and only the weights that it is given.
# </details>


# %%
def fingerprint(network):
    return hashlib.sha256(b"".join(weight.tobytes() for weight in network.get_weights())).hexdigest()


game, twin = Game(), Game()
library = GAN(twin.G, twin.D)
library.compile(twin.G_optimizer, twin.D_optimizer, r1=0.0)  # r1: a penalty that lesson 04 explains
points, z = tf.constant(ring.sample(256)), tf.random.normal([2, 256, 2], seed=1)
prints = [(fingerprint(twin.G), fingerprint(twin.D))]
for phase in (lambda: library.discriminator_phase(points, z[0]), lambda: library.generator_phase(z[1])):
    phase()
    prints.append((fingerprint(twin.G), fingerprint(twin.D)))
before, after_D, after_G = prints
for name, one, other in (("D's phase", before, after_D), ("G's phase", after_D, after_G)):
    print(f"{name} changes", *(network for network, a, b in zip("GD", one, other) if a != b))
claim("D's phase leaves G alone, bit for bit", before[0] == after_D[0])
claim("G's phase leaves D alone, bit for bit", after_D[1] == after_G[1])
step(game.G, game.D, game.G_optimizer, game.D_optimizer, points, z)
apart = [np.abs(a - b).max() for one, other in ((game.G, twin.G), (game.D, twin.D))
         for a, b in zip(one.get_weights(), other.get_weights())]  # fmt: skip
claim("the step that plays here and the library's lead to the same weights", max(apart), below=1e-5)

# %% [markdown]
# In either phase *both networks compute*, and one of them learns. What keeps the other still? Two things can: the list
# of weights handed to the optimiser, or a **stopped gradient** (PyTorch's `detach`), which cuts the way back. Without
# either, D's loss does have a gradient in G's weights, and an optimiser that got it would train G to help D.

# %%
with tf.GradientTape(persistent=True) as tape:  # persistent: we ask it twice
    open_loss = mean(softplus(game.D(game.G(z[0]))))
    cut_loss = mean(softplus(game.D(tf.stop_gradient(game.G(z[0])))))
into_G = tape.gradient(open_loss, game.G.trainable_variables)
cut_off = tape.gradient(cut_loss, game.G.trainable_variables)  # None for a weight to which no way leads back
claim("D's loss has a gradient in G's weights: its length", tf.linalg.global_norm(into_G), above=1e-4)
reached = sum(part is not None for part in cut_off)
claim("behind stop_gradient it reaches none of G's weights", reached, equals=0)

# %% [markdown]
# ## 5 · Watch it play
#
# ### D alone
#
# A new pair. G is held still by an optimiser with rate 0; it draws a small patch near the centre.
#
# <details><summary><b>Predict before you run:</b> what will D's map look like after 200 steps?</summary>
#
# A valley at the patch (orange: generated) and high ground everywhere else (blue: real), also far outside, where there
# is no data at all.
# </details>

# %%
shown_real = ring.sample(200, seed=6)
shown_z = np.random.default_rng(7).standard_normal((200, 2)).astype("float32")
z_test = np.random.default_rng(8).standard_normal((5000, 2)).astype("float32")


def film(game, stops, first, alt, name="steps of each"):
    """Play on to each of the stops, and make a picture there and before the first step."""
    frames, captions, done = [], [], 0
    for stop in (0, *stops):
        game.play(stop - done)
        done = stop
        frames.append(pictures.fields({"": opinion(game.D)}, shown_real, game.G(shown_z)))
        captions.append(f"{stop} {name}" if stop else first)
    return pictures.player(frames, captions, alt=alt)


game = Game(G_rate=0.0)
film(game, (10, 50, 100, 200), "before the first step",
     "D's map turns vermilion over the generated patch and blue around it.", "steps of D, none of G")  # fmt: skip

# %%
patch, far = game.G(z_test), np.array([[x, y] for x in (-3, 3) for y in (-3, 3)], "float32")
says = opinion(game.D)
print(f"D says {says(real[:5000]).mean():.2f} to real and {says(patch).mean():.2f} to generated points")
claim("D tells real from generated", says(real[:5000]).mean() - says(patch).mean(), above=0.5, quality=True)
claim("and takes four corners where nothing is for real", says(far).min(), above=0.7, quality=True)

# %% [markdown]
# ### G alone
#
# Now D is held still, and G moves. No real point enters G's phase. G only feels how D's map rises, and pushes its
# points uphill.
#
# <details><summary><b>Predict before you run:</b> G takes 80 steps uphill on this map. Will it find the ring?</summary>
#
# It will pass it. The map stays high behind the ring, so the points run through the ring and out into the blue.
# </details>

# %%
game.G_optimizer.learning_rate.assign(1e-3)
game.D_optimizer.learning_rate.assign(0.0)
film(game, (20, 40, 60, 80), "200 steps of D, none of G",
     "The generated points spread from the centre and cross the ring.", "steps of G against the same D")  # fmt: skip


# %%
def nearest_cloud(points):  # good: within 3 standard deviations of a centre (Srivastava and others 2017)
    distances = np.linalg.norm(np.asarray(points)[:, None] - ring.modes, axis=2)  # (n, 8)
    return distances.argmin(axis=1), distances.min(axis=1) < 3 * ring.std


def good_share(points):
    return nearest_cloud(points)[1].mean()


run_away = game.G(z_test).numpy()
claim("D, held still, takes generated points for real", opinion(game.D)(run_away).mean(), above=0.8, quality=True)
claim("but few of them are good", good_share(run_away), below=0.35, quality=True)
claim("half of them or more have run through the ring, beyond a radius of 1.3",
      np.mean(np.linalg.norm(run_away, axis=1) > 1.3), above=0.5, quality=True)

# %% [markdown]
# Fooling D is not the same as being right: a frozen critic can be outrun. So D must keep learning.
#
# ### Both, in turns: your step
#
# <details><summary><b>Predict before you run:</b> the map is white where D is undecided. Will that come before or after
# the points have found the clouds?</summary>
#
# Long before. G spreads its points, D does not find at once what is wrong with them, and until then it says one half.
# </details>

# %%
STOPS = (40, 120, 300, 450, 700, 1200)
game = Game()
film(game, STOPS, "before the first step", "Points and map chase each other until most points lie on the clouds.")


# %%
def report(name, game):
    points = game.G(z_test).numpy()
    cloud, good = nearest_cloud(points)
    counts = np.bincount(cloud[good], minlength=8)
    says = opinion(game.D)
    reached = int(np.sum(counts > 0.01 * len(points)))
    print(f"{name:24} clouds reached {reached}, good {good.mean():4.0%}, "
          f"D says {says(real[:5000]).mean():.2f} to real, {says(points).mean():.2f} to generated")
    return good.mean(), says(points).mean(), reached


games = {0: game} | {seed: Game(seed) for seed in (1, 2)}
early = []
for seed in (1, 2):
    games[seed].play(120)
    early.append(report(f"start {seed}, 120 steps", games[seed]))
    games[seed].play(1080)
shares = [report(f"start {seed}, 1,200 steps", games[seed])[0] for seed in games]
claim("after 120 steps D says about one half to generated points", max(abs(says - 0.5) for _, says, _ in early),
      below=0.1, quality=True)  # fmt: skip
claim("but most of these points are not good yet", max(good for good, *_ in early), below=0.5, quality=True)
claim("after 1,200 steps most are, from all three starts", min(shares), above=0.7, quality=True)

# %% [markdown]
# So a D that says one half is not yet a success. What moves G is not how high D's answer is, but how it *rises* from
# place to place, and a slope too small to be seen in the picture is enough.
#
# ### Break it
#
# **One knob: `D_RATE`, the length of D's steps.** Above it was 1e-3, as G's. Try 1e-4, 1e-5, 1e-2. What does the film
# do?
#
# <details><summary><b>Predict before you run:</b> with `D_RATE = 5e-5`, who wins?</summary>
#
# G "wins": D says one half or more to a crowd that misses most clouds. It looks like "G alone" in slow motion:
# D turns up late, and the crowd has gone elsewhere.
# </details>

# %%
D_RATE = 5e-5  # turn me, and run this cell again
broken = Game(D_rate=D_RATE)
film(broken, STOPS[1::2], "before the first step", "The generated points wander over the map in a crowd.")

# %%
slow = [broken, *(Game(seed, D_rate=D_RATE) for seed in (1, 2))]
for other in slow[1:]:
    other.play(1200)
reached = [report(f"D_RATE {D_RATE:g}, start {seed}", other)[2] for seed, other in enumerate(slow)]
if D_RATE == 5e-5:
    claim("a slow D: G misses most clouds, from all three starts: reached", max(reached), below=4, quality=True)

# %% [markdown]
# **[Play with this](../web/playground/index.html#experiment=3)** (`course.py play 3`).
#
# ## 6 · What has your generator become?
#
# <details><summary><b>Predict before you run:</b> a network is a continuous function: near z give near x. Can it make
# eight clouds with nothing between them out of one cloud of noise?</summary>
#
# Not quite. It can stretch the sheet until it is thin between the clouds, but it cannot tear it.
# </details>

# %% tags=["hide-input"]
pictures.show(
    pictures.bent_grid(
        {"untrained G": Game().G, "trained G": game.G}, ring.sample(600), reach=1.6,
        title="Training pulls the sheet over the ring: thin between the clouds, never torn",
    ),
    alt="Circles and rays of the noise plane. An untrained generator turns them into a crumpled patch near the centre. "
    "The trained one presses almost all of them onto the ring of eight clouds, with thin bridges from cloud to cloud.",
)  # fmt: skip

# %% [markdown]
# The circles hold 10 %, 20 %, … 90 % of the noise, so every cell between two circles and two rays gets the same share
# of the generated points. "Good" is a kind rule, though: eight exact points would score 100 %. So measure the clouds
# themselves: how far do their points spread, outwards and along the ring?


# %%
def spreads(points):
    """Standard deviation outwards and along the ring, about each cloud's own mean, average over the eight clouds."""
    cloud, good = nearest_cloud(points)
    outwards, along = [], []
    for k, centre in enumerate(ring.modes):
        some = np.asarray(points)[good & (cloud == k)]
        outwards.append((some @ centre).std())
        along.append((some @ np.array([-centre[1], centre[0]])).std())
    return np.mean(outwards), np.mean(along)


shown = {"real": real[:5000]} | {f"G, start {seed}": one.G(z_test) for seed, one in games.items()}
for name, points in shown.items():
    outwards, along = spreads(points)
    print(f"{name:12} good {good_share(points):4.0%}, spread {outwards:.3f} outwards, {along:.3f} along")
thin = max(spreads(one.G(z_test))[0] for one in games.values()) / spreads(real[:5000])[0]
claim("every G's clouds are thinner outwards than real ones", thin, below=0.9, quality=True)

# %% [markdown]
# Most points are good, and the clouds are wrong all the same: too thin, outwards most. (Why, this lesson does not
# show.)
#
# ## 7 · One half everywhere: victory or breakdown?
#
# If G is perfect, then q = p, and the best D says p/(p + p) = 1/2 wherever there is data. Its loss is then
# −log ½ − log ½ = log 4 = 1.386. **Now turn it round: D says one half everywhere. Is G perfect?** Break a D on purpose:
# set its last layer to zero, and leave G untrained.
#
# <details><summary><b>Predict before you run:</b> what is the loss of the broken D?</summary>
#
# Also log 4, whatever the points are. And on a flat map there is no uphill: G learns nothing.
# </details>

# %%
equal_D = train_classifier(real, ring.sample(20_000, seed=9), epochs=3)  # "generated" is a second sample of the ring
broken_D, untrained_G = networks()[1], Game().G
broken_D.layers[-1].set_weights([np.zeros((64, 1)), np.zeros(1)])
patch, second_ring = untrained_G(z_test).numpy(), ring.sample(5000, seed=10)

# %% tags=["hide-input"]
pictures.show(
    pictures.fields(
        {"equilibrium": opinion(equal_D), "breakdown": opinion(broken_D)}, ring.sample(300),
        {"equilibrium": ring.sample(300, seed=7), "breakdown": patch[:300]},
        title="Both D's say one half; the G on the right is nowhere near",
    ),
    alt="Two pale maps. On the left, real and generated points lie together on eight clouds. On the right, the "
    "generated points lie in a patch near the centre.",
)  # fmt: skip

# %% [markdown]
# <details><summary><b>Predict before you run:</b> answers and losses of the two look alike. How can you tell which G is
# perfect?</summary>
#
# **Ask a fresh D**: train a new classifier on real and generated points, and test it on points that it has *not* seen.
# If it stays at log 4 = 1.39, it found nothing. If it gets below, G is caught, by any D that does: even one that only
# *counts*, how many points lie in each of the eight clouds and how many elsewhere, and answers p/(p + q).
# </details>


# %%
def counting_D(real, generated):
    def place(points):
        cloud, good = nearest_cloud(points)
        return np.where(good, cloud, 8)  # 0 to 7: a cloud; 8: elsewhere

    p, q = (np.bincount(place(points), minlength=9) + 1 for points in (real, generated))
    return lambda points: (p / (p + q))[place(points)]


many_z = np.random.default_rng(11).standard_normal((17_000, 2)).astype("float32")
suspects = {"a second real sample": ring.sample(17_000, seed=12)}
suspects |= {f"your trained G, start {seed}": one.G(many_z).numpy() for seed, one in games.items()}
found, by_counting = {}, {}
for name, points in suspects.items():
    fresh = train_classifier(real[:12_000], points[:12_000], epochs=8)
    found[name] = d_loss(opinion(fresh), test_real, points[12_000:])
    by_counting[name] = d_loss(counting_D(real[:12_000], points[:12_000]), test_real, points[12_000:])
    print(f"{name:28} loss on unseen points: fresh D {found[name]:.2f}, counting {by_counting[name]:.2f}")
claim("against a second real sample a fresh D finds nothing", found["a second real sample"], above=1.36, digits=4,
      quality=True)  # fmt: skip
plain = untrained_G(many_z).numpy()
claim("the untrained G is unmasked by counting alone",
      d_loss(counting_D(real[:12_000], plain[:12_000]), test_real, plain[12_000:]), below=0.2)  # fmt: skip
caught = max(min(found[name], by_counting[name]) for name in found if "trained G, start" in name)
claim("and every trained G is convicted, by the fresh D or by counting", caught, below=1.36, digits=3, quality=True)

# %% [markdown]
# The D that grew up with G says about one half to both; the newcomer tells them apart. So our games are not at
# equilibrium: the resident D has not found what there is to find. Remember: *equilibrium makes D say one half; D
# saying one half does not make an equilibrium.* A fresh D can convict. It cannot acquit: a larger one, or one with more
# points, may.
#
# ## What you now know
#
# * A generator moves noise around. Where it is flat, data piles up; it can stretch, but not tear.
# * A discriminator is a map of probability. The best one is p/(p + q); where there is no data, it may say anything.
# * D's phase changes D, G's phase changes G, by the list of weights or by a stopped gradient.
# * G never sees a real sample. It follows D's slope; a D that stands still is outrun; a slow one can be.
# * At equilibrium D says one half and its loss is log 4. So does a broken D. A fresh D can tell.
#
# Next, lesson 03: the losses. Where p/(p + q) comes from, and why there is more than one loss for G.
#
# ## What usually goes wrong here
#
# * **D's loss trains G too**, because one optimiser got all weights. Take fingerprints, as in section 4.
# * **D stays at one half from the first step.** Look at its last layer, its labels, its input.
# * **The samples are absurd and D likes them:** D stopped learning, or is slow. Is it frozen by mistake?
# * **A ring of "eight" modes with seven:** `linspace` puts the last on the first. Count what you sample.
# * **D tested on the points it was trained on** looks too good. Keep points back.

# %% [markdown] tags=["further"]
# ## Further: the density behind a bent line
#
# A piece of noise of width $dz$ becomes a piece of width $G'(z)\,dz$, where $G'$ is the slope of G, with the same
# numbers in it. So, for a G that rises everywhere, the density of the output is that of the noise divided by the slope:
#
# $$q(x) = \frac{p_z(z)}{G'(z)} \quad\text{at}\quad x = G(z) .$$
#
# Count, and compare with the formula, in the valley and on both hills.


# %% tags=["nbval-check-output"]
def density_by_formula(z):
    slope = 3 / np.cosh(3 * z) ** 2 + 0.5  # of tanh(3z) + z/2
    return np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi) / slope


x = bend(np.random.default_rng(0).standard_normal(1_000_000))
for place, z_there in {"in the valley": 0.0, "on the lower hill": -0.75, "on the upper hill": 0.75}.items():
    share_there = np.mean(np.abs(x - bend(z_there)) < 0.02) / 0.04  # numbers per unit of x
    expected = density_by_formula(z_there)
    claim(f"{place} the density is divided by the slope", share_there, equals=expected, within=0.01, digits=3)

# %% [markdown] tags=["further"]
# ## Further: the same two networks for digits
#
# For MNIST only the shapes change. A picture of 28 × 28 pixels is a point with 784 coordinates. A widely copied program
# uses G: 100 → 128 → 128 → 784 and D: 784 → 128 → 128 → 1.
#
# ### Exercise: how many weights is that?
#
# Between two layers, every output is a weighted sum of all inputs, plus a bias of its own. Count all weights and
# biases of a network from the sizes of its layers.
#
# <details><summary>Hint</summary>
#
# From 100 inputs to 128 outputs there are 100 · 128 weights and 128 biases. `zip(sizes[:-1], sizes[1:])` gives the
# pairs of neighbouring layers.
# </details>


# %% tags=["exercise"]
def count_parameters(sizes):
    return ...  # for example sizes = [100, 128, 128, 784]


exercises.count_parameters(count_parameters)
# solution
def count_parameters(sizes):
    return sum(inputs * outputs + outputs for inputs, outputs in zip(sizes[:-1], sizes[1:]))


exercises.count_parameters(count_parameters)

# %%
count = use(exercises.count_parameters, count_parameters, exercises.right_count)
big_G, big_D = models.article()
print(f"G: {big_G.input_shape} -> {big_G.output_shape}   D: {big_D.input_shape} -> {big_D.output_shape}")
claim("the count is Keras' count for G", count([100, 128, 128, 784]), equals=big_G.count_params())
claim("and for D", count([784, 128, 128, 1]), equals=big_D.count_params())

# %% [markdown] tags=["further"]
# ## Further: both at once
#
# Some programs update both networks at once, from one batch, instead of in two phases. Make that step and the step in
# two phases from the same weights, with plain gradient descent.
#
# <details><summary><b>Predict before you run:</b> which of the two networks will be the same either way?</summary>
#
# D. Its step comes first, or at the same time, so it always answers the old G. In two phases G answers the new D.
# </details>

# %%
together, turns = Game(seed=3), Game(seed=3)
batch = tf.constant(ring.sample(256))
with tf.GradientTape(persistent=True) as tape:
    fake_logits = together.D(together.G(z[0]))
    loss_D = mean(softplus(-together.D(batch))) + mean(softplus(fake_logits))
    loss_G = mean(softplus(-fake_logits))
moves = [(net, tape.gradient(loss, net.trainable_variables))
         for net, loss in ((together.D, loss_D), (together.G, loss_G))]  # fmt: skip
for net, gradients in moves:  # both gradients were taken before either step
    keras.optimizers.SGD(0.1).apply(gradients, net.trainable_variables)
in_turns = GAN(turns.G, turns.D)
in_turns.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1), r1=0.0)
_ = in_turns.discriminator_phase(batch, z[0]), in_turns.generator_phase(z[0])


# %%
def difference(one, other):
    return max(np.abs(a - b).max() for a, b in zip(one.get_weights(), other.get_weights()))


claim("D is the same either way", difference(together.D, turns.D), below=1e-6)
claim("G is not: in two phases it answers the D that has just learned", difference(together.G, turns.G), above=1e-5)

# %% [markdown]
# (Lesson 06 shows a game that runs away in the one case and circles in the other.)

# %% [markdown] tags=["further"]
# ## Further: a game whose answer is known
#
# Let a GAN find the mean and the spread of a normal distribution. (The book *Dive into deep learning* jokes that such a
# GAN is the world's least efficient way to estimate a Gaussian. Right: `np.mean` is quicker. But here we can check it.)
#
# ### Exercise: a generator with two weights
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
# In the game G is $G(z) = a z + b$, and nobody tells it a and b. If training works, b must become the mean 3 and |a|
# the spread 2. (a = −2 would do as well: the noise is symmetric.)
#
# <details><summary><b>Predict before you run:</b> will the loss of D fall during the training?</summary>
#
# It falls at once, then rises. D starts against a poor G, which is easy to see through, and ends at log 4, which is
# guessing. In a game, your loss is not a measure of your skill alone.
# </details>


# %%
line_G = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])  # x = a z + b
gan = GAN(line_G, models.mlp(1, (32, 32), 1, None, "discriminator"))
rates = [keras.optimizers.schedules.CosineDecay(5e-3, 2000, alpha=0.02) for _ in range(2)]  # they fall to 2 %
gan.compile(*(keras.optimizers.Adam(rate, beta_1=0.0, beta_2=0.99) for rate in rates), r1=1.0, jit_compile=False)


def estimate(seed):
    gan.restart(seed)  # new first weights
    track = []
    note = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: track.append(line_G.get_weights()))
    numbers = toys.gaussian(3, 2).sample(256 * 100, seed)
    history = gan.fit(numbers, 256, epochs=20, callbacks=[note], verbose=0).history
    a, b = np.array([a[0, 0] for a, b in track]), np.array([b[0] for a, b in track])
    last = [float(weight.ravel()[0]) for weight in gan.average.get_weights()]  # of the running average: lesson 04
    return {"spread": np.abs(a), "mean": b, "a": last[0], "b": last[1], **history}


runs = [estimate(seed) for seed in (0, 1, 2)]

# %% tags=["hide-input"]
figure, (left, right) = pictures.subplots(1, 2, height=290)
steps = 100 * np.arange(1, 1 + len(runs[0]["mean"]))
for run in runs:
    left.plot(steps, run["mean"], color=pictures.GENERATED, linewidth=1)
    left.plot(steps, run["spread"], color=pictures.NEUTRAL, linewidth=1)
    right.plot(steps, run["d_loss"], color=pictures.DISCRIMINATOR, linewidth=1)
    right.plot(steps, run["g_loss"], color=pictures.GENERATED, linewidth=1)
with pictures.style():
    for panel, height, name in ((left, 3.1, "mean"), (left, 2.1, "spread"), (right, 1.43, "D"), (right, 0.74, "G")):
        panel.text(steps[-1], height, name, ha="right")
left.set(xlabel="steps", ylabel="mean b, spread |a|", ylim=(0, 3.5), yticks=[0, 1, 2, 3])
right.set(xlabel="steps", ylabel="loss (nats)", ylim=(0, 1.6))
pictures.add_title(figure, "Three games, one answer: mean 3, spread 2, and D's loss rises to log 4")
pictures.show(figure, alt="Left: in three runs the mean rises to three and the spread to two. Right: the loss of D "
              "rises to log four and that of G falls to log two.")  # fmt: skip

# %%
for seed, run in enumerate(runs):
    claim(f"run {seed} found the mean", run["b"], equals=3, within=0.15, digits=2, quality=True)
    claim(f"run {seed} found the spread", abs(run["a"]), equals=2, within=0.15, digits=2, quality=True)
first, last = [np.mean([run["d_loss"][epoch] for run in runs]) for epoch in (0, -1)]
claim("D's loss rose", last - first, above=0.25, quality=True)
claim("to log 4", last, equals=np.log(4), within=0.02, digits=3, quality=True)

# %% [markdown] tags=["further"]
# ## Where this comes from
#
# * Goodfellow and others (2014), *Generative adversarial nets*: the game, the best D, the two phases.
# * Metz, Poole, Pfau, Sohl-Dickstein (2017), *Unrolled generative adversarial networks*: the ring of eight.
# * Srivastava and others (2017), *VEEGAN: reducing mode collapse in GANs using implicit variational learning*: the
#   rule for good samples.
# * Mescheder, Geiger, Nowozin (2018), *Which training methods for GANs do actually converge?*: the R1 penalty of the
#   last game.
# * Zhang, Lipton, Li, Smola (2023), *Dive into deep learning*, chapter on GANs: the Gaussian estimator.
