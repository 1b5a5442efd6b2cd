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
# *Core path: 45 minutes (20 to read and 20 for three exercises, estimated; computing one minute, measured). "Further"
# is optional. You need Python and an idea of what a neural network is. Nothing comes before this lesson.*
#
# After this lesson you can
#
# * say what a generative model is, and what makes drawing hard,
# * draw new samples with four simple models, and measure what each gets wrong,
# * explain what a *learned* critic can do that a number of your own cannot, and what it cannot.
#
# How to read a lesson: run its cells from top to bottom (Shift + Enter). A line with ✓ is a claim that the run has just
# checked; a false one stops the lesson. Make your own prediction before you unfold ours. In an exercise, put your code
# where the three dots are: the cells below then use it. Until then they use ours.

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
import functools

import keras
import numpy as np
import tensorflow as tf
from scipy import ndimage, stats

from ganlib import claim, load_mnist, models, pictures, to_images
from ganlib.lessons import baselines
from ganlib.lessons.exercises import lesson01, use

(x_train, y_train), (x_test, y_test) = load_mnist()  # (60000, 28, 28) and (10000, 28, 28), grey levels 0 to 255
pictures.show(pictures.digits(x_train[:36], columns=12, title="What we want to draw: digits written by people"),
              alt="Thirty-six handwritten digits, white on black.")  # fmt: skip

# %% [markdown]
# ## 1 · What does "generative" mean?
#
# These are some of the 70,000 handwritten digits of MNIST (LeCun and others 1998), 28 × 28 grey pixels each. (The
# library loads them, and checks every byte, in `ganlib/data.py`.) A **generative model** is a machine that draws new
# examples, as if from where these came from. It learns from examples how to draw more.
#
# <details><summary><b>Predict before you run:</b> draw every pixel at random, each grey level with the same chance. How
# many such images must you look at until one looks like a digit?</summary>
#
# More than anybody will ever look at. In most digits more than half of the pixels are exactly black. A random pixel is
# black once in 256 times.
# </details>

# %%
random_images = np.random.default_rng(0).integers(0, 256, (12, 28, 28), dtype=np.uint8)
pictures.show(pictures.digits(random_images, columns=12, title="Every pixel at random"),
              alt="A row of twelve squares of grey noise.")  # fmt: skip

# %%
black = (x_train == 0).mean(axis=(1, 2))  # for each image, its share of black pixels
print(f"black pixels: {black.mean():.0%} of a real digit, {1 / 256:.1%} of a random image")
claim("more than 99% of the digits are more than half black", np.mean(black > 0.5), above=0.99, digits=4)
logs = stats.binom.logpmf(np.arange(393, 785), 784, 1 / 256)  # more than half of 784: added as logarithms,
chance = np.logaddexp.reduce(logs) / np.log(10)  # because the chance is too small for a float
print(f"chance that a random image is more than half black: 1 in 10 to the power {-chance:.0f}")

# %% [markdown]
# So almost every image is no digit, and nobody can write down the rule that says which ones are. **A generative model
# must find a tiny region in a huge space, from examples alone.** It must cover all of the region (every digit, every
# handwriting), and nothing else. A classifier has an easier task: it is *given* images from the region.
#
# ## 2 · Draw a digit without a neural network
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
pictures.show(pictures.digits(drawn["mean image"][:12], columns=12, title="The mean of all digits is no digit"),
              alt="Twelve times the same grey fog, brightest in the middle.")  # fmt: skip

# %% [markdown]
# ### Second try: every pixel by itself
#
# Some pixels are often bright, others never. Draw every pixel from its own distribution in the data.
#
# ### Exercise 1: independent pixels (6 minutes)
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


lesson01.independent_pixels(independent_pixels)
# solution
def independent_pixels(images, n, rng):  # uint8 (k, 28, 28) -> uint8 (n, 28, 28)
    flat = images.reshape(-1, 784)
    rows = rng.integers(len(flat), size=(n, 784))
    return flat[rows, np.arange(784)].reshape(n, 28, 28)


lesson01.independent_pixels(independent_pixels)

# %%
draw_pixels = use(lesson01.independent_pixels, independent_pixels, lesson01.right_pixels)
drawn["independent pixels"] = np.asarray(draw_pixels(x_train, n, np.random.default_rng(0)), "uint8")
pictures.show(
    pictures.digits(drawn["independent pixels"][:12], columns=12, title="Every pixel is right, no stroke exists"),
    alt="Twelve clouds of white specks, denser in the middle, without any line.",
)
off = np.abs(drawn["independent pixels"].mean(axis=0) - x_train.mean(axis=0))
claim("each pixel's mean is right, within a few grey levels of 255", off.max(), below=8)

