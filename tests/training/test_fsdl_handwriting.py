"""FSDL Handwriting as lines and as paragraphs, from a made-up export of its layout."""

import json
from pathlib import Path

import cv2
import pytest
from character_files import run_script
from drawn_paragraphs import HEIGHT, WIDTH, draw_page, line_box, write_pages
from iam_miniature import write_iam

from text_recognizer.data import (
    CombinedData,
    FSDLHandwriting,
    FSDLHandwritingOptions,
    FSDLHandwritingParagraphs,
    FSDLHandwritingParagraphsOptions,
    IamHandwritingDataset,
    IAMParagraphOptions,
    IAMParagraphs,
    OpenLines,
    OpenLinesOptions,
    page_downloads,
)
from text_recognizer.data.page_downloads import fetch_missing
from text_recognizer.errors import InputError
from text_recognizer.training.experiments.registry import DATA_CLASSES

pytestmark = pytest.mark.train

NAMES = tuple(f"page_{number:04}.jpg" for number in range(12))
SMALL = {"height": 96, "width": 112, "max_length": 60}


def lines_of(number: int) -> tuple[str, ...]:
    return (f"page {number} begins", "", f"and ends {number}")


def write_export(folder: Path, names: tuple[str, ...] = NAMES) -> Path:
    """An export and the images of its pages, `downloaded` as the program would."""
    places = folder / "downloaded" / "fsdl_handwriting" / "pages"
    places.mkdir(parents=True)
    rows = []
    for number, name in enumerate(names):
        texts = lines_of(number)
        cv2.imwrite(str(places / name), draw_page([text or "unread" for text in texts]))
        annotation = []
        for index, text in enumerate(texts):
            x0, y0, x1, y1 = line_box(index, text or "unread")
            points = [[x / WIDTH, y / HEIGHT] for x, y in ((x0, y0), (x1, y0), (x1, y1), (x0, y1))]
            annotation.append(
                {"label": ["line"], "shape": "rectangle", "points": points, "notes": text,
                 "imageWidth": WIDTH, "imageHeight": HEIGHT}
            )  # fmt: skip
        url = f"https://pages.example/{name}"
        rows.append(json.dumps({"content": url, "annotation": annotation}))
    rows.append(json.dumps({"content": "https://pages.example/empty.jpg", "annotation": None}))
    path = folder / "export.json"
    path.write_text("\n".join(rows), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fsdl")
    write_export(folder)
    return folder


def lines(folder: Path) -> FSDLHandwriting:
    options = FSDLHandwritingOptions(data_dir=folder, export=folder / "export.json")
    module = FSDLHandwriting(options)
    module.prepare_data()
    module.setup()
    return module


def paragraphs(folder: Path) -> FSDLHandwritingParagraphs:
    options = FSDLHandwritingParagraphsOptions(
        data_dir=folder,
        export=folder / "export.json",
        **SMALL,  # type: ignore[arg-type]
    )
    return FSDLHandwritingParagraphs(options)


def test_consumers_find_what_they_expect(folder: Path) -> None:
    module = lines(folder)
    assert IamHandwritingDataset is FSDLHandwriting is DATA_CLASSES["IamHandwritingDataset"]
    assert [path.name for path in module.page_filenames] == list(NAMES)
    assert module.line_strings_by_id["page_0003.jpg"] == ["page 3 begins", "and ends 3"]
    x0, y0, x1, y1 = line_box(2, "and ends 3")
    (_, last) = module.line_regions_by_id["page_0003.jpg"]
    assert all(
        abs(last[k] - v) <= 1
        for k, v in zip(("x1", "y1", "x2", "y2"), (x0, y0, x1, y1), strict=True)
    )
    assert set(module.line_regions_by_id) == set(NAMES)


def test_lines_are_split_by_page_and_untranscribed_ones_left_out(folder: Path) -> None:
    module = lines(folder)
    sizes = [len(module.splits[s]) for s in ("train", "validation", "test")]
    assert sum(sizes) == 24 and sizes[0] > sizes[1] and all(size % 2 == 0 for size in sizes)
    owner = {s: set() for s in module.splits}
    for split, samples in module.splits.items():
        for row in samples.labels:  # type: ignore[attr-defined]
            owner[split].add(module.characters.decode(row).strip("abcdefghijklmnopqrstuvwxyz "))
    assert not owner["train"] & (owner["validation"] | owner["test"])
    said = module.describe()
    assert "The export has 13 pages, 1 of them without regions." in said
    assert "36 regions, 12 of them without text; left out: 0 bad and 0 degenerate ones." in said


def test_paragraphs_join_the_lines_of_a_page(folder: Path) -> None:
    module = paragraphs(folder)
    module.setup()
    texts = [module.characters.decode(row) for row in module.data_train.labels]  # type: ignore[attr-defined]
    assert any(text.count("\n") == 1 and text.startswith("page") for text in texts)
    assert "13 pages" in module.describe()


def test_they_go_together_with_others(folder: Path, tmp_path: Path) -> None:
    open_lines = OpenLines(OpenLinesOptions(data_dir=write_pages(tmp_path / "open")))
    joined = CombinedData([open_lines, lines(folder)])
    joined.setup()
    assert len(joined.data_train) == len(open_lines.data_train) + len(lines(folder).data_train)
    write_iam(tmp_path / "iam")
    values = {**SMALL, "max_length": 200}
    iam = IAMParagraphs(IAMParagraphOptions(data_dir=tmp_path, shared_texts=True, **values))  # type: ignore[arg-type]
    both = CombinedData([iam, paragraphs(folder)])
    both.setup()
    assert both.output_dims == (200, 1) and len(both.data_train) > 4


def test_missing_pages_are_fetched_and_the_rest_is_taken(
    folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[str] = []

    def fetch(url: str) -> bytes:
        asked.append(url)
        if "bad" in url:
            raise InputError(f"{url} cannot be fetched: no.")
        return b"content"

    monkeypatch.setattr(page_downloads, "fetch", fetch)
    (tmp_path / "have.jpg").write_bytes(b"mine")
    urls = {name: f"https://pages.example/{name}" for name in ("have.jpg", "new.jpg", "bad.jpg")}
    problems = fetch_missing(urls, tmp_path)
    assert problems == {"bad.jpg": "https://pages.example/bad.jpg cannot be fetched: no."}
    assert sorted(asked) == [urls["bad.jpg"], urls["new.jpg"]]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["have.jpg", "new.jpg"]
    assert (tmp_path / "have.jpg").read_bytes() == b"mine"
    assert fetch_missing({"new.jpg": "https://bad"}, tmp_path) == {}


def test_pages_without_images_end_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export = write_export(tmp_path / "a", NAMES[:2])
    module = FSDLHandwriting(FSDLHandwritingOptions(data_dir=tmp_path / "b", export=export))

    def fetch(url: str) -> bytes:
        raise InputError(f"{url} cannot be fetched: there is no machine called pages.example.")

    monkeypatch.setattr(page_downloads, "fetch", fetch)
    with pytest.raises(InputError) as caught:
        module.prepare_data()
    assert str(caught.value).startswith(
        "FSDL Handwriting needs the images of its pages, such as page_0000.jpg, which could not be "
        "fetched (https://pages.example/page_000"
    )
    place = tmp_path / "b" / "downloaded" / "fsdl_handwriting" / "pages"
    assert str(caught.value).endswith(f"): put them into {place}.")


def test_run_as_a_program(folder: Path, tmp_path: Path) -> None:
    flags = (f"--data_dir={folder}", f"--export={folder / 'export.json'}")
    done = run_script("fsdl_handwriting_dataset", tmp_path, *flags, package="datasets")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(
        "FSDLHandwriting\ninput (1, 56, 1024), output (89, 1), 83 symbols"
    )
    assert (tmp_path / "FSDLHandwriting.png").is_file()
