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
# # 08 · GAN and VAE
#
# **You will build a variational autoencoder, and set it beside a GAN on equal terms.** People say that a GAN draws
# sharper and a VAE covers more. You will see which of that holds when both have the same networks and the same cost.
#
# *Core path: 45 minutes (20 to read, 20 for three exercises, estimated; computing about two minutes). "Further" is
# optional. You need lesson 02, and the measures of lesson 05: distance, precision, recall, coverage.*
#
# After this lesson you can
#
# * write a VAE and its training step,
# * say what a nat of its bound means, and find a weight that is hidden in a mean,
# * tell which statements about GAN and VAE a measurement supports.

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
import inspect
import time

import keras
import numpy as np
import tensorflow as tf

from ganlib import claim, load_mnist, models, pictures, to_images, vae
from ganlib.data import load_arrays, smoke
from ganlib.evaluation import latents, metrics
from ganlib.evaluation.judge import load_judge
from ganlib.lessons import toys
from ganlib.lessons.exercises import lesson08, use
from ganlib.lessons.exercises.tensors import use_in_training
from ganlib.lessons.flow import Flow

(x_train, y_train), (x_test, y_test) = load_mnist()
judge = load_judge()
test_features = judge.features(x_test)
stored = load_arrays("lesson08.npz")  # made by benchmarks/families.py

# %% [markdown]
# ## 1 · Which is which?
#
# Three ways to make a generator: a GAN, a VAE, and flow matching (section 10). Each had the same images, 47 to 63 CPU
# seconds, and nets of about the same width. The GAN has the penalty and the momentum that earlier lessons found; VAE
# and flow matching were not searched for. Here are sixteen drawings of each.

# %% tags=["hide-input"]
rows = {"A": "VAE, means", "B": "flow, 30 steps", "C": "GAN"}
pictures.show(
    pictures.side_by_side({name: stored[f"images: {way}"] for name, way in rows.items()}, columns=16,
                          title="Three families at equal cost"),
    alt="Three rows of sixteen generated digits. Row A is soft and greyish, row B has firm strokes and some broken "
    "shapes, row C has firm strokes.",
)  # fmt: skip

# %% [markdown]
# <details><summary><b>Predict:</b> which row is the GAN, and which one drew more <em>kinds</em> of digits?</summary>
#
# A is the VAE, B flow matching, C the GAN. Sixteen pictures cannot tell who drew more
# kinds. Section 7 measures how much of the test images' neighbourhood each one reaches.
# </details>
#
# A text that was widely copied says that a VAE "minimises the difference between generator and discriminator". *A VAE
# has no discriminator.* It has two networks that work together on one loss:
#
# * the **encoder** looks at an image and says where in latent space it may lie,
# * the **decoder** makes an image of a latent vector, as a GAN's generator does.
#
# ## 2 · An encoder that is not sure
#
# The encoder does not give one point for an image. It gives a small cloud: for each latent number a mean and a
# variance (as a logarithm, so that any number will do). Training draws a point from this cloud and asks the decoder
# for the image.
#
# But drawing has no slope: a random number generator does not tell how its result would change with the mean. The
# **reparameterisation** (Kingma and Welling 2014) draws the noise *outside*, from N(0, 1), and then moves and stretches
# it.
#
# **Exercise 1.** Make latents from N(mean, variance) out of the noise. All three are (images, latents). You get the
# logarithm of the variance.
#
# <details><summary>Hint</summary>A standard deviation is the root of the variance:
# <code>tf.exp(log_variance / 2)</code>.</details>


# %% tags=["exercise"]
def latents_from(mean, log_variance, noise):
    return ...


lesson08.latents(latents_from)


# solution
def latents_from(mean, log_variance, noise):
    return mean + tf.exp(log_variance / 2) * noise


lesson08.latents(latents_from)

# %%
rng = np.random.default_rng(0)
draw = use_in_training(lesson08.latents, latents_from, lesson08.right_latents, *np.ones((3, 2, 3), "float32"))
mean, log_variance = tf.constant([[0.7]]), tf.constant([[-1.0]])
noise = rng.standard_normal((100_000, 1), dtype="float32")
with tf.GradientTape() as tape:
    tape.watch([mean, log_variance])
    average_square = tf.reduce_mean(draw(mean, log_variance, noise) ** 2)  # in expectation, mean² + variance
