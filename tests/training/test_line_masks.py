"""Pages as squares with masks of their lines: places, classes, the same change of both, splits."""

import re
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from character_files import run_script
from drawn_paragraphs import (
    HEIGHT,
    PAGES,
    TRAIN,
    WIDTH,
    DrawnPage,
    line_box,
    page_xml,
    write_pages,
)
from PIL import Image

from text_recognizer.data.line_mask_drawing import colour_mask, draw_mask, mask_page
from text_recognizer.data.line_masks import OpenLineMasks, OpenLineMasksOptions, vary_mask
from text_recognizer.errors import InputError, OptionError
from text_recognizer.ground_truth import read_pages

pytestmark = pytest.mark.train


def masks(folder: Path, work: Path, **values: object) -> OpenLineMasks:
    module = OpenLineMasks(OpenLineMasksOptions(data_dir=folder, work_dir=work, **values))  # type: ignore[arg-type]
    module.prepare_data()
    module.setup()
    return module


def test_classes_alternate_and_the_later_line_is_on_top() -> None:
    box = ((1, 1), (6, 1), (6, 4), (1, 4))
    lower = tuple((x, y + 3) for x, y in box)
    mask = draw_mask([box, lower, tuple((x, y + 12) for x, y in box)], (20, 9))
    assert mask[1:4, 1:7].min() == 1 and mask[1:4, 1:7].max() == 1
    assert (mask[4:8, 1:7] == 2).all()  # row 4 belongs to both
    assert (mask[13:17, 1:7] == 1).all()
    assert np.count_nonzero(mask) == 3 * 6 + 4 * 6 + 4 * 6


def test_a_square_is_as_wide_as_the_page_and_centred_on_its_text(tmp_path: Path) -> None:
    write_pages(tmp_path, TRAIN[:1])
    (page,) = read_pages(tmp_path)
    image, mask = mask_page(page, WIDTH)  # no scaling
    assert image.shape == mask.shape == (WIDTH, WIDTH)
    first, last = line_box(0, "")[1], line_box(2, "")[3]
    top = round((first + last - WIDTH) / 2)
    for index, text in enumerate(TRAIN[0].lines):
        x0, y0, x1, y1 = line_box(index, text)
        inside = mask[y0 - top : y1 - top + 1, x0 : x1 + 1]
        assert (inside == index % 2 + 1).all()
        assert image[y0 - top : y1 - top + 1, x0 : x1 + 1].max() == 255
    assert image[mask == 0].max() < 20  # paper is black, ink is bright


def test_a_page_of_more_text_than_width_gets_paper_at_its_sides(tmp_path: Path) -> None:
    lines = tuple(f"line {i}" for i in range(9))
    write_pages(tmp_path, [DrawnPage("long", "train", "x", lines)])
    (page,) = read_pages(tmp_path)
    side = (line_box(8, "")[3] - line_box(0, "")[1]) + 100
    assert WIDTH < side
    _, mask = mask_page(page, side)
    left = (side - WIDTH) // 2
    assert np.flatnonzero(mask.any(axis=0))[0] == line_box(0, "")[0] + left
    assert np.flatnonzero(mask.any(axis=1))[[0, -1]].tolist() == [50, side - 50]


def test_batches_are_images_and_masks(tmp_path: Path) -> None:
    module = masks(write_pages(tmp_path / "p"), tmp_path / "w", batch_size=2, size=64)
    images, classes = next(iter(module.train_dataloader()))
    assert images.shape == (2, 1, 64, 64) and images.dtype == torch.float32
    assert classes.shape == (2, 64, 64) and classes.dtype == torch.int64
    assert 0.5 < images.max() <= 1 and images.min() == 0
    assert classes.unique().tolist() == [0, 1, 2]
    assert [len(module.splits[s]) for s in ("train", "validation", "test")] == [3, 1, 1]
    assert not list((tmp_path / "p").rglob("*.npy"))  # nothing is written among the user's data


def test_only_training_pages_are_varied(tmp_path: Path) -> None:
    module = masks(write_pages(tmp_path / "p"), tmp_path / "w", size=64)
    for split, is_varied in (("train", True), ("validation", False), ("test", False)):
        torch.manual_seed(1)
        first = module.splits[split][0]
        second = module.splits[split][0]
        assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True)) != is_varied


