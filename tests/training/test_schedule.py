"""The rate: rises in steps, stays, falls over the last part of everything used."""

import pytest

from text_recognizer.training.schedule import Schedule


def test_rate_rises_over_the_warm_up() -> None:
    schedule = Schedule(end=100, fall=20, warm_up_steps=4)
    assert [schedule.factor(step, 0) for step in range(5)] == [0.25, 0.5, 0.75, 1.0, 1.0]


def test_rate_is_constant_and_falls_to_zero_at_the_end() -> None:
    schedule = Schedule.plan(used=0, length=100, cooldown=0.2, warm_up_steps=0)
    assert [schedule.factor(9, progress) for progress in (0, 79, 80)] == [1, 1, 1]
    assert schedule.factor(9, 90) == pytest.approx(0.5)
    assert schedule.factor(9, 100) == 0
    assert not schedule.is_over(99.9)
    assert schedule.is_over(100)


def test_the_fall_takes_its_share_of_earlier_calls_too() -> None:
    schedule = Schedule.plan(used=900, length=300, cooldown=0.2, warm_up_steps=0)
    assert schedule.end == 1200
    assert schedule.fall == 240


def test_the_fall_is_no_longer_than_the_call() -> None:
    schedule = Schedule.plan(used=900, length=100, cooldown=0.2, warm_up_steps=0)
    assert schedule.fall == 100
    assert schedule.factor(5, 900) == 1


def test_without_cooldown_the_rate_stays_constant() -> None:
    schedule = Schedule.plan(used=0, length=10, cooldown=0, warm_up_steps=0)
    assert schedule.factor(7, 9.99) == 1