slopes = [slope.numpy().item() for slope in tape.gradient(average_square, [mean, log_variance])]
claim("slope in the mean, expected 2 mean", slopes[0], equals=1.4, within=0.02, digits=3)
claim("slope in the log-variance, expected the variance", slopes[1], equals=np.exp(-1), within=0.02, digits=3)

# %% [markdown]
# ## 3 · What keeps the clouds together
#
# If nothing held it, the encoder would give each image a point of its own, far from all others. A new point between
# them would mean nothing, and we could not draw. So each cloud pays for being different from one and the same
# standard cloud, N(0, 1). The price is the **Kullback-Leibler divergence**; for normal clouds it has a closed form
# (a sum over the latents):
#
# $$\tfrac12\sum_j \left(\sigma_j^2 + \mu_j^2 - 1 - \log\sigma_j^2\right).$$
#
# **Exercise 2.** Write it, for `mean` and `log_variance` of shape (images, latents). The result is (images,).
#
# <details><summary>Hint</summary>σ² is <code>tf.exp(log_variance)</code>, and <code>tf.reduce_sum(…, axis=1)</code>
# adds up over the latents.</details>


# %% tags=["exercise"]
def kl(mean, log_variance):
    return ...


lesson08.kl(kl)


# solution
def kl(mean, log_variance):
    return tf.reduce_sum(tf.exp(log_variance) + mean**2 - 1 - log_variance, axis=1) / 2


lesson08.kl(kl)

# %% [markdown]
# Is the formula right? Draw from a cloud, and average how much more probable each point is in the cloud than in N(0,
# 1).

# %%
price = use_in_training(lesson08.kl, kl, lesson08.right_kl, *np.ones((2, 2, 3), "float32"))
m, v = np.float32([[0.5, -1.0, 0.0], [-1.0, 0.3, -2.0]])  # means and log-variances
z = m + np.exp(v / 2) * rng.standard_normal((100_000, 3))
log_ratio = 0.5 * np.sum(z**2 - (z - m) ** 2 / np.exp(v) - v, axis=1)  # log q(z) - log p(z)
closed = float(price(m[None], v[None])[0])
claim("closed form and average agree", closed, equals=log_ratio.mean(), within=0.02, digits=3)

# %% [markdown]
# ## 4 · The whole training step
#
# One more number: how badly does the decoder's image fit? The decoder gives each pixel a probability of being white,
# as if a coin were tossed there. The price of an image is −log of the probability of tossing just this image: a sum
# over 784 pixels. Price of the pixels plus price of the cloud is the loss. That is all.


# %%
def step(encoder, decoder, adam, images, noise):
    with tf.GradientTape() as tape:
        mean, log_variance = tf.split(encoder(images), 2, axis=1)
        logits = decoder(draw(mean, log_variance, noise))
        pixels = tf.reduce_sum(tf.nn.sigmoid_cross_entropy_with_logits(images, logits), axis=1)
        loss = tf.reduce_mean(pixels + price(mean, log_variance))
    weights = encoder.trainable_variables + decoder.trainable_variables
    adam.apply(tape.gradient(loss, weights), weights)


ours, theirs = vae.VAE(*vae.networks(latents=50)), vae.VAE(*vae.networks(latents=50))
theirs.compile(keras.optimizers.Adam(1e-3))
theirs.set_weights(ours.get_weights())
adam = keras.optimizers.Adam(1e-3)


def all_weights(net):
    return np.concatenate([weight.ravel() for weight in net.encoder.get_weights() + net.decoder.get_weights()])


start = all_weights(ours)
for k in range(3):
    images = x_train[128 * k :][:128].reshape(-1, 784).astype("float32") / 255
    noise = rng.standard_normal((128, 50), dtype="float32")
    step(ours.encoder, ours.decoder, adam, images, noise)
    theirs.step(images, noise)


moved = np.abs(all_weights(ours) - start).max()
claim("three steps have moved the weights by", moved, above=0.002, below=0.004)
apart = np.abs(all_weights(ours) - all_weights(theirs)).max()
claim("ganlib's own step moved its weights to the same place", apart / moved, below=0.03)

