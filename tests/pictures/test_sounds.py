"""Pictures of sounds, and the player."""

import base64
import io
import re
import wave

import numpy as np
import pytest

from ganlib import pictures

RATE = 8000
TONE = np.sin(2 * np.pi * 1000 * np.arange(4000) / RATE)


def test_a_tone_is_a_line_at_its_frequency():
    loudness = pictures.decibels(TONE)
    assert loudness.shape == (257, 4000 // 64 + 1) and loudness.max() == 0
    middle = loudness[:, 20:40]
    assert (middle.argmax(axis=0) == 64).all()  # 1,000 of 4,000 Hz in 256 steps
    assert middle[200].max() < -60


def test_silence_is_white():
    assert pictures.decibels(np.zeros(1000)).max() <= -60


def test_a_spectrogram_has_a_panel_for_each_sound():
    figure = pictures.spectrograms({"real": TONE, "generated": TONE[:3000]}, RATE, "Two tones")
    assert [ax.get_title(loc="left") for ax in figure.axes] == ["real", "generated"]
    assert figure.axes[1].get_xlabel() == "time (s)" and figure.axes[0].get_ylim() == (0, 4000)
    assert len(pictures.to_png(figure)) < pictures.LARGEST_FILE


@pytest.mark.parametrize("sounds", [{}, {"short": np.zeros(100)}, {"two": np.zeros((2, 1000))}])
def test_spectrograms_refuse_what_is_no_sound(sounds):
    with pytest.raises(ValueError, match="spectrograms"):
        pictures.spectrograms(sounds, RATE)


def test_a_player_carries_its_sound_and_its_name(monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda thing: shown.append(thing.data))
    pictures.listen('A "tone" & more', 0.1 * TONE, RATE)
    assert "A &quot;tone&quot; &amp; more" in shown[0] and "controls" in shown[0] and "autoplay" not in shown[0]
    with wave.open(io.BytesIO(base64.b64decode(re.search("base64,([^\"]+)", shown[0])[1]))) as file:
        assert file.getframerate() == RATE and file.getnframes() == len(TONE)
        samples = np.frombuffer(file.readframes(len(TONE)), "<i2")
    assert np.abs(samples / 32767 - TONE).max() < 1e-3  # as loud as it can be


def test_silence_can_be_played(monkeypatch):
    monkeypatch.setattr("IPython.display.display", lambda thing: None)
    with np.errstate(all="raise"):
        pictures.listen("nothing", np.zeros(100), RATE)


@pytest.mark.parametrize(("about", "sound"), [(" ", TONE), ("x", TONE[None]), ("x", []), ("x", [0, np.nan])])
def test_a_player_refuses_what_is_no_sound(about, sound):
    with pytest.raises(ValueError, match="listen"):
        pictures.listen(about, sound, RATE)
