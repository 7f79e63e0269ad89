"""Pictures of predictions of a validation and of training samples: lines, pages, masks."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from text_recognizer.data.line_mask_drawing import colour_mask
from text_recognizer.data.page_crops import PageCrop
from text_recognizer.grey_image import GreyImage
from text_recognizer.layout.page_input import MAP_STRIDE
from text_recognizer.lit_models.ctc import Prediction
from text_recognizer.lit_models.experiment_segmentation import MaskPrediction
from text_recognizer.lit_models.line_finder import FinderSample

_WIDTH = 1200
_CAPTION_PX = 15
_PAGE_HEIGHT = 700
_MASK_HEIGHT = 400


def draw_predictions(predictions: Sequence[Prediction]) -> Image.Image:
    """Each line's image over its source, reference and hypothesis."""
    rows = [
        (
            np.asarray(prediction.image),
            [
                f"{prediction.source}: {prediction.reference}",
                f"{' ' * len(prediction.source)}  {prediction.hypothesis}",
            ],
        )
        for prediction in predictions
    ]
    return draw_rows(rows)


def draw_found_lines(samples: Sequence[FinderSample]) -> Image.Image:
    """Pages side by side, with the baselines and outlines that were found on them."""
    pages = [_with_lines(sample) for sample in samples]
    sheet = Image.new("RGB", (sum(page.width for page in pages), _PAGE_HEIGHT), "white")
    left = 0
    for page in pages:
        sheet.paste(page, (left, 0))
        left += page.width
    return sheet


def draw_masks(predictions: Sequence[MaskPrediction]) -> Image.Image:
    """Pages side by side with their lines in two colours: true ones above, found ones below."""
    columns = [
        [_with_mask(page.image, mask) for mask in (page.reference, page.hypothesis)]
        for page in predictions
    ]
    width = sum(column[0].width for column in columns)
    sheet = Image.new("RGB", (width, 2 * _MASK_HEIGHT), "white")
    left = 0
    for above, below in columns:
        sheet.paste(above, (left, 0))
        sheet.paste(below, (left, _MASK_HEIGHT))
        left += above.width
    return sheet


def draw_texts(rows: Sequence[tuple[str, ...]]) -> Image.Image:
    """Texts below each other, such as what is written, what was read and what became of it."""
    nothing = np.zeros((0, 0), np.uint8)
    return draw_rows([(nothing, texts) for texts in rows])


def draw_crop(crop: PageCrop) -> Image.Image:
    """A piece of a page with its ridges in red, its line ends in blue, grey where it is ignored."""
    side = crop.image.shape[0]
    ridge, ends, weight = (
        np.kron(part, np.ones((MAP_STRIDE, MAP_STRIDE), np.float32))[:side, :side]
        for part in (crop.maps.ridge, crop.maps.ends, crop.weight)
    )
    grey = (255.0 - crop.image) * (0.6 + 0.4 * weight)
    red, green = grey * (1 - ends), grey * (1 - ridge) * (1 - ends)
    blue = grey * (1 - ridge)
    colours = [red + 255 * ridge * (1 - ends), green, blue + 255 * ends * (1 - ridge)]
    return Image.fromarray(np.stack(colours, axis=2).clip(0, 255).astype(np.uint8))


def _with_mask(image: Tensor, mask: Tensor) -> Image.Image:
    page = Image.fromarray(colour_mask(image.numpy(), mask.numpy()))
    width = max(1, round(_MASK_HEIGHT * page.width / page.height))
    return page.resize((width, _MASK_HEIGHT))


def _with_lines(sample: FinderSample) -> Image.Image:
    scale = _PAGE_HEIGHT / sample.image.shape[0]
    size = (max(1, round(scale * sample.image.shape[1])), _PAGE_HEIGHT)
    page = Image.fromarray(sample.image).convert("RGB").resize(size)
    draw = ImageDraw.Draw(page)
    for line in sample.lines:
        outline, baseline = ((points * scale).tolist() for points in (line.polygon, line.baseline))
        draw.polygon([tuple(point) for point in outline], outline=(70, 130, 220))
        draw.line([tuple(point) for point in baseline], fill=(220, 40, 40), width=2)
    return page


def draw_rows(rows: Sequence[tuple[GreyImage, Sequence[str]]]) -> Image.Image:
    """A sheet of normalised line images (paper 0, ink 255), captions below each."""
    font = ImageFont.load_default(_CAPTION_PX)
    heights = [image.shape[0] + (len(lines) * (_CAPTION_PX + 4)) + 6 for image, lines in rows]
    sheet = Image.new("L", (_WIDTH, max(1, sum(heights))), 255)
    draw = ImageDraw.Draw(sheet)
    top = 0
    for (image, lines), height in zip(rows, heights, strict=True):
        sheet.paste(Image.fromarray(255 - image), (0, top))
        for i, line in enumerate(lines):
            y = top + image.shape[0] + i * (_CAPTION_PX + 4)
            draw.text((4, y), line, fill=0, font=font)
        top += height
    return sheet