# %% [markdown]
# That step is `VAE.step` in `ganlib/vae.py`. No phases, no balance, nobody to outwit: a loss that falls.
#
# ## 5 · Train it, in nats
#
# The loss is in **nats**: units of −log probability, with the natural logarithm. And it is more than a loss. It is an
# upper bound of −log p(image), what the model itself would pay; its negative is called the **evidence lower bound**.
# (From here on, "the bound" is this lower one: higher is better.)
#
# A coin is black or white, so the images must be, too. As in the papers, toss each pixel with its grey as the
# probability, anew in every epoch.
#
# <details><summary><b>Predict before you run:</b> an image fits badly or well depending on the point that is drawn from
# the cloud. Take 50 points in place of one, and average the <em>probabilities</em>: does the bound rise or
# fall?</summary>
#
# It rises towards log p, from below (Burda and others 2016). With one point it is the evidence lower bound again.
# </details>


# %%
def toss(images):
    return np.uint8(255) * (rng.random(images.shape, dtype="float32") < images / np.float32(255))


model = vae.VAE(*vae.networks(latents=50))
model.compile(keras.optimizers.Adam(2e-3))
model.restart(seed=0)
for epoch in range(5):
    history = model.fit(toss(x_train), batch_size=128, verbose=0).history
    print(f"epoch {epoch + 1}: pixels {history['reconstruction'][0]:.0f} + cloud {history['divergence'][0]:.0f} nats")
tossed = toss(x_test)[:2000]
bound = {points: model.bound(tossed, samples=points).mean() for points in (1, 5, 50)}
for points, value in bound.items():
    print(f"{points:3} points: log p is at least {value:.1f} nats an image")

# %%
claim("five points give a higher bound than one, by nats", bound[5] - bound[1], above=1.5, quality=True)
claim("fifty a higher one than five, by nats", bound[50] - bound[5], above=0.8, quality=True)
claim("the bound after five epochs", bound[1], above=-115, below=-90, digits=4, quality=True)

# %% [markdown]
# How good is that? Burda and others (2016, table 1, one layer of latents) report −86.8 for a VAE and −84.8 for one
# trained on the bound of 50 points, with 5,000 points at the test, after 3,280 epochs. Ours, with other networks, in
# one run of more epochs (`benchmarks/families.py`); the last column is over the first 2,000 test images, which are
# easier by one or two nats:

# %%
MEASURES = ("CPU s", "distance", "precision", "recall", "coverage", "grey",
            "memorised", "error", "ms", "bound", "100 points")


def measured(name):  # {measure: its values for the seeds}
    return dict(zip(MEASURES, stored[name], strict=True))


print("epochs  CPU s   bound   100 points")
for epochs in (1, 3, 10, 20, 40):
    row = measured(f"bound: after {epochs}")
    print(f"{epochs:6} {row['CPU s'][0]:6.0f} {row['bound'][0]:8.1f} {row['100 points'][0]:9.1f}")
last = measured("bound: after 40")
claim("in this run the bound passes -95", last["bound"].min(), above=-95, digits=4)
claim("and with 100 points -91", last["100 points"].min(), above=-91, digits=4)

# %% [markdown]
# ## 6 · A weight hidden in a mean
#
# Price of the pixels plus **β** times price of the cloud: only β = 1 makes it a bound. Other values are fair game
# (Higgins and others 2017). But many programs have another β than they say: a *mean* over 784 pixels, in place of the
# sum, divides the first price by 784.
#
# **Exercise 3.** A program's loss is `weight` × (sum *or* mean over the pixels) + (sum *or* mean over the latents).
# Return β. `mean_over_pixels` is the number of pixels if it takes their mean, else 1; `mean_over_latents` likewise.
#
# <details><summary>Hint</summary>What stands before the <em>sum</em> over the latents, divided by what stands before
# the <em>sum</em> over the pixels?</details>


# %% tags=["exercise"]
def hidden_beta(weight, mean_over_pixels, mean_over_latents):
    return ...


lesson08.beta(hidden_beta)


# solution
def hidden_beta(weight, mean_over_pixels, mean_over_latents):
    return mean_over_pixels / (weight * mean_over_latents)


lesson08.beta(hidden_beta)

# %%
beta_of = use(lesson08.beta, hidden_beta, lesson08.right_beta)
styles = {
    "sum, sum": (1, 1, 1),
    "mean over 784 pixels, sum": (1, 784, 1),
    "500 × mean over 32 × 32 pixels, sum": (500, 1024, 1),
    "sum, mean over 64 latents": (1, 1, 64),
}
for style, numbers in styles.items():
    print(f"{style:38} β = {beta_of(*numbers):.3g}")

