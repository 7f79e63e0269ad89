"""Characters that look alike are taken for one."""

import string

import pytest

from text_recognizer.evaluation.look_alikes import fold_look_alikes


@pytest.mark.parametrize(
    ("text", "folded"),
    [("Oo0", "ooo"), ("Il1|", "1111"), ("it's a-b.", "it.s a.b."), ("", ""), ("Größe", "Größe")],
)
def test_members_of_a_group_become_its_first(text: str, folded: str) -> None:
    assert fold_look_alikes(text) == folded


def test_only_those_are_folded_that_look_alike() -> None:
    folded = {symbol for symbol in string.printable if fold_look_alikes(symbol) != symbol}
    assert folded == set("CKMO0PSUVWXZIl|,'-_")
