"""`python -m tooltune` is the `tooltune` command."""

import sys

from tooltune.cli import main

sys.exit(main())
