"""The whole list of mutants, those that must die for the runner to be believed, and those that nothing can see."""

from .bulk import BULK
from .client import CLIENT
from .contract import CONTRACT
from .edits import Swap, renamed
from .emulator import EMULATOR
from .family import FAMILY
from .files import FILES
from .generated import GENERATED
from .journal import JOURNAL
from .money import MONEY
from .mutant import Mutant
from .sources import MutantError
from .survival import SURVIVAL
from .tables import TABLES

MUTANTS = [
    *CONTRACT,
    *GENERATED,
    *MONEY,
    *TABLES,
    *JOURNAL,
    *CLIENT,
    *FILES,
    *FAMILY,
    *EMULATOR,
    *BULK,
    *SURVIVAL,
]
# Survivors by id, each with the proof that no caller and no server can tell it from the original.
EQUIVALENT: dict[str, str] = {}
# If one of these lives, the mistakes are not what runs: in the overlay, and in what is generated from the contract.
SELF_TESTS = [
    Mutant(
        "self-test.overlay",
        Swap("Envelope.is_http_success", old="return 200 <= A < 300", new="return False"),
        "nothing is a success",
        ("test_envelope",),
    ),
    Mutant(
        "self-test.contract",
        renamed("paths", "/v1/generation/balance", to="/v1/generation/credits"),
        "the balance has another URL",
        ("test_resources",),
    ),
]


def chosen(only: str) -> list[Mutant]:
    """The mutants that a list of ids or beginnings of ids names; all of them if it is empty."""
    names = [name.strip() for name in only.split(",") if name.strip()]
    known = [one.id for one in MUTANTS]
    if unknown := [name for name in names if not [one for one in known if one.startswith(name)]]:
        raise MutantError(
            f"no mutant is called {', '.join(unknown)}; ids begin with contract, generated, overlay or emulator"
        )
    return [one for one in MUTANTS if not names or one.id.startswith(tuple(names))]
