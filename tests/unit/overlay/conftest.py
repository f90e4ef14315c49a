"""What the overlay's unit tests share: facts read from the contract."""

import pytest

from contract.reading import SCHEMAS


@pytest.fixture(scope="session")
def contract_codes() -> set[int]:
    """Every business code that the contract lists."""
    return {row["code"] for row in SCHEMAS["ErrorReply"]["x-error-codes"]}
