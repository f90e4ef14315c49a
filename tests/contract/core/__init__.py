"""What a contract suite needs that knows no API: it takes any OpenAPI 3.1 document as a dictionary.

`strict` and `Twins` see below open answers, `as_requests` makes answers, `mistakes` derives what a suite has to see,
and `pointer`, `at` and `walk` name places. An API brings its document and its hand-typed facts: test_lifted.py does it.
"""

from .answers import as_requests
from .derived import Mistake, mistakes
from .pointers import at, pointer, walk
from .strict import Twins, strict

__all__ = ["Mistake", "Twins", "as_requests", "at", "mistakes", "pointer", "strict", "walk"]
