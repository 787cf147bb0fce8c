import subprocess
import sys

import pytest


@pytest.mark.parametrize("module", ["tooltune.report", "tooltune.evaluate"])
def test_reading_and_reporting_results_needs_no_torch(module):
    check = f"import sys, {module}; sys.exit(bool({{'torch', 'matplotlib', 'transformers'}} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0


def test_names_that_need_torch_come_when_used():
    import tooltune.evaluate as package

    assert {name for name in package.__all__ if callable(getattr(package, name))} == set(package.__all__)
    with pytest.raises(AttributeError, match="no attribute 'absent'"):
        _ = package.absent