# %% [markdown]
# Such losses are found in published programs. The third is from a good book (Foster, *Generative Deep Learning*, 2nd
# edition), which calls its 500 "beta": it stands before the other term. What does the second do?
#
# <details><summary><b>Predict before you run:</b> with β = 784, what is the cheapest cloud?</summary>
#
# N(0, 1) itself, for every image: it costs nothing. Then the decoder learns nothing of the image, and draws the
# average.
# </details>

# %%
heavy = vae.VAE(*vae.networks(latents=50))
heavy.compile(keras.optimizers.Adam(2e-3), beta=beta_of(1, 784, 1))
heavy.restart(seed=0)
collapsed = heavy.fit(toss(x_train), batch_size=128, verbose=0).history
print(f"β = 784: pixels {collapsed['reconstruction'][0]:.0f} + cloud {collapsed['divergence'][0]:.2f} nats")
flat = x_test.reshape(-1, 784).astype("float32") / 255
active = {}
for name, net in {"β = 1": model, "β = 784": heavy}.items():
    active[name] = latents.active_latents(net.encode(flat)[0].numpy())
    print(f"{name}: {active[name]} of 50 latents tell images apart")

# %% tags=["hide-input"]
pictures.show(
    pictures.side_by_side({"β = 1, epoch 5": model.generate(12), "β = 784, epoch 1": heavy.generate(12)}, columns=12,
                          title="A mean in place of a sum: every drawing is the average digit"),
    alt="Two rows of twelve drawings: digits above, and below twelve times nearly the same grey cloud.",
)  # fmt: skip

# %%
claim("with β = 1 this many latents are in use", active["β = 1"], above=10, quality=True)
claim("with β = 784 hardly one", active["β = 784"], below=3, quality=True)
spread = {name: net.generate(500).std(axis=0).mean() for name, net in {"1": model, "784": heavy}.items()}
claim("its clouds cost next to nothing, nats", collapsed["divergence"][0], below=0.5, quality=True)
saved = (collapsed["reconstruction"][0] - history["reconstruction"][0]) / history["divergence"][0]
claim("with β = 1 a nat of cloud saves this many nats of pixels", saved, above=3, below=8, quality=True)
claim("its drawings differ far less from one another: ratio", spread["784"] / spread["1"], below=0.17, quality=True)

# %% [markdown]
# Would a longer training help? Hardly: with β = 1 a nat of cloud saves about five nats of pixels. At a price of 784 to
# one that does not pay. The sign of such a VAE: clouds that cost nothing.
#
# <hr>
#
# ## 7 · On equal terms
#
# Now the race of section 1, in numbers. Grey images; the generator 64 → 512 → 512 → 784 for GAN and VAE, as wide for
# flow matching; 47 to 63 CPU seconds of training; 10,000 drawings against the 10,000 test images; three seeds. That
# takes a while, so `benchmarks/families.py` did it beforehand.
#
# A VAE can be drawn from in two ways. What everybody shows is the decoder's probabilities, the **means**. The model's
# own drawing is the next step: toss the pixels.
#
# <details><summary><b>Predict before you run:</b> who has the smaller distance? The higher recall? The higher
# precision?</summary>
#
# See below: no family is ahead in all three.
# </details>

# %%
families = ("GAN", "VAE, means", "VAE, sampled pixels", "flow, 3 steps", "flow, 10 steps", "flow, 30 steps")
race = {name: measured(f"race: {name}") for name in families}
shown = ("CPU s", "ms", "distance", "precision", "recall", "coverage", "grey", "memorised")
print(f"{'':20}" + "".join(f"{name:>10}" for name in shown))
for name, row in race.items():
    print(f"{name:20}" + "".join(f"{row[key].mean():10.{0 if key == 'CPU s' else 2}f}" for key in shown))
print(f"\n{'':20}{'distance, three seeds'}")
for name, row in race.items():
    print(f"{name:20}", *(f"{value:6.1f}" for value in row["distance"]))

# %% tags=["hide-input"]
pictures.show(
    pictures.dots({f"{name} of {family}": {f"seed {s}": value for s, value in enumerate(race[family][name])}
                   for name in ("precision", "recall", "coverage")
                   for family in ("GAN", "VAE, means", "flow, 30 steps")},
                  "share",
                  title="GANs lead by precision and coverage, VAEs by recall"),
    alt="Nine rows of three dots: precision, recall and coverage of GAN, VAE and flow matching.",
)  # fmt: skip

