import pickle

import numpy as np
import pytest
from drawn_data import page_line, page_xml, png, region, write_files

from text_recognizer.errors import InputError
from text_recognizer.ground_truth import read_lines, read_pages
from text_recognizer.ground_truth.pages import cut_polygon


def page_image():
    """A page of 60 by 80 pixels: paper 200, a dark bar where the lines of the tests are."""
    image = np.full((60, 80), 200, np.uint8)
    image[18:22, 15:45] = 20
    return image


LINES = region("r1", page_line("l1", "one"), page_line("l2", ""), page_line("l3", "three"))
TABLE = "page\tsplit\tsource\tdocument\tlines\tlanguage\n"


@pytest.fixture
def pages(tmp_path):
    return write_files(
        tmp_path / "pages",
        {
            "pages.tsv": TABLE + "p1\tval\thooker\tletter-9\t3\teng\n",
            "val/p1.png": png(page_image()),
            "val/p1.xml": page_xml(LINES),
            "train/q1.png": png(page_image()),
            "train/q1.xml": page_xml(LINES, image="q1.png"),
            "train/mets.xml": "<mets/>",
        },
    )


def test_pages_belong_where_table_or_folder_says(pages):
    second, first = read_pages(pages)
    assert (first.id, first.source, first.document) == ("p1", "hooker", "letter-9")
    assert (first.split, first.language) == ("validation", "eng")
    assert (second.id, second.source, second.document) == ("train/q1", "pages", "train/q1")
    assert (second.split, second.language) == ("train", "und")
    assert (first.height, first.width) == (60, 80)
    assert [line.id for line in first.lines] == ["l1", "l2", "l3"]
    assert first.image_path.name == "p1.png"
    assert [page.id for page in read_pages(pages, split="train")] == ["train/q1"]


def test_folders_that_number_their_pages_alike_share_no_document(tmp_path):
    files = {}
    for place in ("train", "val", "test"):
        files[f"{place}/page-001.png"] = png(page_image())
        files[f"{place}/page-001.xml"] = page_xml(LINES, image="page-001.png")
    found = read_pages(write_files(tmp_path, files))
    assert {page.split for page in found} == {"train", "validation", "test"}
    names = ["test/page-001", "train/page-001", "val/page-001"]
    assert [page.document for page in found] == [page.id for page in found] == names


def test_lines_are_cut_from_pages_and_untranscribed_ones_left_out(pages):
    samples = read_lines(pages, sources=["hooker"])
    assert [(sample.id, sample.text) for sample in samples] == [
        ("p1-l1", "one"),
        ("p1-l3", "three"),
    ]
    image = pickle.loads(pickle.dumps(samples[0])).read_image()
    assert image.shape == (21 + 2, 41 + 2)  # the polygon's box and a rim of paper
    assert (image[9:13, 6:36] == 20).all()
    assert np.count_nonzero(image != 200) == 4 * 30


def test_a_single_page_file_is_a_data_set(pages):
    samples = read_lines(pages / "train" / "q1.xml")
    assert [sample.id for sample in samples] == ["q1-l1", "q1-l3"]
    assert samples[0].split == "train"


def test_images_may_lie_above_a_folder_called_page(tmp_path):
    write_files(tmp_path, {"p1.png": png(page_image()), "page/p1.xml": page_xml(LINES)})
    assert read_pages(tmp_path)[0].image_path == tmp_path / "p1.png"
    assert read_pages(tmp_path)[0].split == "test"


def test_an_image_name_never_leads_elsewhere(tmp_path):
    write_files(
        tmp_path,
        {
            "outside.png": png(page_image()),
            "in/p1.xml": page_xml(LINES, image="../outside.png"),
        },
    )
    with pytest.raises(InputError, match=r"p1\.xml has no image: outside\.png is not beside it"):
        read_pages(tmp_path / "in")


def test_an_image_name_that_no_file_can_have_is_passed_over(tmp_path):
    write_files(tmp_path, {"p1.xml": page_xml(LINES, image="a" * 300 + ".png")})
    with pytest.raises(InputError, match=r"p1\.xml has no image: a+\.png is not beside it"):
        read_pages(tmp_path)
    (tmp_path / "p1.png").write_bytes(png(page_image()))
    assert read_pages(tmp_path)[0].image_path == tmp_path / "p1.png"


def test_an_image_of_another_size_is_refused(pages):
    (pages / "val" / "p1.png").write_bytes(png(page_image()[:50]))
    with pytest.raises(InputError, match=r"p1\.png is 80 by 50 pixels and its PAGE file says 80"):
        read_lines(pages, sources=["hooker"])[0].read_image()


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("page\tsplit\n", "has no column source, document, language"),
        ("", "has no column page, split"),
        (TABLE + "p1\ttest\n", "Row 2 .* has 2 cells, not 6"),
        (TABLE + "p1\tdev\ta\tb\t1\teng\n", "Row 2 .* names the page 'p1' twice or a split"),
        (TABLE + "p1\ttest\ta\tb\t1\teng\n" * 2, "Row 3 .* names the page 'p1' twice"),
    ],
)
def test_a_damaged_table_is_named(pages, table, message):
    (pages / "pages.tsv").write_text(table)
    with pytest.raises(InputError, match=message):
        read_pages(pages)


def test_a_polygon_keeps_what_is_inside_and_covers_the_rest():
    image = np.full((40, 60), 180, np.uint8)
    image[10:12, 5:40] = 0
    image[25:27, 5:40] = 0  # the next line
    cut = cut_polygon(image, [(4, 4), (44, 4), (44, 30), (24, 20), (4, 20)])
    assert (cut != 180).sum() < 2 * 35 * 2
    assert (cut[:14] == 0).sum() == 2 * 35
    assert (cut == 0).sum() - 2 * 35 < 30  # only the corner of the next line that is inside


def test_a_polygon_over_the_edge_is_cut_off_and_one_outside_refused():
    image = np.full((40, 60), 180, np.uint8)
    cut = cut_polygon(image, [(-10, -10), (500, -10), (500, 19), (-10, 19)])
    assert cut.shape == (20 + 2, 60 + 2)
    for polygon in ([(100, 100), (120, 100), (120, 120)], [(5, 5), (50, 5)]):
        with pytest.raises(InputError, match="encloses no part of its page"):
            cut_polygon(image, polygon)


def test_a_folder_without_pages_is_refused(tmp_path):
    with pytest.raises(InputError, match="holds no PAGE XML files"):
        read_pages(tmp_path)
