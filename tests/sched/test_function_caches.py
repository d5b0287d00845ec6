"""Caches of functions are memory that threads share: a value may be computed twice, and is not lost."""

import functools
import sys
import threading

from tests.sched.programs import outcomes, together
from treadle.sched import Verdict, check

HERE = sys.modules[__name__]


@functools.cache
def of_module(number: int) -> object:
    return object()


class Cached:
    @functools.lru_cache(maxsize=8)  # noqa: B019 - that is what is tested
    def method(self, number: int = 0) -> object:
        return object()

    @functools.cached_property
    def attribute(self) -> object:
        return object()


def same(one: object, other: object) -> bool:
    return one is other


def test_a_value_may_be_computed_twice() -> None:
    def program() -> object:
        got: dict[int, object] = {}

        def body(index: int) -> None:
            got[index] = of_module(1)

        together(lambda: body(0), lambda: body(1))
        return same(got[0], got[1]), same(of_module(1), of_module(1))

    assert outcomes(program, instrument=[HERE]) == {(True, True), (False, True)}


def test_a_function_that_finds_itself_in_a_list_has_one_cache() -> None:
    functions: list[functools._lru_cache_wrapper[int]] = []

    @functools.cache
    def count(number: int) -> int:
        return 1 + functions[0](number - 1) if number else 0

    functions.append(count)

    def program() -> object:
        return count(3), count.cache_info().currsize

    assert outcomes(program, instrument=[HERE]) == {(3, 4)}


def test_a_lock_round_it_makes_it_one() -> None:
    lock = threading.Lock()

    def program() -> object:
        got: dict[int, object] = {}

        def body(index: int) -> None:
            with lock:
                got[index] = of_module(1)

        together(lambda: body(0), lambda: body(1))
        return same(got[0], got[1])

    assert outcomes(program, instrument=[HERE]) == {True}


def test_a_method_with_a_cache_and_a_thread_that_calls_nothing_else() -> None:
    def program() -> object:
        cached, got = Cached(), list[object]()
        together(lambda: got.append(cached.method()), lambda: got.append(cached.method()))
        return same(got[0], got[1]), cached.method.cache_info().misses

    assert outcomes(program, instrument=[HERE]) == {(True, 1), (False, 2)}

    def target() -> object:
        calls: list[int] = []
        noted = functools.lru_cache(lambda: calls.append(1))
        together(noted, noted)
        return len(calls)

    assert outcomes(target, instrument=[HERE]) == {1, 2}


def test_a_cached_property_of_a_class_that_is_new_in_each_execution() -> None:
    def program() -> object:
        cached, got = type("New", (Cached,), {})(), list[object]()
        together(lambda: got.append(cached.attribute), lambda: got.append(cached.attribute))
        return same(got[0], got[1])

    assert outcomes(program, instrument=[HERE]) == ({True} if sys.version_info < (3, 12) else {True, False})


def test_lookups_of_what_is_there_are_one_execution() -> None:
    def program() -> None:
        of_module(1)
        Cached.method(None)
        together(*[lambda: (of_module(1), Cached.method(None))] * 3)

    result = check(program, instrument=[HERE])
    assert result.verdict is Verdict.HOLDS
    assert result.executions == 1


def test_what_a_full_cache_forgets_depends_on_the_order_of_lookups() -> None:
    def program() -> object:
        calls: list[int] = []

        @functools.lru_cache(maxsize=2)
        def noted(number: int) -> int:
            calls.append(number)
            return number

        noted(1)
        noted(2)
        together(lambda: noted(1), lambda: noted(2))
        noted(3)
        before = len(calls)
        noted(1)
        return len(calls) - before

    assert outcomes(program, instrument=[HERE]) == {0, 1}


def test_each_execution_begins_with_an_empty_cache_and_leaves_the_real_one_alone() -> None:
    of_module.cache_clear()
    before, real = of_module(1), of_module
    program = outcomes(
        lambda: (of_module.cache_info().currsize, same(of_module(1), before)), instrument=[HERE]
    )
    assert program == {(0, False)}
    assert of_module is real
    assert of_module(1) is before


def test_equal_arguments_are_one_value_unless_it_is_typed() -> None:
    def program() -> object:
        plain, typed = functools.cache(repr), functools.lru_cache(typed=True)(repr)
        keywords = functools.cache(lambda *numbers, **named: (numbers, tuple(named.items())))
        return (
            *(plain(1), plain(1.0), plain(True), plain((1,)), typed(1), typed(1.0)),
            *(keywords(1, ("a", 2)), keywords(1, a=2), isinstance(plain, type(of_module))),
        )

    assert outcomes(program, instrument=[HERE]) == {program()}
