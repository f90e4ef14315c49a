"""The whole list of mutants, those that must die for the runner to be believed, and those that nothing can see."""

from .in_answers import IN_ANSWERS
from .in_bulk import IN_BULK
from .in_contract import IN_CONTRACT
from .in_emulator import IN_EMULATOR
from .in_endpoints import IN_ENDPOINTS, IN_TEMPLATES
from .in_limits import LIMITS
from .in_models import IN_MODELS
from .in_money import IN_MONEY
from .in_overlay import IN_OVERLAY
from .in_tables import IN_TABLES
from .mutant import CONTRACT, OVERLAY, Mutant, MutantError

MUTANTS = [
    *LIMITS,
    *IN_CONTRACT,
    *IN_MODELS,
    *IN_ENDPOINTS,
    *IN_TEMPLATES,
    *IN_MONEY,
    *IN_TABLES,
    *IN_OVERLAY,
    *IN_ANSWERS,
    *IN_EMULATOR,
    *IN_BULK,
]
# Survivors by id, each with the proof that no caller and no server can tell it from the original.
EQUIVALENT: dict[str, str] = {}
# If one of these lives, the mistakes are not what runs: in the overlay, and in what is generated from the contract.
SELF_TESTS = [
    Mutant(
        "self-test.overlay",
        OVERLAY + "_protocol/envelope.py",
        "return 200 <= self.http_status < 300",
        "return False",
        "nothing is a success",
        ("tests/unit/overlay/test_envelope.py",),
    ),
    Mutant(
        "self-test.contract",
        CONTRACT,
        "/v1/generation/balance:",
        "/v1/generation/credits:",
        "the balance has another address",
        ("tests/journeys/test_resources.py",),
    ),
]


def chosen(only: str) -> list[Mutant]:
    """The mutants that a list of ids or beginnings of ids names; all of them if it is empty."""
    names = [name.strip() for name in only.split(",") if name.strip()]
    unknown = [name for name in names if not any(one.id.startswith(name) for one in MUTANTS)]
    if unknown:
        raise MutantError(
            f"no mutant is called {', '.join(unknown)}; ids begin with contract, generated, overlay or emulator"
        )
    return [one for one in MUTANTS if not names or one.id.startswith(tuple(names))]
