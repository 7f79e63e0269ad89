import pytest
from drawn_data import page_line, page_xml, region

from text_recognizer.errors import InputError
from text_recognizer.ground_truth import page_xml as page_xml_module
from text_recognizer.ground_truth.page_xml import is_page_xml, read_page_xml


@pytest.fixture
def write(tmp_path):
    def write_page(content, name="p1.xml"):
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write_page


@pytest.mark.parametrize("version", ["2013-07-15", "2019-07-15"])
def test_lines_are_read(write, version):
    line = page_line("l1", "  Dear\n  Sir e\u0301 ", points="1,2 30.5,2 30,18")
    page = read_page_xml(write(page_xml(region("r1", line), version=version)))
    assert (page.image_name, page.width, page.height) == ("p1.png", 80, 60)
    (read,) = page.lines
    assert (read.id, read.text) == ("l1", "Dear Sir \u00e9")
    assert read.polygon == ((1, 2), (30.5, 2), (30, 18))
    assert read.baseline == ((10, 25), (50, 26))


def test_regions_follow_the_reading_order_and_the_rest_comes_after(write):
    order = (
        '<ReadingOrder><OrderedGroup id="g"><!-- two groups -->'
        '<RegionRefIndexed index="1" regionRef="r1"/>'
        '<OrderedGroupIndexed index="0" id="h">'
        '<RegionRefIndexed index="0" regionRef="r3"/></OrderedGroupIndexed>'
        "</OrderedGroup></ReadingOrder>"
    )
    regions = [
        region(f"r{n}", page_line(f"{n}a", "x"), page_line(f"{n}b", "y")) for n in range(1, 5)
    ]
    page = read_page_xml(write(page_xml(order + "".join(regions))))
    assert [line.id for line in page.lines] == ["3a", "3b", "1a", "1b", "2a", "2b", "4a", "4b"]


def test_regions_in_regions_are_read_once(write):
    inner = region("inner", page_line("l2", "b"))
    page = read_page_xml(write(page_xml(region("outer", page_line("l1", "a"), inner))))
    assert [line.id for line in page.lines] == ["l1", "l2"]


def test_of_several_transcriptions_the_first_index_counts(write):
    line = (
        '<TextLine id="l1"><Coords points="1,1 9,1 9,9"/>'
        '<Word id="w"><TextEquiv><Unicode>word</Unicode></TextEquiv></Word>'
        '<TextEquiv index="1"><Unicode>second</Unicode></TextEquiv>'
        '<TextEquiv index="0"><Unicode>first</Unicode></TextEquiv></TextLine>'
    )
    assert read_page_xml(write(page_xml(region("r", line)))).lines[0].text == "first"


def test_lines_without_text_or_baseline_stay(write):
    line = '<TextLine id="l1"><Coords points="1,1 9,1 9,9"/></TextLine>'
    (read,) = read_page_xml(write(page_xml(region("r", line)))).lines
    assert (read.text, read.baseline) == ("", ())


def test_other_xml_is_told_apart(write):
    assert is_page_xml(write(page_xml("")))
    assert not is_page_xml(write("<alto xmlns='http://www.loc.gov/standards/alto/ns-v4#'/>"))
    with pytest.raises(InputError, match=r"p1\.xml is empty"):
        is_page_xml(write(""))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (page_xml("")[:-20], "is not well formed XML"),
        ("<html/>", "is not PAGE XML"),
        (page_xml("").replace("Page ", "Sheet ").replace("</Page>", "</Sheet>"), "has no Page"),
        (page_xml("", size=("tall", 3)), "has a size or a point that is not a number"),
        (page_xml(region("r", page_line("l7", "x", points="1,1 2"))), "that is not a number"),
        (page_xml(region("r", page_line("l7", "x", points="1,1 nan,5"))), "a number: .*'nan,5'"),
        (page_xml(region("r", page_line("l7", "x", points="inf,1 2,2"))), "a number: .*'inf,1'"),
        (page_xml(region("r", page_line("l7", "x", points=""))), "'l7' of .* has no Coords"),
        (page_xml("", before="<!DOCTYPE PcGts SYSTEM 'x.dtd'>"), "declares a document type"),
        (page_xml("".join(["<a>"] * 400 + ["</a>"] * 400)), "is not well formed XML"),
    ],
)
def test_damaged_files_are_named(write, content, message):
    with pytest.raises(InputError, match=message) as caught:
        read_page_xml(write(content))
    assert "p1.xml" in str(caught.value)


def test_entities_are_neither_expanded_nor_fetched(write, tmp_path):
    (tmp_path / "secret.txt").write_text("secret")
    for value in (f'SYSTEM "{(tmp_path / "secret.txt").as_uri()}"', '"expanded"'):
        doctype = f"<!DOCTYPE PcGts [<!ENTITY e {value}>]>"
        content = page_xml(region("r", page_line("l1", "&e;")), before=doctype)
        with pytest.raises(InputError, match="declares a document type"):
            read_page_xml(write(content))


def test_limits_on_size_and_lines(write, monkeypatch):
    path = write(page_xml(region("r", page_line("a", "x"), page_line("b", "y"))))
    monkeypatch.setattr(page_xml_module, "_MAX_LINES", 1)
    with pytest.raises(InputError, match="holds 2 lines, over the limit of 1"):
        read_page_xml(path)
    monkeypatch.setattr(page_xml_module, "_MAX_BYTES", 100)
    with pytest.raises(InputError, match="is larger than"):
        read_page_xml(path)
