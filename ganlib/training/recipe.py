"""The GAN that some settings describe; the default settings are the recipe that trains well on two CPU cores."""

import keras

from ganlib.gan import GAN
from ganlib.models import build_pair
from ganlib.training.settings import Settings


def build_gan(
    settings: Settings, steps_per_epoch: int, kind: type[GAN] = GAN, pixels: int = 784, classes: int = 10
) -> GAN:
    """The compiled GAN of some settings: Adam without momentum, its rate falling to 30 % by half a cosine.

    An image has `pixels` numbers; a conditional GAN tells so many `classes` apart. With a fall to 2 % the Fréchet
    distance of the mixture rises again in the last third of the training.
    """
    keras.utils.set_random_seed(settings.seed)
    keras.config.set_dtype_policy(settings.precision)
    gan = kind(*build_pair(settings.architecture, pixels, classes), seed=settings.seed)
    keras.config.set_dtype_policy("float32")  # the judge measures in full precision
    steps = settings.epochs * steps_per_epoch
    rate = keras.optimizers.schedules.CosineDecay(settings.learning_rate, steps, alpha=0.3)
    optimizers = [keras.optimizers.Adam(rate, beta_1=0.0, beta_2=0.99) for _ in range(2)]
    gan.compile(*optimizers, loss=settings.loss, r1=settings.r1, r1_every=settings.r1_every)
    return gan
