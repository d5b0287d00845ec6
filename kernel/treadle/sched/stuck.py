"""Who waits for what, and for whom: said of a thread that stands still, and of all of them in a deadlock."""

from collections.abc import Iterator

from treadle.sched.locks import Lock, RLock
from treadle.sched.source import Line, line_of
from treadle.sched.world import ControlledThread, World


def waits(thread: ControlledThread) -> str:
    """Say what *thread* waits for, and who could end the wait."""
    if thread.waits_for is not None:
        return f"waits for the end of {thread.waits_for.label}"
    operation = thread.pending
    if operation is None:
        return "is running"
    timed = ", with a timeout" if operation.timed else ""
    target = operation.target
    if isinstance(target, (Lock, RLock)):
        return f"{_waits_for_lock(thread, target)}{timed}"
    return f"waits to {operation}{timed}"


def _waits_for_lock(thread: ControlledThread, lock: Lock | RLock) -> str:
    holder = lock.holder
    if holder is thread:
        return f"waits for {lock.name}, which it holds itself"
    if isinstance(holder, ControlledThread):
        ended = ", which has ended" if holder.ended else ""
        return f"waits for {lock.name}, held by {holder.label}{ended}"
    return f"waits for {lock.name}, held by {holder}" if holder else f"is about to acquire {lock.name}"


def note_stuck(world: World, instrumented: frozenset[str] = frozenset()) -> None:
    """Note who waits for what, before the threads are unwound."""
    threads = [thread for thread in world.threads if not thread.ended and not thread.greenlet.dead]
    world.stuck = []
    for thread in threads:
        line = line_of(thread.greenlet.gr_frame, instrumented)
        world.stuck.append(
            (thread.label, _waits_in(thread, line), str(line) if line is not None and line.file else "")
        )
    world.cycle = next((cycle for cycle in map(_cycle, threads) if cycle), "")


def who_waits(world: World) -> str:
    """Describe a deadlock: each thread that has not ended, what it waits for, and where; and who waits in a circle."""
    lines = ["deadlock: no thread can go on"]
    for label, wait, place in world.stuck:
        lines.append(f"  {label} {wait}{' at ' if place else ''}{place}")
    if world.cycle:
        lines.append(f"  in a circle: {world.cycle}")
    return "\n".join(lines)


def _waits_in(thread: ControlledThread, line: Line | None) -> str:
    """Say what *thread* waits for, and in which function of the standard library."""
    through = line.through if line is not None else ""
    if not through or thread.waits_for is not None:
        return waits(thread)
    operation = thread.pending
    if operation is not None and getattr(operation.target, "holder", None) is thread:
        return f"waits in {through} to be woken{', with a timeout' if operation.timed else ''}"
    return f"{waits(thread)}, in {through}"


def _cycle(thread: ControlledThread) -> str:
    """Say how *thread* waits, through others, for itself, if it does."""
    said = [thread.label]
    for other, reason in _chain(thread):
        said.append(f"{reason} {other.label}")
        if other is thread:
            return " ".join(said)
    return ""


def _chain(thread: ControlledThread) -> Iterator[tuple[ControlledThread, str]]:
    """Give whom *thread* waits for, whom that one waits for, and so on, each once."""
    seen: set[ControlledThread] = set()
    while thread not in seen:
        seen.add(thread)
        target = None if thread.pending is None else thread.pending.target
        if thread.waits_for is not None:
            thread, reason = thread.waits_for, "→ its end →"
        elif isinstance(target, (Lock, RLock)) and isinstance(target.holder, ControlledThread):
            if target.holder is thread:
                return  # that is no circle of threads: it is said of the thread itself
            thread, reason = target.holder, f"→ {target.name} →"
        else:
            return
        yield thread, reason
