"""Induction over all states of a model, with CrossHair: what a search of finitely many states cannot say.

An invariant is inductive if every initial state satisfies it, and each action leads from any state that does, reached or
not, to such states again. So it holds in every reachable state of every configuration at once. Each action is put to
CrossHair by itself: it runs the very functions that `check` runs, on symbols instead of values, path after path.

A proof about no state is none: beside each action CrossHair is asked for a state in which it happens.

Rules: CrossHair is imported when it is needed, and nowhere else in this package. PYTEST_DONT_REWRITE: pytest rewrites
the assertions of packages that bring a plugin, and CrossHair would follow what it puts there, which prints every symbol.
"""

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, NoReturn, TypeVar

from treadle.spec.marks import Kind
from treadle.spec.model import Model
from treadle.spec.program import Program, Step, program
from treadle.verdict import Verdict

S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Obligation:
    """One step of an induction, and CrossHair's answer: confirmed, refuted by a state, or unknown within the budget."""

    name: str  # "init", or the action as printed
    verdict: Verdict
    text: str

    def __str__(self) -> str:
        """One line for a ledger."""
        return f"{self.name} {self.verdict}: {self.text}"


@dataclass(frozen=True, slots=True)
class Induction:
    """The answer to one induction; it holds if every obligation does."""

    model: str
    invariants: tuple[str, ...]
    obligations: tuple[Obligation, ...]

    @property
    def verdict(self) -> Verdict:
        """One answer for all of them."""
        verdicts = {found.verdict for found in self.obligations}
        if Verdict.VIOLATED in verdicts:
            return Verdict.VIOLATED
        return Verdict.HOLDS if verdicts == {Verdict.HOLDS} else Verdict.UNKNOWN

    def __bool__(self) -> NoReturn:
        """Refuse to be one of two answers."""
        raise TypeError("a result has one of three verdicts: compare its verdict with Verdict.HOLDS")

    def __str__(self) -> str:
        """What was proved, and each obligation."""
        title = f"{', '.join(self.invariants)} of {self.model}, inductive: {self.verdict}"
        return "\n".join([title, *(f"    {found}" for found in self.obligations)])


def prove_inductive(
    model: Model[S] | Callable[..., Model[S]],
    states: Callable[..., S],
    *,
    invariants: Iterable[str] | None = None,
    actions: Iterable[str] | None = None,
    seconds: float = 60.0,
    on_answer: Callable[[Obligation], object] | None = None,
) -> Induction:
    """Ask CrossHair, action by action, whether the invariants of a model are inductive over all its states.

    *states* is a function that makes a state of its arguments, which are annotated with types that CrossHair knows:
    every state that it can make is meant. *model* is a model, or a function that makes one of its constants, annotated
    likewise and each with a default, which is used to enumerate the choices of the actions' parameters. Parameters of
    both functions that have the same name are one. *invariants* names those that are proved together, all if
    none are named; with *actions* only these are asked about, which proves nothing of the others; *seconds* bounds the processor time for each obligation, and *on_answer* is called with each answer.

    Each obligation holds (confirmed over all paths), is violated (by the state in its text, which need not be
    reachable), or is unknown: the budget is spent, or CrossHair knows no state in which the action happens.

    Raises:
        ModuleNotFoundError: crosshair-tool is not installed; it comes with ``treadle[check]``.
        TypeError: the model is not well formed, includes another, has no invariant of that name, or a parameter has no
            annotation or no default.
        RuntimeError: Python runs without assertions (-O), which carry the proof.
    """
    if not __debug__:
        raise RuntimeError("prove_inductive needs assertions, and Python runs without them (-O)")
    if seconds <= 0:
        raise ValueError(f"seconds is {seconds}, and no proof takes none")
    question = _Question(model, states, None if invariants is None else tuple(invariants))
    chosen = question.actions if actions is None else question.known(actions)
    answers = []
    for name, contract, witness in question.obligations(chosen):
        found = _answer(name, contract, witness, seconds)
        answers.append(found)
        if on_answer is not None:
            on_answer(found)
    return Induction(repr(question.example.model), question.invariants, tuple(answers))


