"""Sounds of known pitch, and the measure that finds it."""

import numpy as np
import pytest

from ganlib.feed import latents_of
from ganlib.lessons import sound

SECONDS = np.arange(sound.LENGTH) / sound.RATE


def tone(hertz: float, harmonics: int = 1) -> np.ndarray:
    return sum(np.sin(2 * np.pi * k * hertz * SECONDS + k) / k for k in range(1, harmonics + 1))


def test_plucks_are_of_their_size_and_range_and_come_again_with_their_seed():
    waves, notes = sound.plucks(200, seed=3)
    assert waves.shape == (200, 1024) and waves.dtype == np.float32
    assert np.abs(waves).max() <= 1 and set(notes) == set(range(8))
    assert np.array_equal(sound.plucks(200, seed=3).waves, waves)
    assert not np.array_equal(sound.plucks(200, seed=4).waves, waves)


@pytest.mark.parametrize("hertz", [200.0, 261.626, 440.0, 555.5, 987.77, 1200.0])
@pytest.mark.parametrize("harmonics", [1, 3])
def test_the_pitch_of_a_tone_is_its_frequency(hertz, harmonics):
    found = sound.pitch(tone(hertz, harmonics)[None])
    assert abs(sound.cents(found.hertz, hertz)[0]) < 2
    assert found.clarity[0] > 0.98


def test_a_missing_first_harmonic_does_not_change_the_pitch():
    wave = tone(300, 5) - tone(300, 1)
    assert abs(sound.cents(sound.pitch(wave[None]).hertz, 300)[0]) < 2


def test_loudness_and_decay_do_not_change_the_pitch():
    waves = np.stack([tone(440), 1e-3 * tone(440), tone(440) * np.exp(-SECONDS / 0.05)])
    assert np.abs(sound.cents(sound.pitch(waves).hertz, 440)).max() < 3


def test_noise_and_silence_have_no_pitch():
    noise = np.random.default_rng(0).standard_normal((100, sound.LENGTH))
    assert np.quantile(sound.pitch(noise).clarity, 0.95) < 0.3
    assert sound.pitch(np.zeros((2, sound.LENGTH))).clarity.tolist() == [0, 0]
    assert sound.pitch(np.zeros((2, sound.LENGTH))).hertz.tolist() == [0, 0]


def test_every_real_pluck_is_right_and_a_wrong_note_is_not():
    waves, notes = sound.plucks(500, seed=1)
    found = sound.tuning(waves, notes)
    assert found.right == 1 and found.notes == 8 and 19 < found.harmonic < 22
    wrong = sound.tuning(waves, (notes + 1) % 8)
    assert wrong.right == 0 and wrong.notes == 0


def test_a_sound_half_a_semitone_off_is_clear_and_wrong():
    notes = np.array([5, 5])
    waves = np.stack([tone(440 * 2 ** (15 / 1200)), tone(440 * 2 ** (25 / 1200))])
    assert sound.tuning(waves, notes).right == 0.5


@pytest.mark.parametrize("waves", [np.zeros(1024), np.zeros((2, 100)), np.zeros((1, 2, 1024))])
def test_pitch_refuses_other_shapes(waves):
    with pytest.raises(ValueError, match="pitch"):
        sound.pitch(waves)


def test_cents_are_hundredths_of_a_semitone():
    assert sound.cents(np.array([880.0, 440 * 2 ** (1 / 12), 0.0]), 440).tolist() == pytest.approx([1200, 100, -np.inf])


def test_coefficients_keep_what_is_below_2000_hz_and_nothing_else():
    low, high = tone(500), tone(3000)
    kept = sound.to_waves(sound.coefficients(np.stack([low, high])))
    assert kept.shape == (2, 1024) and kept.dtype == np.float32
    assert np.sum((kept[0] - low) ** 2) < 0.01 * np.sum(low**2)
    assert np.sum(kept[1] ** 2) < 0.01 * np.sum(high**2)
    rows = sound.coefficients(np.stack([low]))
    assert np.allclose(sound.coefficients(sound.to_waves(rows)), rows, atol=1e-4)


def test_joined_sounds_have_gaps_and_end_softly():
    row = sound.joined(np.ones((3, 1000)), gap=0.1)
    assert row.shape == (3 * 1800,)
    assert row[0] == 1 and row[999] == 0 and not row[1000:1800].any() and row[1800] == 1


@pytest.mark.parametrize(("told", "size"), [(True, 512), (False, 512), (True, 1024)])
def test_the_pair_is_told_the_note_or_not(told, size):
    generator, discriminator = sound.told_pair(told, size)
    assert generator.output_shape == (None, size) and discriminator.input_shape == (None, size + 8)
    sounds = np.random.default_rng(0).standard_normal((1, size)).astype("float32")
    logits = [discriminator(np.concatenate([sounds, np.eye(8, dtype="float32")[[k]]], 1)).numpy() for k in (0, 5)]
    assert (logits[0] != logits[1]) == told
    latents = np.random.default_rng(1).standard_normal((1, 32), dtype="float32")
    made = [generator(latents_of(np.array([k]), latents, 8)).numpy() for k in (0, 5)]
    assert not np.allclose(*made)
