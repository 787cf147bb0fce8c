"""Checks catalogue files: python -m tooltune.generate.catalogue [FILE...]; all of them by default."""

from __future__ import annotations

import sys
from pathlib import Path

from tooltune.errors import TooltuneError
from tooltune.generate.catalogue import domain_files, problems, read_domain


def main(names: list[str]) -> int:
    """Print what is wrong; 1 if anything is."""
    found, tools = [], 0
    for path in [Path(name) for name in names] or domain_files():
        try:
            domain = read_domain(path)
        except TooltuneError as error:
            found.append(str(error))
            continue
        tools += len(domain)
        found += [f"{path.name}: {problem}" for entry in domain for problem in problems(entry)]
    print("\n".join([*found, f"{tools} tools, {len(found)} problems"]))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
