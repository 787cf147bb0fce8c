"""Checks catalogue files: python -m tooltune.generate.catalogue [FILE...]; all of them by default."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

from tooltune.errors import TooltuneError
from tooltune.generate.catalogue import domain_files, problems, read_domain


def main(files: list[str]) -> int:
    """Print what is wrong; 1 if anything is."""
    found: list[str] = []
    names: Counter[str] = Counter()
    for path in [Path(name) for name in files] or domain_files():
        try:
            domain = read_domain(path)
        except TooltuneError as error:
            found.append(str(error))
            continue
        names.update(entry.name for entry in domain)
        found += [f"{path.name}: {problem}" for entry in domain for problem in problems(entry)]
    found += [f"the name {name!r} stands {count} times" for name, count in names.items() if count > 1]
    print("\n".join([*found, f"{names.total()} tools, {len(found)} problems"]))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
