"""What everybody carries and loads does not grow unseen; `make weigh` records it anew."""

import pytest

from repository.weighing import PROGRAMS, RAW, grown, loaded, ours, record, rooms

#: What a blocking client without a journal has no use for; each costs milliseconds.
HEAVY = {"asyncio", "sqlite3", "zipfile", "difflib", "subprocess", "importlib.resources", "attr", "click"}


@pytest.mark.parametrize("what", PROGRAMS)
def test_a_plain_client_loads_what_is_recorded(what: str) -> None:
    """The modules of ours that a plain client loads are those in weight.json, and none of the heavy ones of others."""
    modules = loaded(PROGRAMS[what])
    recorded = record()["modules"][what]
    assert sorted(set(ours(modules)) - set(recorded)) == [], "newly loaded: load it where it is used, or `make weigh`"
    assert sorted(set(recorded) - set(ours(modules))) == [], "no longer loaded: `make weigh`"
    assert sorted(HEAVY & (modules - loaded(RAW))) == []


def test_no_room_has_grown_unseen() -> None:
    """Each room of the wheel is about as large as in weight.json; what grew by a tenth is named."""
    assert grown(record()["rooms"], rooms()) == []


def test_what_grew_is_named() -> None:
    """A room that grew by more than a tenth and 8 kB is named with both sizes, and so is a new room."""
    before = {"weryai/large/": 200_000, "weryai/small/": 1_000}
    assert grown(before, {"weryai/large/": 219_000, "weryai/small/": 8_900}) == []
    assert grown(before, {"weryai/large/": 221_000, "weryai/small/": 9_100, "weryai/new/": 1}) == [
        "weryai/large/ has 221,000 bytes, 200,000 were recorded",
        "weryai/small/ has 9,100 bytes, 1,000 were recorded",
        "weryai/new/ has 1 bytes, 0 were recorded",
    ]
