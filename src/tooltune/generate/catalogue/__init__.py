"""The project's own tools: for models that must call tools they have never seen.

Every YAML file beside this module is one domain, written by hand; `README.md` there says what the
keys mean. `entries` reads and checks them; the same checks run on files given by name:

    python -m tooltune.generate.catalogue FILE...
"""

from tooltune.generate.catalogue.check import problems
from tooltune.generate.catalogue.draw import CataloguePart, Drawn, draw
from tooltune.generate.catalogue.read import Entry, domain_files, entries, read_domain

__all__ = ["CataloguePart", "Drawn", "Entry", "domain_files", "draw", "entries", "problems", "read_domain"]
