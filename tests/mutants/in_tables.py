"""One mistake for each error code, status word and HTTP status: an entry of a table that was forgotten or is wrong."""

from .mutant import OVERLAY, Mutant

ENVELOPE, TASK = OVERLAY + "_protocol/envelope.py", OVERLAY + "_task.py"
# The table of codes as it stands in the overlay; a code that is added there, or to the contract, has to be added here.
CODES = {
    "AuthenticationError": (401, 403),
    "ContentRejectedError": (1005, 2001, 2003),
    "InsufficientCreditsError": (1004, 1011),
    "InvalidRequestError": (400, 1002, 1014, 2004),
    "ModelUnavailableError": (1006,),
    "NotFoundError": (404, 1003, 1010),
    "PermissionDeniedError": (1009, 1017),
    "RateLimitError": (429, 1001, 1007, 1015, 6002, 6010, 6101),
    "ServerError": (500, 1102, 5000, 6001, 6003, 6004),
}
# Each word, what it means, and what a hasty hand might make of it.
WORDS = [
    ("waiting", "WAITING", "PROCESSING"),
    ("pending", "WAITING", "UNKNOWN"),
    ("processing", "PROCESSING", "WAITING"),
    ("running", "PROCESSING", "WAITING"),
    ("succeed", "SUCCEEDED", "PROCESSING"),
    ("success", "SUCCEEDED", "FAILED"),
    ("completed", "SUCCEEDED", "PROCESSING"),
    ("complete", "SUCCEEDED", "UNKNOWN"),
    ("failed", "FAILED", "SUCCEEDED"),
    ("fail", "FAILED", "PROCESSING"),
    ("canceled", "FAILED", "WAITING"),
    ("error", "FAILED", "UNKNOWN"),
]
HTTP = [
    (401, "AuthenticationError", "PermissionDeniedError"),
    (402, "InsufficientCreditsError", "InvalidRequestError"),
    (403, "PermissionDeniedError", "AuthenticationError"),
    (404, "NotFoundError", "InvalidRequestError"),
    (410, "NotFoundError", "ServerError"),
    (429, "RateLimitError", "ServerError"),
]


def row(kind: str, codes: tuple[int, ...]) -> str:
    """A row of the table of codes."""
    return f"    {kind}: {codes},\n"


def code(kind: str, lost: int) -> Mutant:
    """A code that is missing in its row."""
    codes = CODES[kind]
    left = tuple(one for one in codes if one != lost)
    claim = f"code {lost} is no {kind}"
    first = ("tests/unit/overlay/test_envelope.py", "tests/unit/overlay/test_retry.py")
    return Mutant(f"overlay.code.{lost}", ENVELOPE, row(kind, codes), row(kind, left), claim, first, (f"code {lost}",))


def word(name: str, state: str, wrong: str) -> Mutant:
    """A status word that is read as another state."""
    entry = f'    "{name}": TaskState.{{}},\n'
    claim = f"a task that is {name!r} counts as {wrong.lower()}"
    first = ("tests/unit/overlay/test_task.py",)
    old, new = entry.format(state), entry.format(wrong)
    return Mutant(f"overlay.word.{name}", TASK, old, new, claim, first, (f"word {name}",))


def http(status: int, kind: str, wrong: str) -> Mutant:
    """An HTTP status without a readable body that is told as another error."""
    entry = f"    {status}: {{}},\n"
    claim = f"a bare HTTP {status} is a {wrong}"
    first = ("tests/unit/overlay/test_envelope.py",)
    return Mutant(f"overlay.http.{status}", ENVELOPE, entry.format(kind), entry.format(wrong), claim, first)


IN_TABLES = [
    *(code(kind, lost) for kind, codes in CODES.items() for lost in codes),
    *(word(*one) for one in WORDS),
    *(http(*one) for one in HTTP),
]