# %% [markdown]
# Each pixel is right, the picture is wrong. What is missing are the *dependencies*: beside a white pixel there is
# usually another one.
#
# ### Third try: all pairs of pixels
#
# A **Gaussian** (a normal distribution in many dimensions) with full **covariance** knows how any two pixels go
# together: a table of 784 × 784 numbers. To draw from it, take z with independent N(0, 1) entries (N(0, 1): mean 0,
# standard deviation 1), multiply it by a *root* of the covariance Σ, a matrix R with R Rᵀ = Σ, and add the mean.
#
# ### Exercise 2: a Gaussian with a given covariance (7 minutes)
#
# Do that for many z at once, one in each row. The covariance may hold pixels that never change.
#
# <details><summary>Hint 1</summary>
#
# `values, vectors = np.linalg.eigh(covariance)` takes the matrix apart. The root is `vectors * np.sqrt(values)`.
# </details>
# <details><summary>Hint 2</summary>
#
# A pixel that is always black makes one of the values 0, and rounding may make it −1e-17. Cut it off: `.clip(min=0)`.
# </details>
# <details><summary>Hint 3</summary>
#
# For one column z it is R z. The rows of `z` are many z, lying down: `z @ R.T`.
# </details>


# %% tags=["exercise"]
def gaussian(mean, covariance, z):  # (d,), (d, d), (n, d) from N(0, 1) -> (n, d) from N(mean, covariance)
    return ...


lesson01.gaussian(gaussian)
# solution
def gaussian(mean, covariance, z):  # (d,), (d, d), (n, d) from N(0, 1) -> (n, d) from N(mean, covariance)
    values, vectors = np.linalg.eigh(covariance)
    root = vectors * np.sqrt(values.clip(min=0))
    return mean + z @ root.T


lesson01.gaussian(gaussian)

# %%
draw_normal = use(lesson01.gaussian, gaussian, lesson01.right_gaussian)
mean = x_train.reshape(-1, 784).mean(axis=0)
centred = (x_train.reshape(-1, 784) - mean).astype("float32")
covariance = (centred.T @ centred).astype(float) / (len(centred) - 1)  # (784, 784)
free = np.asarray(draw_normal(mean, covariance, np.random.default_rng(0).standard_normal((n, 784))))
drawn["Gaussian"] = np.rint(free).clip(0, 255).astype("uint8").reshape(n, 28, 28)
pictures.show(
    pictures.digits(drawn["Gaussian"][:12], columns=12, title="A Gaussian: strokes appear, in a cloud of grey"),
    alt="Twelve smudges. Pieces of strokes can be seen, and grey shadows all around them.",
)

# %% [markdown]
# Mean and covariance are right, and still nobody would take this for handwriting.
#
# <details><summary><b>Predict before you run:</b> what share of the Gaussian's pixels is below 0, darker than
# black?</summary>
#
# More than a third. A normal distribution is symmetric and has no walls. Pixels are not like that: most sit at 0.
# </details>

# %%
error = np.linalg.norm(np.cov(free.T) - covariance) / np.linalg.norm(covariance)
claim("its covariance is right, but for the luck of 4,000 draws", error, below=0.15)
changing = x_train.reshape(-1, 784).std(axis=0) > 0  # pixels that are not the same in all images
claim("a third or more of its pixels are darker than black", np.mean(free[:, changing] < 0), above=1 / 3)
claim("most real pixels are exactly black", np.mean(x_train == 0), above=0.75, digits=2)

# %% [markdown]
# ### Fourth try: average what is alike
#
# Averaging all digits gave fog. So take one digit, find the 16 training images nearest to it, and average only these.
# (How to find them fast is an exercise in "Further".)

# %%
drawn["16 neighbours"] = baselines.NeighbourAverage(x_train, k=16).sample(n)
strips = {"real": x_test[:12]} | {name: images[:12] for name, images in drawn.items()}
pictures.show(pictures.side_by_side(strips, columns=12, title="The average of neighbours looks most like handwriting"),
              alt="Five rows of twelve images: real digits, fog, specks, smudges, and blurred digits.")  # fmt: skip

# %% [markdown]
# The last row looks good. It is also a cheat: it keeps all 60,000 images and mixes their like.
#
# ## 3 · Measure what you see
#
# Three numbers that anybody can compute:
#
# * **grey:** the share of pixels that are neither dark nor bright. A pen leaves few.
# * **pieces:** how many separate white pieces an image has. Most real digits are one.
# * **spread:** how much a pixel differs from image to image, on average. A model that repeats itself has little.


# %%
def grey(images):
    return np.mean((images > 25) & (images < 230), axis=(1, 2))


def pieces(images):
    return np.array([ndimage.label(image > 127)[1] for image in images])


shuffled = np.random.default_rng(0).permutation(60_000)
real, other_real = x_train[shuffled[:n]], x_train[shuffled[n : 2 * n]]  # two sets without a common image


def show_table(sets):
    print(f"{'':20}  grey  pieces  spread")
    for name, some in sets.items():
        print(f"{name:20} {grey(some).mean():5.0%} {pieces(some[:1000]).mean():7.1f} {some.std(axis=0).mean():7.0f}")


show_table({"real": real} | drawn)

# %%
claim("most real digits are one piece: pieces of an image", pieces(real[:1000]).mean(), below=1.25)
claim("independent pixels break every digit to pieces", pieces(drawn["independent pixels"][:1000]).mean(), above=20)
claim("the Gaussian is more than three times as grey as digits are", grey(drawn["Gaussian"]).mean() / grey(real).mean(),
      above=3)  # fmt: skip
