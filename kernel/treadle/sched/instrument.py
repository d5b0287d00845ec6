from contextlib import contextmanager
Instrumentable = object
@contextmanager
def instrumented(x):
    yield
def modules_of(x): return []
