"""A lost update, found in the second of the executions that can differ."""

import threading

from treadle.sched import check


class Account:
    def __init__(self) -> None:
        self.balance = 0

    def deposit(self, amount: int) -> None:
        balance = self.balance
        self.balance = balance + amount


def program() -> None:
    account = Account()
    threads = [threading.Thread(target=account.deposit, args=(10,), name=name) for name in ("ann", "bob")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert account.balance == 20, f"the balance is {account.balance}"


if __name__ == "__main__":
    print(check(program, instrument=[Account]))
