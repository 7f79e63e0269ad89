"""Draws small data sets for the tests of the ground truth readers."""

import gzip
from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np

HEADER = ("id", "split", "writer_or_document", "text", "language")

STROKES = (
    ((3, 0), (20, 112), (40, 30), (61, 90)),  # a zigzag
    ((80, 50),),  # a dot
    ((90, 10), (140, 10), (140, 60), (90, 60), (90, 11)),  # a box
)


def table(rows: Sequence[Sequence[str]], header: Sequence[str] = HEADER) -> bytes:
    return ("\n".join("\t".join(row) for row in (header, *rows)) + "\n").encode()


def grey_ramp(height: int = 20, width: int = 30) -> np.ndarray:
    """A grey image of which every column has its own brightness."""
    return np.tile(np.linspace(40, 240, width).astype(np.uint8), (height, 1))


def png(image: np.ndarray) -> bytes:
    return cv2.imencode(".png", image)[1].tobytes()


def write_strokes(
    folder: Path, name: str, rows: Sequence[Sequence[str]], samples: Sequence[Sequence]
) -> Path:
    """A stroke file and its table; each sample is a list of strokes of points (x, y)."""
    folder.mkdir(parents=True, exist_ok=True)
    steps, pen_up, offset = [], [], [0]
    for strokes in samples:
        points = np.array([point for stroke in strokes for point in stroke])
        steps.append(np.diff(points, axis=0, prepend=np.zeros((1, 2), int)))
        pen_up += [i == len(stroke) - 1 for stroke in strokes for i in range(len(stroke))]
        offset.append(offset[-1] + len(points))
    dx, dy = np.concatenate(steps).T
    path = folder / f"{name}.npz"
    np.savez_compressed(
        path,
        dx=dx.astype(np.int16),
        dy=dy.astype(np.int16),
        pen_up=np.array(pen_up, np.uint8),
        offset=np.array(offset, np.int32),
    )
    path.with_suffix(".tsv.gz").write_bytes(gzip.compress(table(rows)))
    return path


def page_xml(
    body: str,
    *,
    version: str = "2019-07-15",
    image: str = "p1.png",
    size: tuple[int, int] = (60, 80),
    before: str = "",
) -> str:
    """A PAGE file of the given version around the content of its Page; size is (height, width)."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{before}'
        f'<PcGts xmlns="http://schema.primaresearch.org/PAGE/gts/pagecontent/{version}">'
        f'<Page imageFilename="{image}" imageWidth="{size[1]}" imageHeight="{size[0]}">'
        f"{body}</Page></PcGts>"
    )


def page_line(name: str, text: str, points: str = "10,10 50,10 50,30 10,30") -> str:
    return (
        f'<TextLine id="{name}"><Coords points="{points}"/><Baseline points="10,25 50,26"/>'
        f"<TextEquiv><Unicode>{text}</Unicode></TextEquiv></TextLine>"
    )


def region(name: str, *lines: str) -> str:
    return f'<TextRegion id="{name}"><Coords points="0,0 9,0 9,9"/>{"".join(lines)}</TextRegion>'


def write_files(folder: Path, files: Mapping[str, bytes | str]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder
