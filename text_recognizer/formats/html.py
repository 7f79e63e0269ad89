"""HTML to look at and to check: the page's image and its text side by side, in one file.

The file needs nothing else, no network either. Lines and their places on the image point at each
other; words that the model is unsure of are tinted.
"""

import base64
from html import escape
from pathlib import PurePath
from typing import TYPE_CHECKING, TextIO

from text_recognizer.page import Line, Page, Points

if TYPE_CHECKING:
    from text_recognizer.grey_image import GreyImage

_LONG_SIDE = 1_800  # pixels of the image inside the file
_JPEG_QUALITY = 80
_DOUBTFUL, _UNSURE = 0.5, 0.8  # confidences under which a word is tinted deeply, lightly

_STYLE = """
:root { color-scheme: light; --ink: #1d2430; --soft: #5c6675; --rule: #dfe3e8; --mark: #1f6feb; }
* { box-sizing: border-box; }
body { margin: 0; font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: #f6f7f9; }
header { padding: 12px 20px; background: #fff; border-bottom: 1px solid var(--rule); }
h1 { margin: 0; font-size: 17px; overflow-wrap: anywhere; }
header p { margin: 2px 0 0; font-size: 13px; color: var(--soft); }
main { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 20px;
  padding: 20px; align-items: start; }
figure { margin: 0; position: sticky; top: 20px; }
svg { display: block; width: 100%; max-height: calc(100vh - 40px); background: #fff;
  border: 1px solid var(--rule); }
polygon { fill: transparent; stroke: transparent; stroke-width: 2px;
  vector-effect: non-scaling-stroke; }
a:hover polygon, a:focus polygon, .shown polygon, a:target polygon {
  fill: rgb(31 111 235 / 14%); stroke: var(--mark); }
section { padding: 12px 0; background: #fff; border: 1px solid var(--rule); }
section + section { margin-top: 16px; }
section p { margin: 0; padding: 1px 16px; overflow-wrap: anywhere; }
section p.shown, section p:target { background: rgb(31 111 235 / 10%); }
section a { color: inherit; text-decoration: none; display: block; }
.unsure, .doubtful { border-radius: 3px; padding: 0 2px; margin: 0 -2px; }
.unsure { background: #fff1c2; }
.doubtful { background: #ffd3c4; }
@media (max-width: 760px) { main { grid-template-columns: minmax(0, 1fr); }
  figure { position: static; } svg { max-height: none; } }
@media print { figure { position: static; } body { background: #fff; } }
"""

# Pointing at a line shows its place, and the other way round.
_SCRIPT = """
for (const part of document.querySelectorAll("[data-line]")) {
  const both = document.querySelectorAll(`[data-line="${part.dataset.line}"]`);
  const show = (on) => both.forEach((one) => one.classList.toggle("shown", on));
  for (const name of ["mouseenter", "focusin"]) part.addEventListener(name, () => show(true));
  for (const name of ["mouseleave", "focusout"]) part.addEventListener(name, () => show(false));
}
"""


class HtmlWriter:
    """Writes one page as a self-contained HTML file.

    Args:
        stream: is written to; a file of this format holds one page.
        model: name and version, shown in the head of the page.
    """

    suffix = ".html"
    is_per_page = True
    shows_image = True

    def __init__(self, stream: TextIO, *, model: tuple[str, str] | None = None) -> None:
        self._stream = stream
        self._model = model

    def write(self, page: Page, image: "GreyImage | None" = None) -> None:
        """Write the page; without an image, the places of the lines are shown on white."""
        self._stream.write(page_to_html(page, image, model=self._model))

    def fail(self, file: str, page: int | None, message: str) -> None:
        """Nothing: what could not be read has no page."""

    def close(self) -> None:
        """Nothing: the page is complete."""


def page_to_html(
    page: Page, image: "GreyImage | None" = None, *, model: tuple[str, str] | None = None
) -> str:
    """The page as an HTML document.

    Args:
        page: what was read.
        image: the page's grey image (H, W), uint8, of the page's width and height.
        model: name and version.
    """
    title = escape(PurePath(page.file).name or "Page") + (
        f", page {page.number}" if page.number > 1 or page.dpi else ""
    )
    policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
    return f"""<!DOCTYPE html>
<html lang="und">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}script-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{_STYLE}</style>
</head>
<body>
<header lang="en">
<h1>{title}</h1>
<p>{_summary(page, model)}</p>
</header>
<main>
<figure>
{_picture(page, image)}
</figure>
<div>
{_text(page)}
</div>
</main>
<script>{_SCRIPT}</script>
</body>
</html>
"""


def _summary(page: Page, model: tuple[str, str] | None) -> str:
    n_lines = len(page.lines)
    parts = [f"{n_lines} line" + ("" if n_lines == 1 else "s")]
    if model is not None:
        parts.append(f"read by {escape(' '.join(model))}")
    if n_lines:
        parts.append(
            'tinted words are less sure: <span class="unsure">below 80 %</span>, '
            '<span class="doubtful">below 50 %</span>'
        )
    return " · ".join(parts)


def _picture(page: Page, image: "GreyImage | None") -> str:
    """The image with the outline of each line over it."""
    size = f'width="{page.width}" height="{page.height}"'
    parts = [f'<svg viewBox="0 0 {page.width} {page.height}" role="img" aria-label="The page">']
    if image is not None:
        parts.append(f'<image {size} href="{_data_address(image)}"/>')
    return "\n".join([*parts, *map(_place, page.lines), "</svg>"])


def _place(line: Line) -> str:
    name = escape(line.id)
    return (
        f'<a id="place-{name}" data-line="{name}" href="#{name}">'
        f'<polygon points="{_points(line.polygon)}"><title>{escape(line.text)}</title></polygon>'
        "</a>"
    )


def _text(page: Page) -> str:
    """A section for each region, a paragraph for each line."""
    if not page.lines:
        return '<section><p lang="en">No text was found on this page.</p></section>'
    return "\n".join(
        "<section>\n" + "\n".join(map(_line, region.lines)) + "\n</section>"
        for region in page.regions
    )


def _line(line: Line) -> str:
    words = [_word(word.text, word.confidence) for word in line.words]
    text = " ".join(words) or escape(line.text) or "&nbsp;"
    name = escape(line.id)
    return f'<p id="{name}" data-line="{name}"><a href="#place-{name}">{text}</a></p>'


def _word(text: str, confidence: float) -> str:
    if confidence >= _UNSURE:
        return escape(text)
    kind = "doubtful" if confidence < _DOUBTFUL else "unsure"
    return f'<span class="{kind}" title="{confidence:.0%}">{escape(text)}</span>'


def _points(points: Points) -> str:
    return " ".join(f"{x:g},{y:g}" for x, y in points)


def _data_address(image: "GreyImage") -> str:
    """The image as a JPEG inside an address, at most 1,800 pixels long."""
    import cv2

    scale = _LONG_SIDE / max(image.shape)
    if scale < 1:
        size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    return "data:image/jpeg;base64," + base64.b64encode(data.tobytes()).decode("ascii")