# %%
gan, means = race["GAN"], race["VAE, means"]
claim("each VAE recalls more than each GAN, by", means["recall"].min() - gan["recall"].max(), above=0.1)
claim("each GAN is more precise than each VAE, by", gan["precision"].min() - means["precision"].max(), above=0.05)
claim("and covers more, by", gan["coverage"].min() - means["coverage"].max(), above=0.05)
claim("by distance they overlap: the worst GAN is further off than the best VAE, by",
      gan["distance"].max() - means["distance"].min(), above=0)  # fmt: skip
behind = race["flow, 30 steps"]["distance"].min() - max(gan["distance"].max(), means["distance"].max())
claim("flow matching is further off than all of them, by", behind, above=1)
copied = max(row["memorised"].max() for row in race.values())
claim("nobody copies: the largest share of nearest real images that were trained on", copied, below=0.55)

# %% [markdown]
# By distance, GAN and VAE overlap. By recall the VAE leads, by precision and coverage the GAN does, in all three seeds.
# (Recall asks whether a real image lies in the neighbourhood of drawn ones, and drawings far from all others have wide
# neighbourhoods: Naeem and others 2020. Coverage has the neighbourhoods of the real images, and no such weakness.) Flow
# matching with 30 steps lies between them by these three, is behind by distance, and needs thirty times as long for a
# drawing. *Grey* is the share of pixels between 0.2 and 0.8. The last column is about one half, what unseen images
# would have: nobody has learned images by heart.
#
# "GANs do not cover, VAEs do" and "GANs are better" are both readings of one column. At this size and cost neither
# family is *the* better one. Larger networks and longer trainings may order them differently: the GAN of `course.py
# train`, with seven times the computing and a recipe that was searched for, has a distance of about 0.2. We have not
# searched like that for a VAE.
#
# ## 8 · Why are its pictures soft?
#
# "The loss blurs", people say, or "the divergence blurs". Look closer. What is shown are probabilities, and a pixel
# that is white in half of the images which the point may mean is *shown* as grey. Toss it, and nothing is grey.

# %%
probabilities = model.generate(12, seed=3)
pictures.show(
    pictures.side_by_side({"probabilities": probabilities, "tossed": toss(to_images(probabilities)),
                           "real, tossed": toss(x_test[:12])}, columns=12,
                          title="Soft is what the decoder expects; noisy is what it draws"),
    alt="Three rows of twelve: soft digits; the same with ragged edges, black and white; real digits, ragged too.",
)  # fmt: skip

# %%
real_tossed = metrics.frechet_distance(judge.features(toss(x_test)), test_features)
print(f"distance of real images with tossed pixels: {real_tossed:.1f}; of the VAE's: "
      + ", ".join(f"{value:.1f}" for value in race["VAE, sampled pixels"]["distance"]))  # fmt: skip
dearer = race["VAE, sampled pixels"]["distance"].min() - race["VAE, means"]["distance"].max()
claim("tossing costs the VAE more than it costs real images, times", dearer / real_tossed, above=2.5)

# %% [markdown]
# So its own drawings are further off than the soft ones: each pixel is tossed for itself, and strokes get ragged edges.
#
# Where does the grey come from? Two suspects. **The decoder**, or its price of pixels, cannot do better. Or **the
# clouds overlap**: many images may have been meant by one point, and the best answer is their mixture. β sets them
# apart, for it changes the clouds, and neither the decoder nor the price of pixels. With β = 0 the clouds cost
# nothing and can shrink.
#
# <details><summary><b>Predict before you run:</b> which share of grey pixels have the reconstructions with β = 0: more,
# less, or as much as with β = 1? Real images have 6 %.</summary>
#
# Less. See below.
# </details>

# %%
real_grey = latents.grey_share(x_test)
print(f"{'real images':12} grey {real_grey:.1%}")
blur = {beta: measured(f"blur: beta {beta:g}, reconstructions") for beta in (0, 0.1, 1, 4)}
drawn = {beta: measured(f"blur: beta {beta:g}, draws") for beta in blur}
for beta, row in blur.items():
    print(f"β = {beta:<8} grey {row['grey'].mean():.1%}   error {row['error'].mean():5.1f}   "
          f"distance of new drawings {drawn[beta]['distance'].mean():5.1f}")  # fmt: skip