claim("the spread of neighbours is smaller than that of real digits",
      drawn["16 neighbours"].std(axis=0).mean() / real.std(axis=0).mean(), below=0.9)  # fmt: skip

# %% [markdown]
# ### Exercise 3: a number of your own (7 minutes)
#
# Each model fails in its own way, and for each somebody had to *think of* a number that shows it. Now you. The average
# of neighbours is hardest: find a number that real images and these averages have differently, one for each image. The
# check looks for the best cut on some images and tests it on others. You need 80 % of them right.
#
# <details><summary>Hint 1</summary>
#
# An average of strokes that do not quite lie on each other: what do its edges look like?
# </details>
# <details><summary>Hint 2</summary>
#
# Turn uint8 into floats before you subtract: 3 − 5 is 254 there. `np.diff(x, axis=2)` is the step from each pixel to
# the next. What do large steps have that many small ones have not?
# </details>


# %% tags=["exercise"]
def my_number(images):  # uint8 (n, 28, 28) -> (n,), one number for each image
    return ...


tells = lesson01.telling_number(real, drawn["16 neighbours"])
tells(my_number)
# solution
def my_number(images):  # uint8 (n, 28, 28) -> (n,), one number for each image
    steps = np.diff(images / 255.0, axis=2)
    return (steps**2).sum(axis=(1, 2))


tells = lesson01.telling_number(real, drawn["16 neighbours"])
tells(my_number)

# %%
number = use(tells, my_number, lesson01.squared_steps)

# %% [markdown]
# Nobody can think of everything. Could a machine find the differences by itself?
#
# ## 4 · A critic that learns
#
# Show a network real images and drawn ones, and train it to tell them apart. Its output is a **logit**: above 0 it says
# *real*. Then test it on images that it has not seen: if it is right half of the time, it found no difference. We give
# it four kinds of eyes. The first three have one unit, which weighs what it sees:
#
# * *pixels:* the 784 pixels;
# * *squares:* each pixel, and its square;
# * *contrasts:* how much each pixel differs from the one to its left;
# * *hidden layer:* 64 units over the pixels, which can form their own combinations.


# %%
def pixels(images):
    return images.reshape(len(images), -1) / np.float32(255)


def squares(images):
    return np.concatenate([pixels(images), pixels(images) ** 2], axis=1)


def contrasts(images):
    return np.abs(np.diff(images / np.float32(255), axis=2)).reshape(len(images), -1)


@functools.cache  # one compilation for all critics of a kind
def trainer(inputs, hidden, rate):
    layers = [keras.layers.Dense(hidden, "relu")] if hidden else []
    critic = keras.Sequential([keras.Input((inputs,)), *layers, keras.layers.Dense(1)])
    loss, adam = keras.losses.BinaryCrossentropy(from_logits=True), keras.optimizers.Adam(rate)
    adam.build(critic.trainable_variables)
    critic.compile(adam, loss, jit_compile=False, steps_per_execution=20)  # both only for speed
    return critic


def train_critic(ours, theirs, hidden, seed=0, rate=0.002):  # answers above 0 for ours, below 0 for theirs
    shared = trainer(ours.shape[1], hidden, rate)
    keras.utils.set_random_seed(seed)
    critic = keras.models.clone_model(shared)  # with new first weights
    shared.set_weights(critic.get_weights())
    for slot in shared.optimizer.variables:
        if slot is not shared.optimizer.learning_rate:
            slot.assign(tf.zeros_like(slot))  # forget the training of the critic before
    labels = np.repeat([1.0, 0.0], [len(ours), len(theirs)])
    shared.fit(np.concatenate([ours, theirs]), labels, batch_size=128, epochs=10, verbose=0)
    critic.set_weights(shared.get_weights())
    return critic


# %%
EYES = {"pixels": (pixels, 0), "squares": (squares, 0), "contrasts": (contrasts, 0), "hidden layer": (pixels, 64)}


def exam(name, theirs, seed=0):  # train on 3,000 images of each kind, test on the other 1,000
    eye, hidden = EYES[name]
    a, b = eye(real), eye(theirs)
    critic = train_critic(a[:3000], b[:3000], hidden, seed)
    return critic, (np.mean(critic(a[3000:]) > 0) + np.mean(critic(b[3000:]) <= 0)) / 2


# %% [markdown]
# <details><summary><b>Predict before you run:</b> which critics will see through the independent pixels, and which
# through the averages?</summary>
#
# Pixels and squares alone say nothing about neighbours: each pixel is right. Contrasts do. The averages are the other
# way round: they have fewer extreme values, which squares show.
# </details>

# %%
critics = {(name, eye): exam(eye, images) for name, images in ({"other real digits": other_real} | drawn).items()
           for eye in EYES}  # fmt: skip
scores = {name: {eye: critics[name, eye][1] for eye in EYES} for name, _ in critics}
for name, images in ({"other real digits": other_real} | drawn).items():
    scores[name]["your number"] = lesson01.best_cut(number, real, images)

