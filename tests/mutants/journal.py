"""Mistakes by which an order is forgotten, or one that may have been paid for is ordered again."""

from .edits import Swap, Text
from .mutant import Edit, Mutant

FILE, AGAIN, OLDER = ("test_database_file",), ("test_repeated_orders",), ("test_older_journals",)


def journal(name: str, edit: Edit, claim: str, first: tuple[str, ...]) -> Mutant:
    """A mistake of the journal, or of the memory of the process."""
    return Mutant(f"overlay.journal.{name}", edit, claim, first)


OPENING = [
    journal("joined", Swap("share", old="identity in _open", new="False"), "a process has a file open twice", FILE),
    journal(
        "alone",
        Swap("DatabaseFile.join", old="exclusive or self._exclusive", new="exclusive and self._exclusive"),
        "two runs of a process share a ledger",
        FILE,
    ),
    journal("last-out", Swap("DatabaseFile.close", old="self._users == 0", new="True"), "one closes for all", FILE),
    journal("real-lock", Swap("share", old="Path(os.path.realpath(path))", new="path"), "a link is another lock", FILE),
    journal("accepted", Swap("_check", old="accept(db)", new="None"), "a copied ledger is used", ("test_ledger_file",)),
    journal("fork", Swap("Writer.pause", old="self._store.disconnect()", new="None"), "a child has no locks", FILE),
    journal("fork-in-c", Swap("_notice_fork", old="_spoiled.update(_open)", new="None"), "locks are believed in", FILE),
    journal("is-database", Swap("share", old="OPEN.add(file.identity)", new="None"), "an image costs the locks", FILE),
]
PLACE = [
    journal(
        "replaced",
        Swap("FileStore.check_place", old="(A.st_dev, A.st_ino) != self.identity", new="False"),
        "orders go into a file that is gone",
        FILE,
    ),
    journal("zeroed", Swap("FileStore.check_place", old="A.st_size < B", new="False"), "a cut file takes orders", FILE),
    journal("log", Swap("FileStore.check_place", old="A is not None and B", new="False"), "rows go nowhere", FILE),
    journal(
        "unchecked", Swap("ScopedJournal.begin", old="journal._check_place()", new="None"), "orders go nowhere", FILE
    ),
    journal(
        "job-unchecked",
        Swap("LedgerOrderLog.begin", old="self._ledger.check_place()", new="None"),
        "jobs go nowhere",
        FILE,
    ),
    journal(
        "untold",
        Swap("ScopedJournal.end", old="return followed_by(noted, A)", new="return noted"),
        "nobody hears that an id stands nowhere",
        FILE,
    ),
]
REPEATED = [
    journal(
        "any-age",
        Text("_refuse_duplicate", old="or (state in ('submitted', 'done') and began", new="and (began"),
        "an unknown order is repeated after the window",
        AGAIN,
    ),
    journal("clock", Text("tidy", old="began > ?", new="began < 0"), "a wrong clock blocks for years", AGAIN),
    journal("other-machine", Swap("_give_over", old="not A.is_here", new="False"), "nobody may settle it", AGAIN),
    journal("other-machine-day", Swap("LONGEST_TRY", old="86_400.0", new="8.6e9"), "it is open for ever", AGAIN),
    journal("key-once", Swap("begin", old="_refuse_same_key(A, B, C, D)", new="None"), "a job is ordered again", AGAIN),
    journal(
        "key-failed",
        Text("_refuse_same_key", old="(state != 'failed' or exists", new="(exists"),
        "a job of unknown outcome is ordered again",
        ("test_queue_recipes",),
    ),
    journal(
        "key-other",
        Swap("_refuse_same_key", old='earlier["fingerprint"] != fingerprint', new="False"),
        "another order is taken for the same",
        AGAIN,
    ),
    journal(
        "defaults",
        Swap("fingerprint_of", old="name not in NO_PART and not (A and B)", new="name not in NO_PART"),
        "a default that is spelled out pays twice",
        AGAIN,
    ),
    journal(
        "loopback", Swap("service_of", old='A in ("127.0.0.1", "::1")', new="False"), "localhost pays twice", AGAIN
    ),
    journal(
        "kind",
        Swap("_with_journal", old="journal is not True and not isinstance(A, B)", new="False"),
        "a client is made with anything",
        AGAIN,
    ),
]
MEMORY = [
    journal("remembered", Swap("ProcessMemory.begin", old="raise _again(error)", new=""), "a loop pays twice", AGAIN),
    journal(
        "interrupted",
        Swap("_note", old="is_open or A.exception() is None", new="is_open"),
        "what an interrupted caller has paid for is bought again",
        AGAIN,
    ),
    journal(
        "late-id",
        Swap("ProcessMemory.end", old="A.is_given_up and B.state is OrderState.SUBMITTED", new="False"),
        "an id that came late is not named",
        AGAIN,
    ),
    journal(
        "forced", Swap("ProcessMemory.begin", old="intent.is_forced", new="False"), "force does not order again", AGAIN
    ),
    journal(
        "carried",
        Swap("_carried", old="return list(value)", new="return _LOST_WORD"),
        "a task id is lost on its way through a queue",
        ("test_errors_pickle",),
    ),
]
UPGRADE = [
    journal("upgrade-service", Swap("_from_1", old="service_of(A)", new="A"), "old orders are nobody's", OLDER),
    journal(
        "upgrade-fingerprint",
        Swap("_from_1", old="defaults_of(A)", new="{}"),
        "an order of the older version is repeated",
        OLDER,
    ),
]
JOURNAL = [*OPENING, *PLACE, *REPEATED, *MEMORY, *UPGRADE]