class _Question(Generic[S]):
    """The contracts that make up one induction."""

    def __init__(
        self,
        model: Model[S] | Callable[..., Model[S]],
        states: Callable[..., S],
        invariants: tuple[str, ...] | None,
    ) -> None:
        self._make: Callable[..., Model[S]]
        if isinstance(model, Model):
            instance = model
            self._make = lambda: instance
        else:
            self._make = model
        self._constants = {} if isinstance(model, Model) else _parameters(model, needs_default=True)
        self._states = states
        self._fields = _parameters(states, needs_default=False)
        self.example: Program[S] = program(self._make())
        if any(step.path for step in self.example.steps):
            raise TypeError(f"{self.example.model!r} includes another model: prove that one by itself")
        known = [found.name for found in self.example.of(Kind.INVARIANT)]
        self.invariants = tuple(known) if invariants is None else invariants
        for name in self.invariants:
            if name not in known:
                raise TypeError(
                    f"{self.example.model!r} has no invariant {name}; there is {', '.join(known)}"
                )
        if not self.invariants:
            raise TypeError(f"{self.example.model!r} has no invariant to prove")

    @property
    def actions(self) -> frozenset[str]:
        """The names of all actions."""
        return frozenset(step.action for step in self.example.steps)

    def known(self, actions: Iterable[str]) -> frozenset[str]:
        """Return the names as a set; refuse one that names no action."""
        wanted = frozenset(actions)
        if unknown := sorted(wanted - self.actions):
            raise TypeError(f"{self.example.model!r} has no action {', '.join(unknown)}")
        return wanted

    def obligations(
        self, actions: frozenset[str]
    ) -> Iterator[tuple[str, Callable[..., None], Callable[..., None] | None]]:
        """Give the name of each obligation, its contract, and the contract that a state refutes in which it happens."""
        yield "init", _contract(self._exists, self._begins_well, self._constants), None
        everything = {**self._constants, **self._fields}
        for step in self.example.steps:
            if step.action not in actions:
                continue
            kept = _contract(self._is_sound, self._after(step, self._all_hold), everything)
            happens = _contract(self._is_sound, self._after(step, lambda model, state: False), everything)
            yield step.name, kept, happens

    def _split(self, chosen: Mapping[str, Any]) -> tuple[Model[S], S]:
        model = self._make(**{name: chosen[name] for name in self._constants})
        return model, self._states(**{name: chosen[name] for name in self._fields})

    def _all_hold(self, model: Model[S], state: S) -> bool:
        return all(getattr(model, name)(state) for name in self.invariants)

    def _exists(self, chosen: Mapping[str, Any]) -> bool:
        """Whether there is a model with these constants: one that refuses them makes none."""
        try:
            self._make(**chosen)
        except ValueError:
            return False
        return True

    def _begins_well(self, chosen: Mapping[str, Any]) -> bool:
        model = self._make(**chosen)
        return all(self._all_hold(model, state) for state in model.init())

    def _is_sound(self, chosen: Mapping[str, Any]) -> bool:
        try:
            model, state = self._split(chosen)
        except ValueError:
            return False
        return self._all_hold(model, state)

    def _after(
        self, step: Step[S], holds: Callable[[Model[S], S], bool]
    ) -> Callable[[Mapping[str, Any]], bool]:
        def kept(chosen: Mapping[str, Any]) -> bool:
            model, state = self._split(chosen)
            successors = getattr(model, step.action)(state, **step.arguments)
            return all(holds(model, after) for after in successors)

        return kept


def _parameters(function: Callable[..., object], *, needs_default: bool) -> dict[str, inspect.Parameter]:
    found = {}
    for name, parameter in inspect.signature(function, eval_str=True).parameters.items():
        if parameter.annotation is parameter.empty:
            raise TypeError(
                f"parameter {name} of {function.__name__} has no annotation: its type is what is proved for"
            )
        if needs_default and parameter.default is parameter.empty:
            raise TypeError(
                f"parameter {name} of {function.__name__} has no default: it gives the actions' parameters"
            )
        found[name] = parameter.replace(kind=parameter.KEYWORD_ONLY, default=parameter.empty)
    return found


def _contract(
    admits: Callable[[Mapping[str, Any]], bool],
    holds: Callable[[Mapping[str, Any]], bool],
    parameters: Mapping[str, inspect.Parameter],
) -> Callable[..., None]:
    """A contract as CrossHair reads them: the first assertion says which arguments count."""

    def contract(**chosen: Any) -> None:
        assert admits(chosen)
        assert holds(chosen)

    contract.__signature__ = inspect.Signature(list(parameters.values()), return_annotation=None)  # type: ignore[attr-defined]
    contract.__annotations__ = {name: parameter.annotation for name, parameter in parameters.items()}
    return contract


def _answer(
    name: str, contract: Callable[..., None], witness: Callable[..., None] | None, seconds: float
) -> Obligation:
    verdict, text = _confirm(contract, seconds)
    if (
        verdict is Verdict.HOLDS
        and witness is not None
        and _confirm(witness, seconds)[0] is not Verdict.VIOLATED
    ):
        return Obligation(name, Verdict.UNKNOWN, "no state was found in which it happens")
    return Obligation(name, verdict, text)


def _confirm(contract: Callable[..., None], seconds: float) -> tuple[Verdict, str]:
    """CrossHair's answer on one contract; more seconds turn no answer into another."""
    from crosshair.core_and_libs import analyze_function, run_checkables  # noqa: PLC0415 - takes a second, and the extra
    from crosshair.options import AnalysisKind, AnalysisOptionSet  # noqa: PLC0415
    from crosshair.statespace import MessageType  # noqa: PLC0415

    options = AnalysisOptionSet(
        analysis_kind=[AnalysisKind.asserts],
        per_condition_timeout=seconds,
        per_path_timeout=seconds,  # a slow machine is no reason to give a path up
        report_all=True,
    )
    messages = list(run_checkables(analyze_function(contract, options)))
    found = {message.state for message in messages}
    text = "; ".join(message.message for message in messages).replace("when calling contract(", "from (")
    if found & {MessageType.EXEC_ERR, MessageType.POST_ERR, MessageType.POST_FAIL}:
        return Verdict.VIOLATED, text
    return (Verdict.HOLDS if found == {MessageType.CONFIRMED} else Verdict.UNKNOWN), text
