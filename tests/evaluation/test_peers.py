import json
import os
import stat
import sys
from pathlib import Path

import pytest
from programs import load_program

from text_recognizer.ground_truth import LineSample

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the stand-ins are POSIX scripts")


@pytest.fixture(scope="module")
def peers():
    return load_program("benchmarks/peers.py")


def program(path, lines):
    path.write_text("\n".join([f"#!{sys.executable}", "import os, sys", *lines]))
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def sample(source, index):
    return LineSample(
        f"{source}{index}", "Text", source, "d", "eng", "test", read_image=lambda: None
    )


def test_samples_are_taken_evenly_from_every_source(peers):
    samples = [sample("a", i) for i in range(10)] + [sample("b", i) for i in range(2)]
    kept = [taken.id for taken in peers.take_evenly(samples, 4)]
    assert kept == ["a0", "a2", "a5", "a7", "b0", "b1"]
    assert peers.take_evenly(samples, None) == samples


@pytest.mark.parametrize("last", ["", "\f"])
@pytest.mark.parametrize("n_threads", [1, 2, 3])
def test_tesseract_texts_come_back_in_order(peers, tmp_path, last, n_threads):
    fake = program(
        tmp_path / "tesseract",
        [
            "assert os.environ['OMP_THREAD_LIMIT'] == '1'",
            "assert sys.argv[1:5] == ['stdin', 'stdout', '--psm', '7']",
            "names = [line.strip()[-5] for line in sys.stdin]",
            f"print('\\n\\f'.join(f'text  {{n}}' for n in names), end='\\n' + {last!r})",
        ],
    )
    files = [Path(f"{index}.png") for index in range(5)]
    result = peers.read_with_tesseract(files, program=fake, languages="eng", n_threads=n_threads)
    assert result.texts == [f"text {index}" for index in range(5)]


def test_peers_that_fail_are_left_out_with_a_reason(peers, tmp_path):
    fails = program(tmp_path / "fails", ["sys.exit('no such module')"])
    short = program(tmp_path / "short", ["print('one text for two images')"])
    files = [Path("1.png"), Path("2.png")]
    tesseract = {"languages": "eng", "n_threads": 1}
    with pytest.raises(peers.PeerError, match="there is no program absent"):
        peers.read_with_tesseract(files, program="absent", **tesseract)
    with pytest.raises(peers.PeerError, match="it read 1 of 2 lines: no such module"):
        peers.read_with_tesseract(files, program=fails, **tesseract)
    with pytest.raises(peers.PeerError, match="it read 1 of 2 lines"):
        peers.read_with_tesseract(files, program=short, **tesseract)
    with pytest.raises(peers.PeerError, match="there is no interpreter absent"):
        peers.read_with_rapidocr(files, python="absent", n_threads=1, batch=6)
    with pytest.raises(peers.PeerError, match="rapidocr is left out: no such module"):
        peers.read_with_rapidocr(files, python=fails, n_threads=1, batch=6)


def test_rapidocr_answers_are_taken_over(peers, tmp_path):
    answer = json.dumps({"texts": ["a", "b"], "seconds": 0.5})
    fake = program(tmp_path / "python", [f"print({answer!r})"])
    result = peers.read_with_rapidocr([Path("1"), Path("2")], python=fake, n_threads=1, batch=6)
    assert result == peers.PeerResult("rapidocr, batch 6", ["a", "b"], 0.5)


def test_tables_stand_side_by_side(peers):
    samples = [sample("a", 0), sample("a", 1)]
    results = [
        peers.PeerResult("ours", ["Text", "text"], 1.0),
        peers.PeerResult("other", ["", "Text"], 4.0),
    ]
    rows = {r.name: peers.score(samples, r, "latin-ascii-1", frozenset()) for r in results}
    table = [line.split() for line in peers.render_table(rows).splitlines()]
    assert table[1] == ["a", "2", "8", "12.5", "50.0"]
    speeds = [line.split() for line in peers.render_speeds(results, 2).splitlines()]
    assert speeds[1:] == [["ours", "2.0", "1.00", "x"], ["other", "0.5", "4.00", "x"]]


def test_a_missing_data_set_is_one_sentence(peers, tmp_path, capsys):
    arguments = ["--data", str(tmp_path / "nowhere"), "--model", "none"]
    assert peers.main(arguments) == 1
    assert capsys.readouterr().err == f"{tmp_path / 'nowhere'} does not exist.\n"