# %% tags=["hide-input"]
pictures.show(
    pictures.dots(scores, "share of unseen images judged rightly (1/2 = no better than chance)",
                  "Each critic of one unit misses something; the hidden layer sees a bit of everything", reference=0.5),
    alt="For each kind of image five dots: the accuracy of four critics and of one number made by hand. All are near "
    "one half for other real digits. Each critic of one unit is near one half for some of the four models; the hidden "
    "layer is above one half for all of them.",
)  # fmt: skip

# %%
hidden = {name: row["hidden layer"] for name, row in scores.items()}
claim("real against real: nothing to find", hidden["other real digits"], above=0.44, below=0.56, quality=True)
claim("weighing pixels or squares finds little in independent pixels",
      max(scores["independent pixels"][eye] for eye in ("pixels", "squares")), below=0.62, quality=True)  # fmt: skip
claim("weighing contrasts finds much", scores["independent pixels"]["contrasts"], above=0.75, quality=True)
crude = [hidden[name] for name in ("mean image", "independent pixels", "Gaussian")]
claim("a hidden layer finds out the first three", min(crude), above=0.95, quality=True)
claim("and sees something in the average of neighbours", hidden["16 neighbours"], above=0.65, quality=True)

# %%
by_hand = {name: lesson01.best_cut(grey, real, images) for name, images in drawn.items()}
print("one cut on grey, made by hand:", ", ".join(f"{name} {share:.2f}" for name, share in by_hand.items()))
claim("a cut on grey, made by hand, sees more there", by_hand["16 neighbours"] - hidden["16 neighbours"],
      above=0.05, quality=True)  # fmt: skip
claim("and less where the hidden layer sees nearly all", by_hand["independent pixels"], below=0.7)
seeds = [scores["16 neighbours"]["squares"], *(exam("squares", drawn["16 neighbours"], seed)[1] for seed in (1, 2))]
claim("one unit with the right eyes, squares, learns to see as much, from each of three starts", min(seeds), above=0.88,
      quality=True)  # fmt: skip

# %% [markdown]
# The first claim is the control: without it, the others would prove nothing. (A dot left of one half is luck: the
# copies of the mean image are all judged rightly or all wrongly.)
#
# So learned critics are not better than any number made by hand: `grey` beats the hidden layer on the averages, and a
# good number (ours adds up squared steps) can do well everywhere. What the critics have is that *nobody told them what
# to look for*. What they can find depends on their eyes, and on the images they were given.
#
# ### What is it looking at?
#
# The critic of contrasts has one weight for each place. Draw the weights as a picture.

# %% tags=["hide-input"]
figure, axes = pictures.subplots(1, 4, height=250)
for ax, name in zip(axes, drawn):
    weights = critics[name, "contrasts"][0].get_weights()[0].reshape(28, 27)
    limit = np.abs(weights).max()
    ax.imshow(weights, cmap="PRGn", vmin=-limit, vmax=limit)
    ax.set_title(name, size=9)
    ax.set_axis_off()
pictures.add_title(figure, "Where contrast speaks for a real digit (green) or against it (purple)")
pictures.show(
    figure,
    alt="Four pictures of weights. Gaussian: a purple frame round a pale green middle. Mean image: green along "
    "strokes. Independent pixels: patches of both. 16 neighbours: nothing that stands out.",
)

# %%
weights = critics["Gaussian", "contrasts"][0].get_weights()[0].reshape(28, 27)
frame = np.ones((28, 27), bool)
frame[5:-5, 5:-5] = False  # the outer five pixels
claim("against the Gaussian, contrast near the edge counts against it", weights[frame].mean(), below=0, quality=True)
claim("and in the middle less so", weights[~frame].mean() - weights[frame].mean(), above=0, quality=True)

# %% [markdown]
# Against the Gaussian the critic found what you may have noticed too: real digits have an empty margin. Nobody told it
# where to look.
#
# ### What it sees it can also say
#
# A critic is a smooth function of the pixels. So it has a **slope** at every image: which pixel should be brighter,
# which darker, to look more real. (A count like `grey` has no such slope: nudge a pixel a little, and the count mostly
# stays.) Follow the slope of the hidden layer from the Gaussian's images.

# %%
critic = critics["Gaussian", "hidden layer"][0]
start = tf.constant(pixels(drawn["Gaussian"][3000:]))  # images that it has not seen
with tf.GradientTape() as tape:
    tape.watch(start)
    logits = critic(start)
slope = tape.gradient(logits, start)  # (1000, 784): how each image's logit rises with each of its pixels
nudged = start + 0.02 * tf.sign(slope)  # every pixel 5 grey levels of 255 in the direction that the slope says
shuffled_slope = tf.gather(slope, np.random.default_rng(0).permutation(784), axis=1)
wrong_way = start + 0.02 * tf.sign(shuffled_slope)  # as large a step, at other places
rise, control = (critic(moved) - logits for moved in (nudged, wrong_way))
print(f"the logit rises by {rise.numpy().mean():.1f}; as large a step elsewhere: {control.numpy().mean():.1f}")
claim("a small step along the slope makes nearly every image look more real to it", np.mean(rise > 0), above=0.98,
      quality=True)  # fmt: skip
