"""Induction over all states of a model, with CrossHair: what a search of finitely many states cannot say.

An invariant is inductive if every initial state satisfies it, and each action leads from any state that does, reached or
not, to such states again. So it holds in every reachable state of every configuration at once. Each action is put to
CrossHair by itself: it runs the very functions that `check` runs, on symbols instead of values, path after path.
An action that is proved for all choices of its parameters at once is proved for each of them.

A proof about no state is none: each action must happen in some state, which a sample or CrossHair names.

PYTEST_DONT_REWRITE: pytest rewrites the assertions of packages that bring a plugin, and CrossHair would follow what it
puts there, which prints every symbol.
"""

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import Any, Generic, NoReturn, TypeVar

from treadle.spec.confirm import confirm
from treadle.spec.marks import Kind
from treadle.spec.model import Model
from treadle.spec.program import Program, Step, program
from treadle.spec.samples import samples
from treadle.verdict import Verdict

S = TypeVar("S")
T = TypeVar("T")

#: Of what a question is about, by name: the model's constants and the state's fields.
Chosen = Mapping[str, Any]

#: So many small states are tried before CrossHair is asked.
_SAMPLES = 3_000


@dataclass(frozen=True, slots=True)
class Obligation:
    """One step of an induction, and its answer: confirmed, refuted by a state, or unknown within the budget."""

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
    none are named; with *actions* only these are asked about, which proves nothing of the others; *seconds* bounds the processor time for each
    question put to CrossHair, and *on_answer* is called with each answer.

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
    for found in question.answers(chosen, seconds):
        answers.append(found)
        if on_answer is not None:
            on_answer(found)
    return Induction(repr(question.example.model), question.invariants, tuple(answers))


@dataclass(slots=True)
class _Trial:
    """What small states showed of a step."""

    happens: bool = False
    refuted: str = ""  # by what, and from which state


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
        self._everything = {**self._constants, **self._fields}
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

    def answers(self, actions: frozenset[str], seconds: float) -> Iterator[Obligation]:
        """Give the answers on the initial states, and on each step of the actions."""
        contract = _contract(self._exists, self._begins_well, self._constants)
        yield Obligation("init", *_told(confirm(contract, seconds)))
        for action, steps in groupby(self.example.steps, lambda step: step.action):
            if action in actions:
                yield from self._answers_on(tuple(steps), seconds)

    def _answers_on(self, steps: tuple[Step[S], ...], seconds: float) -> Iterator[Obligation]:
        """Try small states, prove what they do not refute all at once, and where that fails each step by itself."""
        trials = {step.name: self._tried(step) for step in steps}
        left = [step for step in steps if not trials[step.name].refuted]
        together = confirm(self._kept(*left), seconds) if len(left) > 1 else None
        for step in steps:
            trial = trials[step.name]
            if trial.refuted:
                yield Obligation(step.name, Verdict.VIOLATED, trial.refuted)
                continue
            proved = together is not None and together[0] is Verdict.HOLDS
            found = together if together and proved else confirm(self._kept(step), seconds)
            if found[0] is Verdict.HOLDS and not (trial.happens or self._happens(step, seconds)):
                found = Verdict.UNKNOWN, "no state was found in which it happens"
            yield Obligation(step.name, *_told(found))

    def _kept(self, *steps: Step[S]) -> Callable[..., None]:
        """The contract that the steps keep the invariants."""
        kept = [self._after(step, self._all_hold) for step in steps]
        return _contract(self._is_sound, lambda chosen: _every(kept, [chosen]), self._everything)

    def _happens(self, step: Step[S], seconds: float) -> bool:
        """Whether CrossHair refutes that the step never happens."""
        never = self._after(step, lambda model, state: False)
        return confirm(_contract(self._is_sound, never, self._everything), seconds)[0] is Verdict.VIOLATED

    def _tried(self, step: Step[S]) -> "_Trial":
        """What small states show of the step."""
        trial = _Trial()
        kept, never = self._after(step, self._all_hold), self._after(step, lambda model, state: False)
        for chosen in samples(self._everything, _SAMPLES):
            if not self._is_admitted(chosen):
                continue
            try:
                trial.happens = trial.happens or not never(chosen)
                if not kept(chosen):
                    trial.refuted = f"an invariant is broken from {_shown(chosen)}"
            except Exception as error:
                trial.refuted = f"{type(error).__name__}: {error} from {_shown(chosen)}"
            if trial.refuted:
                break
        return trial

    def _is_admitted(self, chosen: Chosen) -> bool:
        """Whether a sample counts; what raises on it is left to CrossHair."""
        try:
            return self._is_sound(chosen)
        except Exception:
            return False

    def _split(self, chosen: Chosen) -> tuple[Model[S], S]:
        model = self._make(**{name: chosen[name] for name in self._constants})
        return model, self._states(**{name: chosen[name] for name in self._fields})

    def _all_hold(self, model: Model[S], state: S) -> bool:
        return _every([getattr(model, name) for name in self.invariants], [state])

    def _exists(self, chosen: Chosen) -> bool:
        """Whether there is a model with these constants: one that refuses them makes none."""
        try:
            self._make(**chosen)
        except ValueError:
            return False
        return True

    def _begins_well(self, chosen: Chosen) -> bool:
        model = self._make(**chosen)
        return _every([partial(self._all_hold, model)], model.init())

    def _is_sound(self, chosen: Chosen) -> bool:
        try:
            model, state = self._split(chosen)
        except ValueError:
            return False
        return self._all_hold(model, state)

    def _after(self, step: Step[S], holds: Callable[[Model[S], S], bool]) -> Callable[[Chosen], bool]:
        def kept(chosen: Chosen) -> bool:
            model, state = self._split(chosen)
            successors = getattr(model, step.action)(state, **step.arguments)
            return _every([partial(holds, model)], successors)

        return kept


def _every(conditions: list[Callable[[T], bool]], each: Iterable[T]) -> bool:
    """Whether all conditions hold of each; CrossHair takes more than half as long again for `all`, and calls of its own for all that it goes through."""
    for one in each:
        for holds in conditions:
            if not holds(one):
                return False
    return True


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
    admits: Callable[[Chosen], bool],
    holds: Callable[[Chosen], bool],
    parameters: Mapping[str, inspect.Parameter],
) -> Callable[..., None]:
    """A contract as CrossHair reads them: the first assertion says which arguments count."""

    def contract(**chosen: Any) -> None:
        assert admits(chosen)
        assert holds(chosen)

    contract.__signature__ = inspect.Signature(list(parameters.values()), return_annotation=None)  # type: ignore[attr-defined]
    contract.__annotations__ = {name: parameter.annotation for name, parameter in parameters.items()}
    return contract


def _told(found: tuple[Verdict, str]) -> tuple[Verdict, str]:
    verdict, text = found
    return verdict, text.replace("when calling contract(", "from (")


def _shown(chosen: Chosen) -> str:
    return f"({', '.join(f'{name}={value!r}' for name, value in chosen.items())})"
