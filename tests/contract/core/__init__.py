"""What a contract suite needs that knows no API: it takes any OpenAPI 3.1 document as a dictionary.

An API brings its document, its hand-typed facts and its hooks; test_lifted.py does it for a made-up one. The hooks:

* `Credential`: how a request shows its key, such as `bearer(key)` or `Secret("header", "X-API-Key", key)`;
* `Send`: a way of sending a case, one for each client and each face of it; `Meant`: the body that is meant by it;
* `Refusals`: how the API says no, and what a sound request may be refused for;
* readers of media types that are not known here.

`Oracle` judges requests, `Sending` sends a case in all ways, `Answers` judges answers, `as_requests` makes them,
`strict` and `Twins` see below open answers, `mistakes` derives what a suite has to see.
"""

from .answers import Answers, as_requests
from .derived import Mistake, mistakes
from .document import Document, Operation
from .keys import Credential, Nothing, Secret, basic, bearer
from .oracle import Oracle, same
from .pointers import at, pointer, walk
from .refusals import Refusals, by_status
from .sending import Meant, Send, Sending, Wire
from .strict import Twins, strict
from .validators import Validators

__all__ = [
    "Answers",
    "Credential",
    "Document",
    "Meant",
    "Mistake",
    "Nothing",
    "Operation",
    "Oracle",
    "Refusals",
    "Secret",
    "Send",
    "Sending",
    "Twins",
    "Validators",
    "Wire",
    "as_requests",
    "at",
    "basic",
    "bearer",
    "by_status",
    "mistakes",
    "pointer",
    "same",
    "strict",
    "walk",
]
