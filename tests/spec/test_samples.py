"""Small values to try before a proof: of the annotated types, the same each time, and none of a type not known."""

from inspect import signature
from typing import Literal

import pytest

from treadle.spec.samples import samples


def many(flag: bool, count: int, pair: tuple[int, bool], line: tuple[int, ...], capacity: int | None) -> None:
    """Parameters of every kind."""


def choice(side: Literal["tx", "rx"], nothing: None) -> None:
    """Values that are named."""


def test_samples_are_of_the_types_and_the_same_each_time() -> None:
    found = list(samples(signature(many).parameters, 200))
    assert found == list(samples(signature(many).parameters, 200))
    assert len(found) == 200
    for sample in found:
        first, second = sample["pair"]
        assert type(sample["flag"]) is bool
        assert (type(sample["count"]), type(first), type(second)) == (int, int, bool)
        assert all(type(value) is int for value in sample["line"])
    assert {sample["flag"] for sample in found} == {True, False}
    assert {type(sample["capacity"]) for sample in found} == {int, type(None)}
    assert {len(sample["line"]) for sample in found} == {0, 1, 2, 3}


def test_named_values_are_chosen_among() -> None:
    found = list(samples(signature(choice).parameters, 50))
    assert {(sample["side"], sample["nothing"]) for sample in found} == {("tx", None), ("rx", None)}


@pytest.mark.parametrize(
    "odd", [complex, dict[str, int], tuple[complex, ...], tuple[int, complex], int | complex]
)
def test_a_type_that_is_not_known_has_no_samples(odd: object) -> None:
    parameter = signature(many).parameters["count"]
    assert not list(samples({"count": parameter, "odd": parameter.replace(annotation=odd)}, 10))


def test_no_parameters_are_one_choice_again_and_again() -> None:
    assert list(samples({}, 2)) == [{}, {}]
