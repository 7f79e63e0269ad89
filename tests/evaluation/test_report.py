import json

from text_recognizer.evaluation.metrics import (
    count_character_errors,
    count_folded_errors,
    count_word_errors,
)
from text_recognizer.evaluation.report import (
    EvaluationReport,
    LineResult,
    make_row,
    make_rows,
    render_report,
    report_to_json,
)


def line(name, reference, hypothesis, *, source="pens", document="w1"):
    return LineResult(
        name,
        source,
        document,
        reference,
        hypothesis,
        count_character_errors(reference, hypothesis),
        count_word_errors(reference, hypothesis),
        count_folded_errors(reference, hypothesis),
    )


LINES = (
    line("p1", "ab cd", "ab ce"),
    line("p2", "x" * 80, "", document="w2"),
    line("p3", "y" * 100, "y" * 100, document="w2"),
    line("l1", "ABCD", "abcd", source="letters"),
)


def test_sources_are_sorted_and_the_total_comes_last():
    rows = make_rows(LINES, frozenset())
    assert [row.name for row in rows] == ["letters", "pens", "all"]
    assert [row.n_lines for row in rows] == [1, 3, 4]
    assert [row.n_documents for row in rows] == [1, 2, 3]


def test_documents_of_the_same_name_in_two_sources_are_two():
    lines = [line("a", "ab", "ab", source=source) for source in ("one", "two")]
    assert make_row("all", lines).n_documents == 2


def test_sources_with_unseen_text_get_two_rows_more():
    rows = {row.name: row for row in make_rows(LINES, frozenset({"p1", "p3", "elsewhere"}))}
    assert list(rows) == [
        "letters",
        "pens",
        "pens, unseen text",
        "pens, up to 80 characters",
        "all",
    ]
    assert (rows["pens, unseen text"].n_lines, rows["pens, unseen text"].cer) == (2, 1 / 105)
    short = rows["pens, up to 80 characters"]
    assert (short.n_lines, short.n_characters, short.cer) == (2, 85, 81 / 85)
    assert short.empty_share == 0.5


def test_a_row_without_reference_text_has_no_rates():
    row = make_row("blank", [line("b", "", "noise")])
    assert (row.cer, row.wer, row.folded_cer, row.cer_interval) == (None, None, None, None)
    assert make_row("nothing", []).empty_share == 0


def report():
    return EvaluationReport("set", "test", "nfc-1", make_rows(LINES, frozenset()), LINES)


def test_json_holds_the_rows_and_on_request_the_lines():
    content = json.loads(json.dumps(report_to_json(report())))
    assert content["schema"] == 1
    assert (content["dataset"], content["split"], content["text_form"]) == ("set", "test", "nfc-1")
    assert "lines" not in content
    pens = content["rows"][1]
    assert (pens["name"], pens["n_characters"], pens["cer"]) == ("pens", 185, 81 / 185)
    assert pens["cer_interval"] == [1 / 5, 80 / 180]
    assert content["rows"][0]["cer_interval"] is None
    lines = report_to_json(report(), with_lines=True)["lines"]
    assert lines[0] == {
        "id": "p1",
        "source": "pens",
        "document": "w1",
        "reference": "ab cd",
        "hypothesis": "ab ce",
        "character_edits": 1,
    }


def test_the_table_shows_rates_in_per_cent():
    text = render_report(report())
    table = [" ".join(row.split()) for row in text.splitlines()]
    assert table[0] == "set, test split, text form nfc-1"
    assert table[2] == "source lines documents characters CER 95 % WER 95 % no case empty"
    assert table[3] == "letters 1 1 4 100.00 - 100.00 - 0.00 0.00"
    assert table[4] == "pens 3 2 185 43.78 20.0-44.4 50.00 50.0-50.0 43.78 33.33"
    assert "words are split at white space" in text
