"""Verification: keep an example, or say why not."""

from tooltune.verify.examples import Executor, check_example, verify_example

__all__ = ["Executor", "check_example", "verify_example"]
