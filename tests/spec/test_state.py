"""States: typed values that are tuples underneath."""

import pickle
import subprocess
import sys
from typing import ClassVar

import pytest

from treadle.spec import State, state
from treadle.spec.state import StateType


class Point(State):
    x: int
    y: int = 0

    limit: ClassVar[int] = 9

    def total(self) -> int:
        return self.x + self.y


class Place(State):
    x: int
    y: int = 0


class Named(Point):
    name: str = "here"


@state
class Plain:
    x: int
    y: int = 0

    def double(self) -> int:
        return 2 * self.x


def test_a_state_is_made_by_position_or_by_name_with_defaults() -> None:
    assert Point(1) == Point(x=1, y=0) == Point(1, 0)
    assert (Point(1, 2).x, Point(1, 2).y) == (1, 2)


def test_a_state_reads_as_a_dataclass_does() -> None:
    assert repr(Point(1)) == "Point(x=1, y=0)"
    assert repr(Named(1)) == "Named(x=1, y=0, name='here')"


def test_evolve_changes_some_fields_and_keeps_the_class() -> None:
    before = Named(1, 2, "a")
    assert before.evolve(y=3) == Named(1, 3, "a")
    assert type(before.evolve()) is Named
    assert before == Named(1, 2, "a")


def test_evolve_refuses_a_field_that_there_is_not() -> None:
    with pytest.raises(TypeError, match=r"Point\.evolve\(\) got an unexpected keyword argument 'z'"):
        Point(1).evolve(z=1)


def test_states_of_different_classes_are_never_equal() -> None:
    others: list[object] = [Place(1, 2), (1, 2), Named(1, 2)]
    assert Point(1, 2) not in others
    assert len({Point(1), Place(1), Plain(1), Named(1)}) == 4


def test_equal_states_hash_alike_and_differ_by_any_field() -> None:
    assert hash(Point(1, 2)) == hash(Point(1, 2))
    assert len({Point(x, y) for x in range(3) for y in range(3)}) == 9


def test_a_state_has_methods_and_class_variables() -> None:
    assert Point(1, 2).total() == 3
    assert Point.limit == 9
    assert Plain(4).double() == 8


def test_a_state_is_matched_by_its_fields() -> None:
    match Named(1, 2):
        case Named(x, y, name=name):
            assert (x, y, name) == (1, 2, "here")
        case _:
            pytest.fail("it does not match")


@pytest.mark.parametrize("name", ["x", "z"])
def test_a_state_cannot_be_changed(name: str) -> None:
    with pytest.raises(AttributeError):
        setattr(Point(1), name, 2)


def test_a_state_is_as_small_as_a_tuple_with_one_more_element() -> None:
    assert sys.getsizeof(Point(1, 2)) == sys.getsizeof((1, 2, 3))


@pytest.mark.parametrize("value", [Point(1, 2), Named(1), Plain(3)])
def test_a_state_survives_pickling(value: object) -> None:
    assert pickle.loads(pickle.dumps(value)) == value  # noqa: S301  # our own


def test_the_hash_of_numbers_is_the_same_in_every_process() -> None:
    program = "from tests.spec.test_state import Point; print(hash(Point(1, 2)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert int(done.stdout) == hash(Point(1, 2))


def test_the_decorator_leaves_a_state_as_it_is() -> None:
    assert state(Point) is Point


# --- mistakes ---


def test_a_default_that_can_change_is_refused() -> None:
    with pytest.raises(TypeError, match=r"the default of Bag.items is a list, which cannot be hashed"):

        class Bag(State):
            items: list[int] = []  # noqa: RUF012  # the mistake


def test_a_field_without_default_after_one_with_a_default_is_refused() -> None:
    with pytest.raises(TypeError, match=r"Late\.last has no default"):

        class Late(State):
            first: int = 0
            last: int  # type: ignore[misc]  # the mistake


@pytest.mark.parametrize("name", ["_hidden", "evolve"])
def test_a_field_may_not_have_a_name_that_states_use(name: str) -> None:
    with pytest.raises(TypeError, match=f"Odd.{name}"):
        StateType("Odd", (State,), {"__annotations__": {name: int}})


def test_the_decorator_refuses_a_class_with_another_base() -> None:
    with pytest.raises(TypeError, match="state Sub has other bases: derive it from State"):

        @state
        class Sub(dict[str, int]):
            x: int