claim("more than as large a step at other places does", np.mean(rise > control), above=0.98, quality=True)

# %% [markdown]
# That is the idea of a **discriminator**: a critic that learns, and that says what to change. A network that draws, the
# **generator**, can learn from that. Then the critic learns again, and so on. This game is a **generative adversarial
# network**, a GAN.
#
# ## 5 · What you will have built
#
# The course ships one trained generator, made in some minutes from the first 50,000 training images. It takes a row of
# random numbers, the **latent** vector, and makes 784 pixels of them.

# %%
generator = models.load_generator()
latents = np.random.default_rng(0).standard_normal((n, generator.input_shape[1]))
drawn["generator"] = to_images(generator.predict(latents, batch_size=500, verbose=0))
pictures.show(pictures.digits(drawn["generator"][:60], columns=12, title="Sixty digits that nobody wrote"),
              alt="Sixty generated digits in five rows. Most are readable; some have broken strokes.")  # fmt: skip

# %% [markdown]
# <details><summary><b>Predict before you run:</b> the critics of section 4 are trained against these images. Will they
# see a difference?</summary>
#
# A small one. These are other critics than the one it was trained against, and smaller.
# </details>

# %%
scores["generator"] = {eye: exam(eye, drawn["generator"])[1] for eye in EYES}
scores["generator"]["your number"] = lesson01.best_cut(number, real, drawn["generator"])
print({name: round(float(score), 2) for name, score in scores["generator"].items()})
show_table({"real": real, "generator": drawn["generator"]})
best = {name: max(row[eye] for eye in EYES) for name, row in scores.items() if name != "other real digits"}
claim("against the generator no critic is as good as the best against each of the four",
      min(score for name, score in best.items() if name != "generator") - best["generator"],
      above=0.1, quality=True)  # fmt: skip
broken = lesson01.best_cut(pieces, real, drawn["generator"])
claim("but counting pieces tells a little", broken, above=0.53, below=0.7, quality=True)
claim("it breaks more strokes than people do",
      pieces(drawn["generator"][:1000]).mean() - pieces(real[:1000]).mean(), above=0.05, quality=True)  # fmt: skip

# %% [markdown]
# Be fair to the pictures: it is good, not perfect. Counting pieces shows a fault that these small critics hardly see. A
# critic, learned or not, sees only what it can see. Much of this course is about that.
#
# ## What you now know
#
# * A generative model draws new samples, as if from where the data came from.
# * Nearly all images are no digits. The right mean, the right pixels and even the right covariance are not enough.
# * A number that somebody thought of sees what it was made to see. A critic that *learns* needs nobody's idea; it finds
#   what its eyes and its images let it find, not more.
# * And it has a slope: it says what to change. That is what a generator learns from.
#
# Next, lesson 02: the two networks of a GAN, and the game between them.
#
# ## What usually goes wrong here
#
# * **"The discriminator is the classifier of the digits."** No. It knows two classes: real and drawn.
# * **A critic tested on the images that it was trained with** looks too good. Keep images back, and run the control:
#   real against real.
# * **uint8 arithmetic:** 3 − 5 is 254. Turn images into floats before you subtract.
# * **"It looks good, so it is a good model."** The average of neighbours looks good, and only mixes its data.

# %% [markdown] tags=["further"]
# ## Further: seventy years in one picture
#
# How did people try to make machines intelligent? Four eras are usually told apart. They overlap.
#
# **Symbolic AI.** Intelligence is the handling of symbols by rules: logic, search, grammar. (The perceptron stands here
# by its date. It already *learned* its weights.) **Knowledge-based systems.** People wrote down what experts know, as
# hundreds or thousands of if-then rules. Writing and maintaining the rules stayed costly. **Machine learning.** Not
# rules but examples: a program with adjustable numbers, and a method that adjusts them. Two networks of this era
# already *generate*: the Boltzmann machine, and the deep belief net, which drew MNIST digits. **Deep learning.**
# Networks with many layers, many examples, and graphics processors. In June 2014 Ian Goodfellow and seven co-authors
# put **generative adversarial nets** on arXiv.

# %% tags=["hide-input"]
symbolic = [(1950, "Turing asks whether machines can think"),
            (1956, "Dartmouth workshop on “artificial intelligence”"),
            (1956, "Logic Theorist proves theorems (Newell, Simon)"),
            (1958, "Perceptron: a machine that learns (Rosenblatt)"),
            (1966, "ELIZA holds a conversation by rules (Weizenbaum)"),
            (1972, "SHRDLU obeys English in a world of blocks (Winograd)")]  # fmt: skip
knowledge = [(1971, "DENDRAL finds molecules (Feigenbaum and others)"),
             (1975, "MYCIN advises on infections (Shortliffe, Buchanan)"),
             (1980, "R1, later XCON, configures computers (McDermott)")]  # fmt: skip
