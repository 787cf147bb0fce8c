"""Memory in large pages that stays with the process, which makes training on a CPU faster.

Every step of training takes and frees the same few hundred megabytes. glibc gives each large piece back to the system
and asks for it again, in pages of 4 kB, each of which the system clears when it is first touched; on a virtual
machine that is slow, and so is finding so many pages again. glibc can keep what was freed, and ask for pages of 2 MB
(https://sourceware.org/glibc/manual/latest/html_node/Memory-Allocation-Tunables.html), but reads that wish only when a
process starts. `python benchmarks/pages.py` measures what it is worth.
"""

from __future__ import annotations

import os
import sys

VARIABLE = "GLIBC_TUNABLES"
WISH = ":".join(
    f"glibc.malloc.{name}={value}"
    for name, value in {
        "hugetlb": 1,  # ask for large pages (madvise), where the system has some
        "mmap_threshold": 32 << 20,  # the most that glibc takes; what is larger still goes back to the system
        "trim_threshold": 8 << 30,
        "top_pad": 64 << 20,
    }.items()
)


def in_large_pages() -> None:
    """Start this process anew, with the same arguments, so that its memory lies in large pages.

    Returns where there is nothing to do: on another system than Linux, and where the variable is set, by this or by
    the user, whose word stands. Processes that this one starts inherit it. Call it before anything is done.
    """
    if sys.platform != "linux" or VARIABLE in os.environ or not sys.executable:
        return
    sys.stdout.flush()
    os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], {**os.environ, VARIABLE: WISH})
