"""Verification: keep an example, or say why not."""

from tooltune.verify.dataset import VerificationReport, verify_dataset
from tooltune.verify.examples import Executor, check_example, verify_example

__all__ = ["Executor", "VerificationReport", "check_example", "verify_dataset", "verify_example"]