# %%
claim("with β = 0 as grey as real images: ratio", blur[0]["grey"].max() / real_grey, above=0.95, below=1.05)
for less, more in ((0, 0.1), (0.1, 1), (1, 4)):
    greyer = blur[more]["grey"].min() - blur[less]["grey"].max()
    claim(f"β = {more} is greyer than β = {less} in all three seeds, by", greyer, above=0.003)
worst = drawn[0]["distance"].min() / drawn[1]["distance"].max()
claim("β = 0 reconstructs best and draws worst: times the distance of β = 1", worst, above=3)
excess = (blur[1]["grey"].mean() - real_grey) / (drawn[1]["grey"].mean() - real_grey)
claim("β = 1: reconstructions have this part of the drawings' excess grey", excess, above=0.4, below=0.9)
nearer = blur[1]["distance"].max() / drawn[1]["distance"].min()
claim("and this part of their distance", nearer, below=0.1)
crisp = drawn[0]["grey"].max() / real_grey
claim("drawings with β = 0, the worst, are nearly as crisp as real images: ratio of grey", crisp, below=1.3)

# %% [markdown]
# With β = 0 the same decoder, under the same price of pixels, at the same cost, reconstructs with as few grey pixels as
# the originals have. So neither must blur: **the softness comes with the price of the clouds**, and grows with it. That
# the clouds' overlap is how the price does it fits what we see; it is a guess, for we did not measure overlap.
#
# And is the softness what the VAE's distance in section 7 is made of? Hardly. With β = 1 reconstructions have more than
# half of the drawings' excess grey, and less than a tenth of their distance; drawings with β = 0 are crisp, and the
# worst of all. The decoder is the same; what differs is *where drawing begins*. Section 11 goes on.
#
# ## 9 · What it gives in return
#
# A GAN has no encoder. To find the latent vector of an image one must search: start at random points and walk
# downhill in the squared error (eight starts, 300 steps of Adam each). The generator of lesson 01 gets forty test
# images; the VAE's encoder answers at once.
#
# <details><summary><b>Predict before you run:</b> who comes closer to the image?</summary>
#
# About the same, and the search takes far longer.
# </details>

# %%
generator, targets = models.load_generator(), flat[:40]
repeated = np.repeat(targets, 8, axis=0)
z = tf.Variable(np.random.default_rng(0).standard_normal((320, 64), dtype="float32"))
adam = keras.optimizers.Adam(0.05)


@tf.function(jit_compile=True)
def downhill():
    with tf.GradientTape() as tape:
        errors = tf.reduce_sum((generator(z) - repeated) ** 2, axis=1)
        loss = tf.reduce_sum(errors)
    adam.apply([tape.gradient(loss, z)], [z])
    return errors


def look():
    return model.decode(model.encode(targets)[0].numpy())


downhill(), look()  # compiled, and warm
began = time.perf_counter()
for _ in range(2 if smoke() else 300):
    errors = downhill()
errors = errors.numpy().reshape(40, 8)
seconds = {"search": time.perf_counter() - began}
began = time.perf_counter()
encoded = np.sum((look() - targets) ** 2, axis=1)
seconds["encoder"] = time.perf_counter() - began
draws = generator(np.random.default_rng(1).standard_normal((10_000, 64), dtype="float32")).numpy()
nearest = metrics.nearest(targets, draws)[0] ** 2
found = {"nearest of 10,000 drawings": nearest, "search, one start": errors[:, 0],
         "search, eight starts": errors.min(axis=1), "encoder": encoded}  # fmt: skip
for name, values in found.items():
    print(f"{name:28} squared error {values.mean():5.1f}")
print({name: f"{value:.2g} s" for name, value in seconds.items()})

# %%
claim("eight starts come closer than the nearest drawing: ratio", errors.min(axis=1).mean() / nearest.mean(),
      below=0.8, quality=True)  # fmt: skip
starts = errors[:, 0].mean() / errors.min(axis=1).mean()
claim("one start is further off than the best of eight, times", starts, above=1.5, quality=True)
claim("the encoder is no further off than eight starts: ratio", encoded.mean() / errors.min(axis=1).mean(),
      below=1.1, quality=True)  # fmt: skip
claim("and the search takes longer, times", seconds["search"] / seconds["encoder"], above=20, quality=True)

