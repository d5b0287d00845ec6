"""Workers square numbers; one select hands out the work and takes in the results, whichever is possible first."""

from collections.abc import Iterable

from treadle import Receiver, SyncSender, bounded, recv, scope, select, send


def work(numbers: Receiver[int], squares: SyncSender[int]) -> None:
    for number in numbers:  # ends when the last sender is closed and nothing is left
        squares.send(number * number)


def total(numbers: Iterable[int], jobs: SyncSender[int], squares: Receiver[int]) -> int:
    result = 0
    with jobs:
        for number in numbers:
            while (done := select(send(jobs, number), recv(squares))).index == 1:
                result += done.value
            if done.error:
                raise done.error
    return result + sum(squares)


jobs, numbers = bounded[int](2)
results, squares = bounded[int](2)
with scope() as s:
    for _ in range(3):
        s.spawn(work, numbers.clone(), results.clone())
    numbers.close()
    results.close()
    print("the sum of the squares is", total(range(1, 101), jobs, squares))
print("all workers have ended")
