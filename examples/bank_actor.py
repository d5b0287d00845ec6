"""A bank that one thread owns, and that others use by messages: a typed actor."""

from dataclasses import dataclass

from treadle import Actor, ActorRef, Sender, start_actor


@dataclass(frozen=True)
class Deposit:
    account: str
    amount: int


@dataclass(frozen=True)
class Withdraw:
    account: str
    amount: int


@dataclass(frozen=True)
class Balance:
    account: str
    response: Sender[int]


BankMessage = Deposit | Withdraw | Balance


class Bank(Actor[BankMessage]):
    def __init__(self) -> None:
        self.accounts: dict[str, int] = {}

    def started(self) -> None:
        print("Bank actor started")

    def receive(self, message: BankMessage, /) -> None:
        balance = self.accounts.get(message.account, 0)
        match message:
            case Deposit(account, amount):
                self.accounts[account] = balance + amount
                print(f"Deposited {amount} to {account}. New balance: {balance + amount}")
            case Withdraw(account, amount) if amount <= balance:
                self.accounts[account] = balance - amount
                print(f"Withdrew {amount} from {account}. New balance: {balance - amount}")
            case Withdraw(account):
                print(f"Insufficient funds in {account}. Balance: {balance}")
            case Balance(account, response):
                print(f"Balance inquiry for {account}: {balance}")
                response.send(balance)

    def stopped(self) -> None:
        print("Bank actor shutting down")


class BankClient:
    """What a user of the bank sees of it."""

    def __init__(self, bank: ActorRef[BankMessage]) -> None:
        self._bank = bank

    def deposit(self, account: str, amount: int) -> None:
        self._bank.send(Deposit(account, amount))

    def withdraw(self, account: str, amount: int) -> None:
        self._bank.send(Withdraw(account, amount))

    def balance(self, account: str) -> int:
        def inquiry(response: Sender[int]) -> Balance:
            return Balance(account, response)

        return self._bank.ask(inquiry)


def main() -> None:
    with start_actor(Bank()) as bank:  # leaving the block stops the bank and waits for its end
        client = BankClient(bank)
        client.deposit("Alice", 1000)
        client.deposit("Bob", 500)
        client.withdraw("Alice", 200)
        client.withdraw("Bob", 600)  # fails
        alice, bob = client.balance("Alice"), client.balance("Bob")
        print(f"Alice balance: {alice}")
        print(f"Bob balance: {bob}")


if __name__ == "__main__":
    main()
