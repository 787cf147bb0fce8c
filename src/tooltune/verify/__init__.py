"""Verification: keep an example, or say why not; and look at a dataset as a whole."""

from tooltune.verify.contamination import ContaminationReport, Gate, without_contamination
from tooltune.verify.dataset import VerificationReport, verify_dataset
from tooltune.verify.diversity import Diversity, DiversityMeter
from tooltune.verify.duplicates import DuplicateIndex, DuplicateReport, without_near_duplicates
from tooltune.verify.examples import Executor, check_example, verify_example
from tooltune.verify.file import verify_file
from tooltune.verify.select import select_balanced

__all__ = [
    "ContaminationReport",
    "Diversity",
    "DiversityMeter",
    "DuplicateIndex",
    "DuplicateReport",
    "Executor",
    "Gate",
    "VerificationReport",
    "check_example",
    "select_balanced",
    "verify_dataset",
    "verify_example",
    "verify_file",
    "without_contamination",
    "without_near_duplicates",
]