learning = [(1985, "Boltzmann machine (Ackley, Hinton, Sejnowski)"), (1986, "back-propagation (Rumelhart and others)"),
            (1989, "reading zip codes (LeCun and others)"), (1995, "support-vector networks (Cortes, Vapnik)"),
            (1998, "LeNet-5 and MNIST (LeCun and others)"), (2001, "random forests (Breiman)"),
            (2006, "deep belief net (Hinton, Osindero, Teh)")]  # fmt: skip
deep = [(2012, "AlexNet (Krizhevsky, Sutskever, Hinton)"), (2013, "VAE (Kingma, Welling)"),
        (2014, "GAN (Goodfellow and others)"), (2015, "diffusion (Sohl-Dickstein and others)"),
        (2015, "DCGAN (Radford, Metz, Chintala)"), (2017, "WGAN (Arjovsky, Chintala, Bottou)"),
        (2017, "Transformer (Vaswani and others)"), (2017, "progressive GAN (Karras and others)"),
        (2018, "BigGAN (Brock, Donahue, Simonyan)"), (2018, "StyleGAN (Karras, Laine, Aila)"),
        (2020, "denoising diffusion (Ho, Jain, Abbeel)"), (2024, "R3GAN (Huang and others)")]  # fmt: skip
eras = {"Symbolic AI": (1950, 1980), "Knowledge-based systems": (1970, 1990),
        "Machine learning": (1980, 2010), "Deep learning": (2010, None)}  # fmt: skip
milestones = dict(zip(eras, [symbolic, knowledge, learning, deep]))
generative = [text for _, text in deep if text.split()[0] not in ("AlexNet", "Transformer")]
generative += [learning[0][1], learning[-1][1]]
pictures.show(
    pictures.timeline(eras, milestones, "Most generative models (orange) came with deep learning", generative),
    alt="A timeline from 1950 to today with four overlapping blocks: symbolic AI, knowledge-based systems, machine "
    "learning, deep learning. Ten of the twelve generative models stand in the last block; GANs stand at 2014.",
)

# %% [markdown]
# The year is that of the publication listed at the end of this lesson, on arXiv if it was there first (for Dartmouth,
# of the workshop itself). Some ideas were in print earlier. The eras are a convention: learning machines existed in
# 1958, and programs made of rules are in use today. We chose the entries, so that most of the orange ones stand late is
# our choice too.
#
# What came after 2014? First GANs that trained better (DCGAN, WGAN) and drew larger pictures (progressive GAN, BigGAN,
# StyleGAN). Then **diffusion models**, which draw by removing noise in many small steps, took over much of
# image generation. R3GAN asks how far a GAN with today's networks gets.
#
# ### A sister, and a mix-up
#
# The **variational autoencoder** (VAE; Kingma and Welling, December 2013) is half a year older. A widely copied text on
# GANs says that VAEs "minimise the difference between generator and discriminator". That is wrong: *a VAE has no
# discriminator.* It has an encoder, which guesses a distribution *q* of codes z for an image x, and a decoder, which
# makes images from codes. Its loss is
#
# $$-\mathbb{E}_{z\sim q}[\log p(x\mid z)] + \mathrm{KL}(q \,\|\, p(z)) \;\ge\; -\log p(x).$$
#
# 𝔼 is an average, and KL says how far *q* is from the distribution of the codes. Test it where everything is known: one
# code, one "pixel". Let z be from N(0, 1) and x from N(z, ½²). Then x alone is N(0, 1 + ½²). The best *q* is known too:
# the *posterior*, the distribution of z for this x.

# %% tags=["nbval-check-output"]
x, s2 = 1.5, 0.25  # one observation, and the variance of the decoder


def vae_loss(m, v):  # for q normal with mean m and variance v; both terms in closed form
    reconstruction = ((x - m) ** 2 + v) / (2 * s2) + np.log(2 * np.pi * s2) / 2
    return reconstruction + (m**2 + v - 1 - np.log(v)) / 2


exact = -stats.norm(0, np.sqrt(1 + s2)).logpdf(x)
m, v = np.meshgrid(np.linspace(-3, 3, 200), np.linspace(0.01, 3, 300))  # 60,000 different q
claim("none of them brings the loss below -log p(x)", vae_loss(m, v).min() - exact, above=0, below=0.001)
claim("the true posterior reaches it", vae_loss(x / (1 + s2), s2 / (1 + s2)), equals=exact, within=1e-6)

# %% [markdown] tags=["further"]
# ## Further: draw a border, or draw a point?
#
# A **discriminative** model learns the *border* between classes: p(class | x), how likely each class is for a given x.
# The simplest generative models learn where the data *are*: p(x | class), how dense they lie at x. Take two numbers for
# every 1 and every 7: how wide the ink is spread, and how much the digit leans.


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


def accuracy(logits_ours, logits_theirs):  # both kinds count equally
    return (np.mean(logits_ours > 0) + np.mean(logits_theirs <= 0)) / 2


line = train_critic(ones.astype("float32"), sevens.astype("float32"), hidden=0, rate=0.02)  # a straight border
line_accuracy = accuracy(line(test_ones).numpy(), line(test_sevens).numpy())
claim("a straight line tells 1s from 7s", line_accuracy, above=0.9, quality=True)

