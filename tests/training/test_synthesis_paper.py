"""Paper: printed rules lie where they should, and real pieces are cut beside the writing."""

from dataclasses import replace

import numpy as np
import pytest

from text_recognizer.synthesis import PaperStyle, cut_paper, make_paper
from text_recognizer.synthesis.chance import add_noise, pick, smooth_curve, smooth_field, weaken

WHITE = PaperStyle(brightness=1.0, grain=0.0)


def test_plain_paper_is_even() -> None:
    sheet = make_paper((64, 200), WHITE, np.random.default_rng(0), baseline=40.0)
    assert sheet.shape == (64, 200)
    assert sheet.dtype == np.uint8
    assert (sheet == 255).all()


def test_a_rule_lies_under_the_baseline() -> None:
    style = replace(WHITE, rules="ruled", rule_darkness=0.5, rule_pitch=44.0, rule_drop=2.0)
    sheet = make_paper((64, 100), style, np.random.default_rng(0), baseline=40.0)
    darkest = np.argsort(sheet.mean(axis=1))[:1]
    assert darkest[0] in (41, 42, 43)
    assert sheet.min() == pytest.approx(128, abs=15)
    assert (sheet[5:35] == 255).all()


@pytest.mark.parametrize(("rules", "share"), [("ruled", 0.04), ("squared", 0.15), ("dotted", 0.01)])
def test_kinds_of_rules_cover_their_share(rules: str, share: float) -> None:
    style = replace(WHITE, rules=rules, rule_pitch=40.0, rule_darkness=0.5)  # type: ignore[arg-type]
    sheet = make_paper((128, 800), style, np.random.default_rng(1), baseline=40.0)
    assert share / 3 < (sheet < 250).mean() < share * 3


def test_grain_shade_and_brightness() -> None:
    style = PaperStyle(brightness=0.8, grain=0.02, shade=0.0)
    sheet = make_paper((64, 4096), style, np.random.default_rng(0), baseline=40.0)
    assert sheet.mean() == pytest.approx(204, abs=1.0)
    assert sheet.std() == pytest.approx(5.1, abs=0.7)
    shaded = make_paper((64, 900), replace(WHITE, shade=0.3), np.random.default_rng(0), baseline=9)
    assert 150 < shaded.min() < 235


def test_samples_are_reproducible_and_white_at_strength_zero() -> None:
    assert PaperStyle.sample(np.random.default_rng(0), 0.0).brightness == 1.0
    assert PaperStyle.sample(np.random.default_rng(0), 0.0).rules == "none"
    first, second = (PaperStyle.sample(np.random.default_rng(4), 1.0) for _ in range(2))
    assert first == second


def spotted_page() -> np.ndarray:
    """Grey paper, writing in the upper half, a stain of its own kind in the lower."""
    rng = np.random.default_rng(0)
    page = np.clip(rng.normal(200, 4, (400, 600)), 0, 255).astype(np.uint8)
    page[40:160:7, 50:550] = 30
    return page


def test_pieces_of_paper_avoid_lines() -> None:
    page = spotted_page()
    polygon = [(40, 30), (560, 30), (560, 170), (40, 170)]
    for seed in range(20):
        piece = cut_paper(page, [polygon], (64, 200), np.random.default_rng(seed))
        assert piece is not None
        assert piece.shape == (64, 200)
        assert piece.dtype == np.float32
        assert piece.mean() == pytest.approx(1.0, abs=0.02)
        assert piece.min() > 0.85


def test_no_piece_where_the_page_is_full_or_too_small() -> None:
    page = spotted_page()
    whole = [(0, 0), (600, 0), (600, 400), (0, 400)]
    assert cut_paper(page, [whole], (64, 200), np.random.default_rng(0)) is None
    assert cut_paper(page, [], (500, 200), np.random.default_rng(0)) is None


def test_unmarked_writing_is_not_taken_for_paper() -> None:
    page = np.full((300, 600), 210, np.uint8)
    page[::20] = 20
    assert cut_paper(page, [], (64, 200), np.random.default_rng(0)) is None


def test_texture_is_laid_under_the_sheet() -> None:
    texture = np.ones((70, 90), np.float32)
    texture[:, ::2] = 0.9
    sheet = make_paper((64, 500), WHITE, np.random.default_rng(0), baseline=40.0, texture=texture)
    assert set(np.unique(sheet)) == {229, 255}
    assert sheet.shape == (64, 500)


def test_chance_is_bounded() -> None:
    rng = np.random.default_rng(0)
    assert {pick({"a": 1.0, "b": 0.0}, rng) for _ in range(50)} == {"a"}
    assert {pick({"a": 0.5, "b": 0.5}, rng) for _ in range(50)} == {"a", "b"}
    curve, field = smooth_curve(500, 30.0, rng), smooth_field((64, 500), 20.0, rng)
    assert np.abs(curve).max() <= 1.0
    assert np.abs(np.diff(curve)).max() < 0.1
    assert np.abs(field).max() <= 1.0
    flat = np.full((64, 5000), 128, np.uint8)
    assert add_noise(flat, 10.0, rng).std() == pytest.approx(10.0, rel=0.05)
    weak = weaken(flat, 0.5, 10.0, rng)
    assert 63 <= weak.min() < 80
    assert weak.max() <= 128
