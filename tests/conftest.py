"""What all tests rely on."""

import signal


def pytest_configure() -> None:
    """Let Ctrl-C interrupt: whoever starts the tests in the background has it ignored, also by what they start."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