def test_image_and_mask_are_changed_alike() -> None:
    rng = np.random.default_rng(3)
    mask = np.zeros((96, 96), np.uint8)
    mask[30:40, 20:70] = 1
    mask[50:60, 20:70] = 2
    image = (mask * 100).astype(np.uint8)
    seen = set()
    for _ in range(20):
        moved, classes = vary_mask(image, mask, rng.random(6))
        assert set(np.unique(classes)) <= {0, 1, 2}
        sharp = classes == 2  # away from edges, which the image blends
        inner = cv2.erode(sharp.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
        assert inner.any() and (moved[inner] == 200).all()
        seen.add(classes.tobytes())
    assert len(seen) == 20


def test_no_document_is_in_two_splits(tmp_path: Path) -> None:
    crossing = DrawnPage("a3", "test", "letter-a", ("Another page",))
    module = masks(write_pages(tmp_path / "p", (*PAGES, crossing)), tmp_path / "w", size=64)
    assert [len(module.splits[s]) for s in ("train", "validation", "test")] == [1, 1, 2]
    assert "2 pages are of documents that other splits hold." in module.describe()


def test_pages_that_cannot_be_cut_are_counted_and_named(tmp_path: Path) -> None:
    folder = write_pages(tmp_path / "p")
    path = folder / "train" / "b1.xml"
    bad = dict.fromkeys(range(3), "5,5 9,9")
    path.write_text(page_xml("b1", TRAIN[2].lines, bad), encoding="utf-8")
    module = masks(folder, tmp_path / "w", size=64)
    assert len(module.splits["train"]) == 2
    assert "left out: 1\ntrain: The page b1 has no line with an outline." in module.describe()


def test_an_image_of_another_size_is_left_out(tmp_path: Path) -> None:
    folder = write_pages(tmp_path / "p", TRAIN)
    cv2.imwrite(str(folder / "train" / "b1.png"), np.zeros((HEIGHT, 50), np.uint8))
    module = masks(folder, tmp_path / "w", size=64)
    assert len(module.splits["train"]) == 2
    assert "b1.png is 50 by 400 pixels and its ground truth says 320 by 400" in module.left_out[0]


@pytest.mark.parametrize("form", ["outlines", "bands"])
def test_lines_beyond_the_page_are_left_out_and_counted(form: str, tmp_path: Path) -> None:
    folder, other = (write_pages(tmp_path / name, PAGES) for name in ("p", "q"))
    size = {"size": 128, "mask_form": form, "augment_data": False}
    path, lines = folder / "train" / "a2.xml", TRAIN[1].lines
    beyond = dict.fromkeys((2, 3), f"5,{9 * HEIGHT} 90,{9 * HEIGHT} 90,{9 * HEIGHT + 30}")
    text = page_xml("a2", lines, beyond)
    for index in (2, 3):
        foot = line_box(index, lines[index])[3] - 6
        text = text.replace(f",{foot}", f",{9 * HEIGHT}")
    path.write_text(text, encoding="utf-8")
    (other / "train" / "a2.xml").write_text(page_xml("a2", lines[:2]), encoding="utf-8")
    module, without = masks(folder, tmp_path / "w", **size), masks(other, tmp_path / "v", **size)
    place = "a baseline" if form == "bands" else "an outline"
    assert module.left_out == [f"train: lines without {place} on their page: 2."]
    assert without.left_out == []
    for own, expected in zip(module.splits["train"][1], without.splits["train"][1], strict=True):
        assert torch.equal(own, expected)


@pytest.mark.parametrize("stray", [1e6, -1e6, float("nan"), float("inf")])
def test_a_stray_point_does_not_take_the_memory(stray: float, tmp_path: Path) -> None:
    write_pages(tmp_path, TRAIN[:1])
    (page,) = read_pages(tmp_path)
    first = page.lines[0]
    line = replace(
        first, polygon=(*first.polygon, (30.0, stray)), baseline=(*first.baseline, (30.0, stray))
    )
    for form in ("outlines", "bands"):
        image, mask = mask_page(replace(page, lines=(line, *page.lines[1:])), 64, form=form)
        assert image.shape == mask.shape == (64, 64) and mask.max() == 2


def test_changed_pages_are_cut_again(tmp_path: Path) -> None:
    folder = write_pages(tmp_path / "p", TRAIN)
    before = masks(folder, tmp_path / "w", size=64).splits["train"][0]
    path = folder / "train" / "a1.xml"
    path.write_text(page_xml("a1", TRAIN[0].lines[:1]), encoding="utf-8")
    after = masks(folder, tmp_path / "w", size=64, augment_data=False).splits["train"][0]
    assert before[1].max() == 2 and after[1].max() == 1
    drawn = np.array(Image.open(tmp_path / "w/interim/open_line_masks/debug_crops/a1.jpg"))
    assert (drawn[:, :, 0].astype(int) - drawn[:, :, 2] > -40).all()  # no line in the second colour


def test_debug_images_show_lines_in_colours(tmp_path: Path) -> None:
    module = masks(write_pages(tmp_path / "p"), tmp_path / "w", size=128)
    names = sorted(path.name for path in module.debug_folder.iterdir())
    assert names == ["a1.jpg", "a2.jpg", "b1.jpg", "c1.jpg", "d1.jpg"]
    assert module.debug_folder == tmp_path / "w/interim/open_line_masks/debug_crops"
    drawn = colour_mask(np.zeros((1, 3), np.uint8), np.array([[0, 1, 2]], np.uint8))
    assert len({tuple(pixel) for pixel in drawn[0]}) == 3


def test_run_as_a_program(tmp_path: Path) -> None:
    folder = write_pages(tmp_path / "p")
    done = run_script("line_masks", tmp_path, f"--data_dir={folder}", "--size=64")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("OpenLineMasks\ninput (1, 64, 64), output (64, 64), 3 symbols")
    assert (tmp_path / "OpenLineMasks.png").is_file()


def test_missing_pages_end_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        masks(tmp_path, tmp_path)
    assert str(caught.value) == (
        "OpenLineMasks needs pages, images with a PAGE XML file each, in folders train, val and "
        f"test, and {tmp_path} holds none: give their folder by --data_dir."
    )
    with pytest.raises(OptionError, match="size is at least 32, not 8"):
        OpenLineMasksOptions(size=8)


def test_bands_stand_on_their_baselines_and_do_not_touch(tmp_path: Path) -> None:
    write_pages(tmp_path, TRAIN[:1])
    (page,) = read_pages(tmp_path)
    _, mask = mask_page(page, WIDTH, form="bands")  # no scaling
    _, outlines = mask_page(page, WIDTH)
    top = round((line_box(0, "")[1] + line_box(2, "")[3] - WIDTH) / 2)
    column = line_box(0, "")[0] + 20
    feet = [round(line.baseline[0][1]) - top for line in page.lines]
    rows = [np.flatnonzero(mask[:, column] == label) for label in (1, 2)]
    assert rows[0].max() == feet[2] and rows[1].max() == feet[1]
    height = round(0.45 * 34)  # of the distance of the baselines
    assert len(rows[1]) == height + 1
    assert rows[1].min() - feet[0] == 34 - height
    assert np.count_nonzero(mask) < 0.75 * np.count_nonzero(outlines)


def test_bands_and_outlines_are_kept_apart(tmp_path: Path) -> None:
    folder = write_pages(tmp_path / "p")
    kinds = [
        masks(folder, tmp_path / "w", size=64, mask_form=form) for form in ("outlines", "bands")
    ]
    first, second = (module.splits["validation"][0][1] for module in kinds)
    assert not torch.equal(first, second)


def test_pages_without_baselines_have_no_bands(tmp_path: Path) -> None:
    folder = write_pages(tmp_path / "p")
    path = folder / "val" / "c1.xml"
    path.write_text(re.sub("<Baseline[^>]*>", "", path.read_text()), encoding="utf-8")
    module = masks(folder, tmp_path / "w", size=64, mask_form="bands")
    assert len(module.splits["validation"]) == 0
    assert module.left_out == ["validation: The page c1 has no line with a baseline."]


def test_the_form_of_masks_is_checked() -> None:
    with pytest.raises(OptionError, match="^mask_form is outlines or bands, not 'boxes'.$"):
        OpenLineMasksOptions(mask_form="boxes")