# %% [markdown]
# This generator first makes a hard choice of one in 36, over which nobody can walk downhill; so more starts help, and
# still more would. And no wonder that the encoder does well: the VAE was trained for just this, and the GAN never,
# although its generator has had about ten times the computing. An encoder is what a VAE is often wanted for: to find
# similar images, to compress, to let another model work on its latents.
#
# ## What you now know
#
# * A VAE is two networks with one loss: the price of the pixels, and the price of the clouds. No discriminator.
# * Its loss is a bound only with sums and β = 1, and of black-and-white images. More points make the bound higher.
# * Here, at about equal cost, GANs lead by some measures, VAEs by others. Who reports one number has chosen the winner.
# * Its softness comes with the price of the clouds, and makes up little of its distance.
#
# ## What usually goes wrong here
#
# * **Every drawing is the same grey cloud.** A mean over the pixels hides a large β. Print the price of the clouds.
# * **The bound is too good to be true.** Pixels were cut at one half: such images are easier than tossed ones.
# * **"Generated" pictures look too good.** They are reconstructions of test images. Drawings begin with N(0, 1).

# %% [markdown] tags=["further"]
# ## 10 · Further: a third family
#
# **Flow matching** (Lipman and others 2023; here a variant) learns to walk. Draw a line from a point of noise to an
# image. At a random place of the line, show a net the point and the time, and let it guess where the line ends. Many
# lines cross at one point, so its best guess is the *mean* of their ends: soft, as a VAE's. But then take only a
# small step towards it, and guess again. Here are its training step and its walk, as `ganlib` has them.

# %%
print(inspect.getsource(Flow.train_step), inspect.getsource(Flow.draw), sep="\n")

# %%
ring = toys.ring(std=0.05)
keras.utils.set_random_seed(0)
flow = Flow(models.mlp(2 + 8, (128, 128, 128), 2, None, "flow"))
flow.compile(keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(5e-3, 3000, alpha=0.02)), jit_compile=True)
flow.fit(ring.sample(256 * (10 if smoke() else 3000)), batch_size=256, verbose=0)
walks = {steps: flow.draw(2500, steps) for steps in (1, 3, 10, 30)}
for steps, points in walks.items():
    found = metrics.mode_coverage(points, ring.modes, 0.05)
    print(f"{steps:2} steps: {found.found} of 8 modes, {found.high_quality:.0%} of the points near one")

# %% tags=["hide-input"]
pictures.show(
    pictures.clouds({f"{steps} steps" if steps > 1 else "1 step": points[:500] for steps, points in walks.items()},
                    title="One step gives the mean of all ends; thirty find the clouds"),
    alt="Four panels of points: with one step all lie near the middle; with more steps they gather at eight clouds.",
)  # fmt: skip

# %%
near = {steps: metrics.mode_coverage(points, ring.modes, 0.05).high_quality for steps, points in walks.items()}
claim("with one step hardly a point is good", near[1], below=0.1, quality=True)
claim("with thirty most are", near[30], above=0.55, quality=True)
one, thirty = measured("race: flow, 1 step"), measured("race: flow, 30 steps")
far = one["distance"].min() / thirty["distance"].max()
claim("on digits, too, one step is far off: times the distance", far, above=6)
claim("and thirty steps cost more time a drawing, times", thirty["ms"].min() / one["ms"].max(), above=5)

# %% [markdown]
# So its quality costs time at every drawing, where a GAN and a VAE need one pass. Much work goes into fewer steps,
# and some of it uses a discriminator again (lesson 10).

# %% [markdown] tags=["further"]
# ## 11 · Further: do the clouds fill the prior?
#
# Drawing begins with N(0, 1). Do the clouds of all images together look like it? Compare their mean and covariance;
# then draw from a Gaussian that has *their* mean and covariance.

# %%
trained_on = toss(x_train[:10_000]).reshape(10_000, 784) / np.float32(255)
mean, log_variance = (part.numpy() for part in model.encode(trained_on))
gap, per_image = latents.gap_to_prior(mean, log_variance), vae.divergence(mean, log_variance).numpy().mean()
points = {"N(0, 1)": rng.standard_normal(mean.shape, dtype="float32")}
points["the clouds"] = vae.reparameterise(mean, log_variance, points["N(0, 1)"]).numpy()
shape = points["the clouds"].mean(axis=0), np.cov(points["the clouds"].T)
points["their Gaussian"] = rng.multivariate_normal(*shape, 10_000).astype("float32")
away = {name: metrics.frechet_distance(judge.features(model.decode(z)), test_features) for name, z in points.items()}
print(f"gap to the prior {gap:.2f} nats; one cloud's price {per_image:.0f} nats")
print("distance of drawings from", {name: f"{value:.1f}" for name, value in away.items()})