# %% [markdown]
# The generative model is as simple: one normal distribution for the ones, one for the sevens. It can *draw*: new
# pairs of width and slant, as many as you like. Can it also classify? Yes, by **Bayes' rule**:
#
# $$p(1\mid x) = \frac{p(x\mid 1)\,p(1)}{p(x\mid 1)\,p(1) + p(x\mid 7)\,p(7)}.$$
#
# ### Exercise: Bayes' rule
#
# You are given the density of each class at some points, and the share of class a (its *prior*). Class b has the rest.
# Return the probability of class a at each point.
#
# <details><summary>Hint</summary>
#
# The top is density times prior, for class a. The prior of class b is `1 - prior_a`.
# </details>


# %% tags=["exercise"]
def posterior(density_a, density_b, prior_a):  # (n,), (n,), a number -> (n,)
    return ...


lesson01.bayes(posterior)
# solution
def posterior(density_a, density_b, prior_a):  # (n,), (n,), a number -> (n,)
    a, b = density_a * prior_a, density_b * (1 - prior_a)
    return a / (a + b)


lesson01.bayes(posterior)

# %%
bayes = use(lesson01.bayes, posterior, lesson01.right_posterior)
cloud = {name: stats.multivariate_normal(points.mean(axis=0), np.cov(points.T))
         for name, points in {"1": ones, "7": sevens}.items()}  # fmt: skip
prior = len(ones) / (len(ones) + len(sevens))


def one(points):  # Bayes' rule: the probability of a 1
    return np.asarray(bayes(cloud["1"].pdf(points), cloud["7"].pdf(points), prior))


cloud_accuracy = accuracy(one(test_ones) - 0.5, one(test_sevens) - 0.5)
claim("two clouds and Bayes' rule tell 1s from 7s", cloud_accuracy, above=0.9)
claim("line and clouds agree within 3 points", abs(line_accuracy - cloud_accuracy), below=0.03, quality=True)
new_ones, new_sevens = cloud["1"].rvs(3000, random_state=1), cloud["7"].rvs(3000, random_state=2)
nowhere = np.array([[-3.0, 1.5]])  # a width below zero: no digit can be there

# %% tags=["hide-input"]
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
for normal_cloud in cloud.values():
    axes[1].contour(*grid.T, -normal_cloud.pdf(grid).T, 3, colors=pictures.INK, linewidths=0.8, linestyles="solid")
pictures.add_title(figure, "A classifier draws a border (left), a generative model draws points (right)")
pictures.show(
    figure,
    alt="Left: real ones and sevens as two clouds of points, a green line between them. Right: two normal "
    "distributions and points drawn from them, in the same places. A star far to the left.",
)

# %%
claim("the line is sure that the star is a 1", tf.sigmoid(line(nowhere)[0, 0]), above=0.99, digits=5, quality=True)
star = max(cloud["1"].logpdf(nowhere), cloud["7"].logpdf(nowhere))
lower = np.mean(np.concatenate([cloud["1"].logpdf(ones), cloud["7"].logpdf(sevens)]) < star)
claim("fewer than 1 real digit in 1000 has as low a density as the star", lower, below=0.001)
impossible = np.mean(np.concatenate([new_ones, new_sevens])[:, 0] < 0)
claim("but the clouds are not perfect: a few drawn digits have a width below 0", impossible, above=0, below=0.02)

# %% [markdown]
# The star has a width below zero. No digit can be there, and the classifier is certain what it is. The two clouds can
# be asked for their density there, and it is low: such a model is **explicit**. A GAN's generator is an **implicit
# model** (Mohamed and Lakshminarayanan 2016): it draws, and cannot be asked how dense its samples lie. So it does not
# know an outside either.

# %% [markdown] tags=["further"]
# ## Further: why weighing pixels finds nothing in independent pixels
#
# Begin with all weights 0. The slope of the critic's loss (the mean over real images plus the mean over drawn ones) in
# the weights is then half the difference of the two mean images. Where the means agree, it is zero. And for a single
# unit the loss is **convex**, one bowl: where its slope is zero is its bottom, wherever training begins. So with equal
# means no weights have a lower loss than guessing, log 4. (A loss, not an accuracy: independent pixels all have about
# the same total brightness, real digits have not, so a cut at the right total is right more often than half.)

# %%
ours, theirs = pixels(real), pixels(drawn["independent pixels"])
weights = tf.Variable(tf.zeros([784, 1]))
with tf.GradientTape() as tape:
    # softplus(-logit) is the cross-entropy of a real image, softplus(logit) that of a drawn one
    loss = tf.reduce_mean(tf.nn.softplus(-ours @ weights)) + tf.reduce_mean(tf.nn.softplus(theirs @ weights))
slope_at_zero = tape.gradient(loss, weights).numpy()[:, 0]
expected = (theirs.mean(axis=0) - ours.mean(axis=0)) / 2
claim("the slope is half the difference of the mean images", np.abs(slope_at_zero - expected).max(), below=1e-5)


# %%
def total(images):
    return images.sum(axis=(1, 2), dtype=float)


