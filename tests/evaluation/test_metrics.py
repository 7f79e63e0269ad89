import random
from functools import cache

import pytest

from text_recognizer.evaluation.metrics import (
    ErrorCounts,
    count_character_errors,
    count_edits,
    count_folded_errors,
    count_word_errors,
    sample_error_rate,
    sum_counts,
)


@pytest.mark.parametrize(
    ("reference", "hypothesis", "edits"),
    [
        ("kitten", "sitting", 3),  # V. Levenshtein's example as usually given
        ("saturday", "sunday", 3),
        ("intention", "execution", 5),  # Jurafsky and Martin, Speech and Language Processing, 2.5
        ("", "", 0),
        ("", "abc", 3),
        ("abc", "", 3),
        ("a", "a" * 100, 99),
        ("abcdef", "fedcba", 6),
        (["the", "cat"], ["the", "hat", "sat"], 2),
    ],
)
def test_edits_of_published_examples(reference, hypothesis, edits):
    assert count_edits(reference, hypothesis) == edits
    assert count_edits(hypothesis, reference) == edits


def test_edits_agree_with_the_recursive_definition():
    rng = random.Random(7)

    def distance(reference, hypothesis):
        @cache
        def upto(i, j):
            if i == 0 or j == 0:
                return i + j
            substituted = upto(i - 1, j - 1) + (reference[i - 1] != hypothesis[j - 1])
            return min(substituted, upto(i - 1, j) + 1, upto(i, j - 1) + 1)

        return upto(len(reference), len(hypothesis))

    for _ in range(500):
        pair = ["".join(rng.choices("abc", k=rng.randrange(9))) for _ in range(2)]
        assert count_edits(*pair) == distance(*pair), pair


def test_edits_of_texts_longer_than_a_machine_word():
    reference = "handwriting " * 300
    hypothesis = reference.replace("writing", "wrting", 200)
    assert count_edits(reference, hypothesis) == 200


def test_character_errors_count_code_points_after_nfc():
    assert count_character_errors("cafe\u0301", "caf\u00e9") == ErrorCounts(0, 4)
    assert count_character_errors("cafe\u0301", "cafe") == ErrorCounts(1, 4)
    # No code point is composed of x and the combining tilde, so the mark counts by itself.
    assert count_character_errors("x\u0303y", "xy") == ErrorCounts(1, 3)


def test_folded_errors_do_not_count_case():
    assert count_character_errors("JEWEL", "jewel") == ErrorCounts(5, 5)
    assert count_folded_errors("JEWEL", "jewel") == ErrorCounts(0, 5)
    assert count_folded_errors("Stra\u00dfe", "STRASSE") == ErrorCounts(0, 7)


def test_word_errors_split_at_white_space_only():
    assert count_word_errors("my dear  Sir,", "my dear Sir") == ErrorCounts(1, 3)
    assert count_word_errors("to-day", "to day") == ErrorCounts(2, 1)
    assert count_word_errors("", "a b") == ErrorCounts(2, 0)


def test_corpus_rates_are_sums_and_not_means_of_lines():
    counts = [ErrorCounts(1, 1), ErrorCounts(1, 9)]
    assert sum_counts(counts) == ErrorCounts(2, 10)
    assert sum_counts(counts).rate == 0.2  # the mean over lines would be 0.56


def test_without_reference_text_there_is_no_rate():
    assert sum_counts([]).rate is None
    assert ErrorCounts(3, 0).rate is None
    assert sum_counts([ErrorCounts(3, 0), ErrorCounts(0, 6)]).rate == 0.5


def test_the_lessons_error_rate_divides_by_the_longer_text() -> None:
    assert sample_error_rate("abcd", "abxd") == 0.25
    assert sample_error_rate("ab", "abab") == 0.5
    assert sample_error_rate("", "ab") == 1.0
    assert sample_error_rate("", "") == 0.0