# %%
claim("mean and covariance are off by a small part of a cloud's price", gap / per_image, below=0.03, quality=True)
claim("drawings from the clouds themselves are far nearer: ratio", away["the clouds"] / away["N(0, 1)"], below=0.12,
      quality=True)  # fmt: skip
nearer = away["their Gaussian"] / away["N(0, 1)"]
claim("those from a Gaussian like them only a little", nearer, above=0.6, below=1, quality=True)

# %% [markdown]
# Mean and covariance of the clouds are nearly those of N(0, 1), and yet its points give far worse drawings. A Gaussian
# with the very mean and covariance helps a little. So what is missing lies beyond both. That the clouds leave places
# empty, where N(0, 1) draws, is a guess that fits. (Drawings from the clouds are noisy copies of training images: they
# show what the decoder can do, and are no better way to draw.) Rosca and others (2018) report of larger VAEs, too, that
# the clouds do not come together to the prior.

# %% [markdown] tags=["further"]
# ## 12 · Further: nats that are none, and three more confusions
#
# **Grey images under a price for coins.** A coin gives a grey pixel no probability. What does the loss of grey images
# mean, then? The price is linear in the pixels. So it is the average over all ways to toss the image; and of that
# average no decoder can avoid the chance of the tossing itself.

# %%
some, clouds = flat[:2000], model.encode(flat[:2000])
logits = model.decoder(draw(*clouds, rng.standard_normal((2000, 50), dtype="float32")))
tossings = toss(x_test[:2000]).reshape(2000, 784) / np.float32(255)
grey_price = float(np.mean(vae.reconstruction(some, logits)))
toss_price = float(np.mean(vae.reconstruction(tossings, logits)))
claim("price of grey images, less that of their tosses", grey_price - toss_price, equals=0, within=0.7, digits=2)
greys = flat[(flat > 0) & (flat < 1)]
least = -np.sum(greys * np.log(greys) + (1 - greys) * np.log(1 - greys)) / len(flat)
claim("no decoder pays less, nats an image", least, equals=45.5, within=0.5, digits=3)

# %% [markdown]
# So a loss of 80 on grey images says: log p of *tossed* images is at least −80. Of the grey ones it says nothing.
#
# **Reconstructions shown as samples.** A tutorial of TensorFlow (`cvae.ipynb`, read in 2026) announces drawings from
# the prior, then encodes test images and decodes them. Those are reconstructions: easier.
#
# **Cutting at one half in place of tossing.** The images become simpler, and the bound better, for the same model.
#
# **Hybrids.** One can add a discriminator to a VAE (Larsen and others 2016), or give a GAN an encoder (Dumoulin and
# others, Donahue and others 2017). A large comparison (Rosca and others 2018) found such hybrids "harder to scale,
# evaluate, and use for inference compared to VAEs", and no better than GANs in what they draw.
#
# ### References
#
# * Diederik Kingma and Max Welling, *Auto-Encoding Variational Bayes*, 2014.
# * Yuri Burda, Roger Grosse, Ruslan Salakhutdinov, *Importance Weighted Autoencoders*, 2016.
# * Muhammad Ferjad Naeem and others, *Reliable Fidelity and Diversity Metrics for Generative Models*, 2020.
# * Irina Higgins and others, *beta-VAE: Learning Basic Visual Concepts with a Constrained Variational Framework*,
# 2017.
# * Anders Boesen Lindbo Larsen and others, *Autoencoding beyond pixels using a learned similarity metric*, 2016.
# * Vincent Dumoulin and others, *Adversarially Learned Inference*, 2017; Jeff Donahue and others, *Adversarial Feature
#   Learning*, 2017.
# * Mihaela Rosca, Balaji Lakshminarayanan, Shakir Mohamed, *Distribution Matching in Variational Inference*, 2018.
# * Yaron Lipman and others, *Flow Matching for Generative Modeling*, 2023.
# * David Foster, *Generative Deep Learning*, 2nd edition, 2023.