def unseen_loss(seed):
    critic = train_critic(ours[:3000], theirs[:3000], 0, seed)
    a, b = critic(ours[3000:]).numpy(), critic(theirs[3000:]).numpy()
    return np.logaddexp(0, -a).mean() + np.logaddexp(0, b).mean()


trained = [unseen_loss(seed) for seed in (0, 1, 2)]
print("loss on unseen images, from three starts:", ", ".join(f"{value:.3f}" for value in trained), "; log 4 is 1.386")
claim("from three starts the trained unit is no better than guessing", min(trained), above=1.37, digits=4, quality=True)
claim("a cut at the total brightness is right more often than half",
      lesson01.best_cut(total, real, drawn["independent pixels"]), above=0.6)  # fmt: skip

# %% [markdown] tags=["further"]
# ## Further: all distances at once
#
# ### Exercise: squared distances
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


lesson01.squared_distances(squared_distances)
# solution
def squared_distances(queries, images):  # uint8 (m, d), uint8 (n, d) -> (m, n)
    a, b = queries.astype(float), images.astype(float)
    return (a**2).sum(axis=1)[:, None] - 2 * a @ b.T + (b**2).sum(axis=1)


lesson01.squared_distances(squared_distances)

# %%
distances = use(lesson01.squared_distances, squared_distances, lesson01.right_distances)
found = np.asarray(distances(x_test[:12].reshape(-1, 784), x_train[:20_000].reshape(-1, 784))).argmin(axis=1)
pictures.show(
    pictures.side_by_side({"test image": x_test[:12], "nearest of 20,000 training images": x_train[found]}, columns=12),
    alt="Twelve test digits above their nearest training images, which are the same digits in similar handwriting.",
)
same = np.mean(y_test[:12] == y_train[found])
claim("most of the nearest images show the same digit", same, above=0.8)

# %% [markdown] tags=["further"]
# ## Further: what GANs make today
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
# Size is not what makes the difference: a digit is 784 numbers, a second of sound at 16 kHz 16,000, a face of
# 1024 × 1024 pixels in three colours 3,145,728, and faces are where GANs do best. The problem of text is another one:
# letters are *chosen*. A critic helps a generator by slopes: "a bit brighter here". There is no "a bit more b".
#
# <details><summary><b>Predict before you run:</b> a generator gives a score to each of 26 letters, and the highest is
# printed. Change all the scores by about a thousandth. How often does the letter change?</summary>
#
# Almost never. And then all at once. The slope of the choice is zero nearly everywhere: nothing to learn from.
# </details>

# %%
rng = np.random.default_rng(0)
letters = rng.standard_normal((10_000, 26))  # scores of 10,000 letters
nudged_letters = letters + 0.001 * rng.standard_normal(letters.shape)
changed = np.mean(letters.argmax(axis=1) != nudged_letters.argmax(axis=1))
print(f"letters changed: {changed:.2%}")
claim("fewer than one letter in a hundred changes", changed, below=0.01)

# %% [markdown]
# Lesson 09 makes sounds and short strings with GANs, and shows two ways round the problem of choice. And one limit
# concerns all three: a machine that draws convincing faces and voices can be used to deceive. Lesson 10 returns to it.

# %% [markdown] tags=["further"]
# ## Further: a walk
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
def walk(start, end, steps=12):
    angle = np.arccos(start @ end / np.linalg.norm(start) / np.linalg.norm(end))
    t = np.linspace(0, 1, steps)[:, None]
    return (np.sin((1 - t) * angle) * start + np.sin(t * angle) * end) / np.sin(angle)  # along a sphere: White 2016


choice = latents[:, :36].argmax(axis=1)
first, second = np.array([np.flatnonzero(choice == k)[:2] for k in range(6)]).T  # two vectors for each of six choices
same_choice = np.concatenate([walk(latents[a], latents[b]) for a, b in zip(first[:3], second)])
other_choice = np.concatenate([walk(latents[a], latents[b]) for a, b in zip(first[:3], first[3:])])
steps = to_images(generator.predict(np.concatenate([same_choice, other_choice]), verbose=0))
pictures.show(
    pictures.digits(steps, columns=12, title="Three walks with the same choice, and three with a change of choice"),
    alt="Six rows of twelve pictures. In the upper three a drawing changes step by step. In the lower three it "
    "jumps to another drawing somewhere on the way.",
)
walks = steps.reshape(6, 12, 784) / 255
longest = np.linalg.norm(np.diff(walks, axis=1), axis=2).max(axis=1)  # of the 11 steps of each row, in pixels
claim("change of choice: every walk has a step much longer than any of the others",
      longest[3:].min() / longest[:3].max(), above=1.5, quality=True)  # fmt: skip

# %% [markdown] tags=["further"]
# ## Further: where the digits come from
#
# The library's own code, as it stands in `ganlib/data.py`:

# %%
import inspect

print(inspect.getsource(load_mnist))

# %% [markdown] tags=["further"]
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
# *Models and walks.* Mohamed, Lakshminarayanan 2016, *Learning in implicit generative models* · White 2016, *Sampling
# generative networks*.
# </details>
