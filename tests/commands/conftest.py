"""As in tests/evaluate: one thread for tiny models."""

from tests.evaluate.conftest import one_thread

__all__ = ["one_thread"]
