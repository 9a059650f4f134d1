"""Lets programs import `traces.reasoning`, which they share with the site.

The repository comes last on the path: its `datasets` must not hide the library of that name.
"""

import sys
from pathlib import Path

ROOT = str(Path(__file__).resolve().parents[2])
if ROOT not in sys.path:
    sys.path.append(ROOT)
