"""What scanners and cameras do to a line: low resolution, blur, shade, noise, compression."""

import cv2
import numpy as np

from text_recognizer.synthesis.arrays import GreyImage
from text_recognizer.synthesis.chance import add_noise, smooth_field


def degrade(
    image: GreyImage, rng: np.random.Generator, strength: float, *, often: float = 1.0
) -> GreyImage:
    """Line image as a scanner or camera might have taken it, shape and text unchanged.

    Args:
        image: line image of shape (H, W), uint8.
        rng: source of all chance.
        strength: 0 leaves the image alone, 1 is a bad photograph.
        often: factor on the probability of each effect.
    """
    if strength <= 0:
        return image
    if rng.random() < 0.4 * often:
        image = reduce_resolution(image, rng, strength)
    if rng.random() < 0.35 * often:
        image = _blur(image, rng, strength)
    if rng.random() < 0.3 * often:
        image = _shade(image, rng, strength)
    if rng.random() < 0.5 * often:
        image = _change_contrast(image, rng, strength)
    if rng.random() < 0.4 * often:
        image = _add_noise(image, rng, strength)
    if rng.random() < 0.4 * often:
        image = _compress(image, rng, strength)
    if rng.random() < 0.1 * strength * often:
        image = _threshold(image, rng)
    return image


def reduce_resolution(image: GreyImage, rng: np.random.Generator, strength: float) -> GreyImage:
    """Same picture with the detail of a coarser scan: a height of 64 px keeps 26 px at worst."""
    height, width = image.shape
    factor = 1.0 - strength * rng.uniform(0.15, 0.6)
    small = (max(1, round(width * factor)), max(1, round(height * factor)))
    soft = cv2.blur(image, (2, 2)) if factor < 0.7 else image
    reduced = cv2.resize(soft, small, interpolation=cv2.INTER_LINEAR)
    back = cv2.INTER_CUBIC if rng.random() < 0.5 else cv2.INTER_LINEAR
    return _bytes(cv2.resize(reduced, (width, height), interpolation=back))


def _blur(image: GreyImage, rng: np.random.Generator, strength: float) -> GreyImage:
    sigma = strength * rng.uniform(0.3, 1.4)
    if rng.random() < 0.8:
        return _bytes(cv2.GaussianBlur(image, (0, 0), max(sigma, 0.05)))
    length = 1 + round(2.5 * sigma)  # shaken camera
    kernel = np.full((1, length), 1.0 / length, np.float32)
    if rng.random() < 0.4:
        kernel = kernel.T
    return _bytes(cv2.filter2D(image, -1, kernel, borderType=cv2.BORDER_REPLICATE))


def _shade(image: GreyImage, rng: np.random.Generator, strength: float) -> GreyImage:
    """Uneven light, in one case of three with the soft edge of a shadow."""
    height, width = image.shape
    coarse = (max(2, height // 4), max(2, width // 4))
    light = smooth_field(coarse, rng.uniform(15, 75), rng)
    light = 1.0 - strength * rng.uniform(0.05, 0.2) * (1.0 + light)
    if rng.random() < 0.33:
        columns = np.arange(coarse[1], dtype=np.float32) - rng.uniform(0, coarse[1])
        edge = 1.0 / (1.0 + np.exp(np.clip(columns / rng.uniform(1, 8), -30, 30)))
        light *= 1.0 - strength * rng.uniform(0.1, 0.45) * edge.astype(np.float32)
    levels = (light * 255 + 0.5).astype(np.uint8)
    field = cv2.resize(levels, (width, height), interpolation=cv2.INTER_LINEAR)
    return _bytes(cv2.multiply(image, field, scale=1 / 255))


def _change_contrast(image: GreyImage, rng: np.random.Generator, strength: float) -> GreyImage:
    """Tone curve: paper and ink move to new greys, with a gamma between them."""
    gamma = float(np.exp(strength * rng.uniform(-0.6, 0.6)))
    black = strength * rng.uniform(0.0, 0.35)
    white = 1.0 - strength * rng.uniform(0.0, 0.15)
    levels = np.linspace(0.0, 1.0, 256) ** gamma
    table = np.clip((black + (white - black) * levels) * 255 + 0.5, 0, 255).astype(np.uint8)
    return _bytes(cv2.LUT(image, table))


def _add_noise(image: GreyImage, rng: np.random.Generator, strength: float) -> GreyImage:
    deviation = strength * rng.uniform(2.0, 15.0)
    if rng.random() < 0.5:
        return add_noise(image, deviation, rng)
    flat = np.full(image.shape, 128, np.uint8)  # film and small cameras: grains wider than a pixel
    grains = cv2.blur(add_noise(flat, 2.0 * deviation, rng), (2, 2))
    return _bytes(cv2.addWeighted(image, 1.0, grains, 1.0, -128.0))


def _compress(image: GreyImage, rng: np.random.Generator, strength: float) -> GreyImage:
    quality = round(95 - strength * rng.uniform(5, 70))
    done, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    assert done, "encoding a grey image as JPEG failed"
    return _bytes(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE))


def _threshold(image: GreyImage, rng: np.random.Generator) -> GreyImage:
    """Black and white, as fax machines and some archives store pages."""
    low, high = np.percentile(image[::2, ::2], (1, 80))
    if high - low < 40:
        return image
    level = low + (high - low) * rng.uniform(0.5, 0.72)
    return _bytes(np.where(image > level, 255, 0))


def _bytes(image: object) -> GreyImage:
    return np.asarray(image, dtype=np.uint8)
