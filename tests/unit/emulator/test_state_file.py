"""State in a file: a restarted emulator still knows its tasks, pictures, credits and ledger."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from fakes.pictures import JPEG
from weryai.emulator import Emulator, ManualClock, StateFileError
from weryai.emulator._state.world import StateFile

from .conftest import Visitor


@contextmanager
def begun(path: Path, **settings: Any) -> Iterator[Visitor]:
    """A client of an emulator that keeps its state in a file; the file is let go of at the end."""
    visitor = Visitor(video="fixed", state=path, **settings)
    try:
        yield visitor
    finally:
        visitor.app.state.world.close()


async def test_a_restart_forgets_nothing(tmp_path: Path) -> None:
    """Tasks with age and fate, pictures, credits, the ledger and the numbers of exchanges outlive the emulator."""
    path = tmp_path / "emulator.db"
    with begun(path) as client:
        client.clock.advance(100)
        (url,) = (await client.upload(JPEG)).json()["data"]["object_url_list"]
        good = await client.submit(image=url, video_number=2)
        bad = await client.submit(
            prompt="Wave [emulator: fail-copyright, status-array]", webhook_url="http://10.0.0.1/"
        )
        client.app.state.world.end(client.app.state.world.tasks.task(good["task_ids"][0]), "failed", "by hand")
        rows = client.app.state.world.ledger.rows()
        exchanges = [one.id for one in client.app.state.world.exchanges.all()]
    with begun(path) as client:
        assert client.clock.now() == 100
        assert (await client.get(url)).content == JPEG
        assert (await client.get("/v1/generation/balance")).json()["data"] == 970
        assert client.app.state.world.ledger.rows() == rows
        assert client.app.state.world.exchanges.all()[0].id > max(exchanges) - 1
        batch = f"/v1/generation/batch/{good['batch_id']}/status"
        told = (await client.get(batch)).json()["data"]
        assert [(task["task_status"], task.get("msg")) for task in told] == [("failed", "by hand"), ("waiting", None)]
        client.clock.advance(3)
        assert [task["task_status"] for task in (await client.get(batch)).json()["data"]] == ["failed", "succeed"]
        (task,) = (await client.get(f"/v1/generation/{bad['task_ids'][0]}/status")).json()["data"]
        assert (task["task_status"], task["msg"]) == ("failed", "Copyright restrictions")
        assert client.app.state.world.tasks.task(bad["task_ids"][0]).webhook == "pending"


def test_time_passes_while_the_emulator_is_off(tmp_path: Path) -> None:
    """In real time a task ends while no emulator runs: its time does not start anew with the next one."""
    import httpx

    from .conftest import AUTHORIZED, order

    path = tmp_path / "emulator.db"
    with Emulator(video="fixed", state=path, waiting=3600, processing=0) as emulator:
        url = f"{emulator.url}/v1/generation/image-to-video"
        reply = httpx.post(url, json=order(), headers=AUTHORIZED, trust_env=False)
        (task_id,) = reply.json()["data"]["task_ids"]
        submitted_at = emulator._world.tasks.task(task_id).submitted_at
    with Emulator(video="fixed", state=path, waiting=0, processing=0) as emulator:
        status = httpx.get(f"{emulator.url}/v1/generation/{task_id}/status", headers=AUTHORIZED, trust_env=False)
        assert status.json()["data"]["task_status"] == "succeed"
        assert emulator._world.tasks.task(task_id).submitted_at == submitted_at <= emulator.clock.now()


async def test_a_reset_forgets_the_file_too(tmp_path: Path) -> None:
    """After a reset and a restart there is nothing."""
    path = tmp_path / "emulator.db"
    with begun(path) as client:
        await client.submit()
        client.app.state.world.reset()
        assert (await client.get("/v1/generation/balance")).json()["data"] == 1000
    with begun(path) as client:
        assert (client.app.state.world.tasks.all(), client.app.state.world.ledger.rows()) == ([], [])
        assert (await client.get("/v1/generation/balance")).json()["data"] == 1000


async def test_a_scenario_that_is_gone_leaves_an_ordinary_task(tmp_path: Path) -> None:
    """A file that names a scenario which no longer exists is read all the same."""
    path = tmp_path / "emulator.db"
    with begun(path) as client:
        data = await client.submit(prompt="Wave [emulator: fail-copyright, video-url]")
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(
            "UPDATE records SET value = replace(replace(value, 'fail-copyright', 'gone'), 'video-url', 'x')"
        )
    with begun(path) as client:
        client.clock.advance(3)
        reply = await client.get(f"/v1/generation/{data['task_ids'][0]}/status")
        assert reply.json()["data"]["task_status"] == "succeed"


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    """Whatever else a file is, the emulator leaves it alone and says what it is."""
    text = tmp_path / "text.db"
    text.write_text("hello " * 1000)
    with pytest.raises(StateFileError, match="is no emulator's state"):
        Emulator(state=text)
    assert text.read_text() == "hello " * 1000
    other = tmp_path / "other.db"
    with closing(sqlite3.connect(other)) as database, database:
        database.execute("CREATE TABLE songs (name)")
    with pytest.raises(StateFileError, match="is the database of another program"):
        Emulator(state=other)
    with pytest.raises(StateFileError, match="cannot be opened"):
        Emulator(state=tmp_path / "nowhere" / "emulator.db")
    with pytest.raises(StateFileError, match="cannot be opened"):
        Emulator(state=tmp_path)


def test_a_newer_file_is_refused(tmp_path: Path) -> None:
    """A file of a later version is not read by halves."""
    path = tmp_path / "emulator.db"
    StateFile(path).close()
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("PRAGMA user_version = 2")
    with pytest.raises(StateFileError, match="was written by a newer version of weryai"):
        Emulator(state=path)


def test_two_emulators_do_not_share_a_file(tmp_path: Path) -> None:
    """The second one is told that the first has it; when that has ended, the file is free."""
    path = tmp_path / "emulator.db"
    first = Emulator(state=path, clock=ManualClock())
    with pytest.raises(StateFileError, match="another emulator uses it"):
        Emulator(state=path)
    first.stop()
    Emulator(state=path).stop()


def test_an_emulator_that_cannot_listen_lets_go_of_its_file(tmp_path: Path) -> None:
    """A port in use is no reason to hold the state."""
    path = tmp_path / "emulator.db"
    with Emulator(video="fixed") as running:
        port = int(running.url.rpartition(":")[2])
        with pytest.raises(OSError, match="is in use"):
            Emulator(port=port, state=path).start()
    Emulator(state=path).stop()


SET = "UPDATE records SET value = json_set(value,"
DAMAGES = {
    "a page of zeros": None,
    "no JSON": "UPDATE records SET value = 'x' WHERE kind = 'task'",
    "a field is missing": "UPDATE records SET value = replace(value, 'submitted_at', 'x') WHERE kind = 'task'",
    "a number is a text": "UPDATE records SET value = '\"many\"' WHERE name = 'balance'",
    "a list for an object": "UPDATE records SET value = '[]' WHERE kind = 'task'",
    "null": "UPDATE records SET value = 'null' WHERE kind = 'post'",
    "an upload's bytes are gone": "DELETE FROM contents",
    "an upload's bytes are others": "UPDATE contents SET data = x'00'",
    "another format": "UPDATE records SET value = replace(value, 'jpg', 'exe') WHERE kind = 'upload'",
    "a text is a number": "UPDATE records SET value = json_set(value, '$.work.prompt', 7) WHERE kind = 'task'",
    "an image is a list": "UPDATE records SET value = json_set(value, '$.work.image', json('[]')) WHERE kind = 'task'",
    "a reason is an object": """UPDATE records SET value = json_set(value, '$.forced', json('[1, "failed", {}]'))
        WHERE kind = 'task'""",
    "a webhook's state is a number": "UPDATE records SET value = json_set(value, '$.webhook', 1) WHERE kind = 'task'",
    "a time is NaN": 'UPDATE records SET value = replace(value, \'"submitted_at": \', \'"submitted_at": NaN, "x": \')',
    "a time is beyond all time": f"{SET} '$.submitted_at', 1e300) WHERE kind = 'task'",
    "now is beyond all time": "UPDATE records SET value = '1e300' WHERE name = 'now'",
    "credits are less than none": "UPDATE records SET value = json_set(value, '$.credits', -1) WHERE kind = 'task'",
    "the balance is less than none": "UPDATE records SET value = '-1' WHERE name = 'balance'",
    "half of a character": "UPDATE records SET value = replace(value, 'xxx', '\\ud83d') WHERE kind = 'post'",
    "a post's job is a number": "UPDATE records SET value = json_set(value, '$.job', 7) WHERE kind = 'post'",
    "a post's task is a number": f"{SET} '$.task_ids', json('[7]')) WHERE kind = 'post'",
    "deeper than anything": f"UPDATE records SET value = '{'[' * 100_000}' WHERE kind = 'post'",
    "a table has no key": "ALTER TABLE records RENAME TO x; CREATE TABLE records AS SELECT * FROM x; DROP TABLE x",
    "a table is another": "DROP TABLE records",
    "a column is another": "ALTER TABLE records RENAME COLUMN value TO worth",
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=list(DAMAGES))
async def test_a_damaged_file_is_told_as_such(tmp_path: Path, damage: str | None) -> None:
    """Whatever is wrong inside the file, it is a StateFileError that names the file, and nothing holds on to it."""
    path = tmp_path / "emulator.db"
    with begun(path) as client:
        (image,) = (await client.upload(JPEG, "a.jpg")).json()["data"]["object_url_list"]
        await client.submit(image=image, prompt="x" * 2000)
    if damage is None:
        whole = path.read_bytes()
        path.write_bytes(whole[:4096] + bytes(len(whole) - 4096))
    else:
        with closing(sqlite3.connect(path)) as database, database:
            database.executescript(damage)
    if damage == "DROP TABLE records":
        begun_anew = Emulator(state=path)  # A table that is gone is made: nothing was remembered.
        begun_anew.stop()
        return
    with pytest.raises(StateFileError, match=r"emulator\.db"):
        Emulator(state=path)
    path.unlink()
    Emulator(state=path).stop()
