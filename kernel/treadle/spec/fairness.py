"""Fairness conditions of actions as a whole, of several together, or of single choices of their parameters.

Rules: what a condition means is decided in `liveness`; here it is only said.
"""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Condition:
    """That some actions, taken together, are not passed over for ever."""

    kind: Literal["weak", "strong"]
    actions: tuple[str, ...]
    parameters: tuple[tuple[str, object], ...] = ()

    def __str__(self) -> str:
        """The condition as TLA+ writes it."""
        chosen = ", ".join(f"{name}={value!r}" for name, value in self.parameters)
        shown = " ∨ ".join(f"{action}({chosen})" if chosen else action for action in self.actions)
        return f"{'WF' if self.kind == 'weak' else 'SF'}({shown})"


@dataclass(frozen=True, slots=True)
class Fairness:
    """Conditions of fairness, all of which hold; made by `weak_fair` and `strong_fair`, and joined by ``&``."""

    conditions: tuple[Condition, ...] = ()

    def __and__(self, other: "Fairness") -> "Fairness":
        """Both these conditions and those."""
        if not isinstance(other, Fairness):
            return NotImplemented
        return Fairness(self.conditions + other.conditions)

    def __str__(self) -> str:
        """The conditions as TLA+ writes them."""
        return " ∧ ".join(map(str, self.conditions)) or "no fairness"


def weak_fair(*actions: str, **parameters: object) -> Fairness:
    """Say that the actions, as one, are taken again and again unless they are disabled again and again (WF).

    Taken and enabled are ⟨A⟩_v's: a step that changes nothing is none. The actions are named; parameters choose those
    instances that have these values. A model says so by ``fairness = weak_fair("send") & strong_fair("recv")``.
    """
    return _fairness("weak", actions, parameters)


def strong_fair(*actions: str, **parameters: object) -> Fairness:
    """Say that the actions, as one, are taken again and again if they are enabled again and again (SF).

    As `weak_fair` otherwise.
    """
    return _fairness("strong", actions, parameters)


def _fairness(
    kind: Literal["weak", "strong"], actions: tuple[str, ...], parameters: dict[str, object]
) -> Fairness:
    if not actions:
        raise TypeError(f"{kind}_fair needs the name of an action")
    for name in actions:
        if not isinstance(name, str):
            raise TypeError(f"{kind}_fair takes names of actions, not {name!r}")
    return Fairness((Condition(kind, actions, tuple(parameters.items())),))
