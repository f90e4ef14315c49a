"""The table of scenarios, and the ways to choose one."""

from typing import Any, get_args

import pytest

from weryai.emulator import UnknownScenarioError, scenarios
from weryai.emulator._faults import marked_in, read_wishes, wish
from weryai.emulator._scenarios import Broken, Delivered, Fate, Headed, Instead, Late, Reshaped, Stage

from .conftest import Visitor, order

SUBMIT = "/v1/generation/image-to-video"
ALL = scenarios()


def test_scenarios_are_told_apart() -> None:
    """Each name is written like the others and given once, and each sentence is one."""
    names = [one.name for one in ALL]
    assert len(names) == len(set(names)) >= 100
    assert [name for name in names if not name.replace("-", "").isalnum()] == []
    assert [one for one in ALL if not (one.sentence.endswith(".") and one.sentence[0].isupper())] == []
    assert len({one.sentence for one in ALL}) >= len(ALL) - 6  # One code has several names, as one word has.


@pytest.mark.parametrize("scenario", ALL, ids=lambda one: one.name)
def test_a_scenario_acts_where_it_can(scenario: Any) -> None:
    """A fate is a task's, a delivery a webhook's, and everything else happens to a request."""
    homes = {Fate: ("task",), Delivered: ("webhook",)}
    requests = tuple(stage for stage in get_args(Stage) if stage not in ("task", "webhook"))
    assert scenario.stage in homes.get(type(scenario.effect), requests)
    assert scenario.lasts is (
        isinstance(scenario.effect, Fate | Headed | Delivered)
        or (isinstance(scenario.effect, Reshaped) and not scenario.effect.once)
    )
    assert isinstance(scenario.effect, Instead | Late | Broken | Reshaped | Headed | Fate | Delivered)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("rate-limit", ["rate-limit"]),
        ("rate-limit:3", ["rate-limit:3"]),
        ("http-500@status:2", ["http-500@status:2"]),
        ("http-500@any", ["http-500"]),
        (" slow , http-502@upload ", ["slow", "http-502@upload"]),
        ("", []),
    ],
)
def test_a_wish_is_read(text: str, written: list[str]) -> None:
    """A name, a stage for what can happen at any, and how often; several with commas or blanks between."""
    assert [str(one) for one in read_wishes(text)] == written


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("rate-limti", "there is no scenario 'rate-limti'; did you mean rate-limit"),
        ("xyzzy", "there is no scenario 'xyzzy'; `weryai emulate --list-scenarios` lists them"),
        ("Rate-Limit", "did you mean rate-limit"),
        ("rate-limit:0", "times=0 must be 1 to"),
        ("rate-limit:9999999", "must be 1 to"),
        ("rate-limit:", "is not NAME"),
        ("rate-limit@", "is not NAME"),
        ("b:c:d", "is not NAME"),
        ("http-500@nowhere", "there is no stage 'nowhere', only any, submit"),
        ("rate-limit@status", "rate-limit acts at submit, not at status"),
        ("http-500@task", "http-500 acts at any, not at task"),
        ("fail-copyright@submit", "fail-copyright acts at task"),
        ("webhook-twice@submit", "webhook-twice acts at webhook"),
    ],
)
def test_a_wrong_wish_is_refused_with_the_nearest(text: str, told: str) -> None:
    """What does not exist, or cannot happen there, is refused in a sentence that helps."""
    with pytest.raises(UnknownScenarioError) as caught:
        list(read_wishes(text))
    assert told in str(caught.value)


def test_a_wish_in_code_is_checked() -> None:
    """The same holds for an order by code: never, or less than that, is no number of times."""
    for times in (0, -1):
        with pytest.raises(UnknownScenarioError, match="must be 1 to"):
            wish("rate-limit", times)


def test_a_prompt_chooses() -> None:
    """Markers stand anywhere in a prompt, in any case; other brackets are left alone."""
    prompt = "She [waves] [emulator: slow@submit] and [Emulator:fail-copyright, rate-limit:2] nods [emulator]"
    assert [str(one) for one in marked_in(prompt)] == ["slow@submit", "fail-copyright", "rate-limit:2"]


async def test_a_prompt_is_obeyed_and_counted_per_job(visitor: Visitor) -> None:
    """A prompt's refusal comes as often as it says for the same work, and again for other work."""
    prompt = "Wave [emulator: rate-limit:2]"
    told = [(await visitor.post(SUBMIT, json=order(prompt=prompt))).json()["status"] for _ in range(4)]
    assert told == [1001, 1001, 0, 0]
    other = await visitor.post(SUBMIT, json=order(prompt=prompt, duration=10))
    assert other.json()["status"] == 1001


async def test_a_header_is_obeyed_by_this_request_alone(visitor: Visitor) -> None:
    """A header acts on its request; on a submission it may also choose what becomes of the task."""
    reply = await visitor.post(SUBMIT, json=order(), headers={"X-Emulator-Scenario": "queue-full"})
    assert reply.json()["status"] == 1007
    chosen = {"X-Emulator-Scenario": "fail-copyright, status-array, task-not-found:1"}
    data = (await visitor.post(SUBMIT, json=order(), headers=chosen)).json()["data"]
    visitor.clock.advance(3)
    path = f"/v1/generation/{data['task_ids'][0]}/status"
    first, second = [(await visitor.get(path)).json() for _ in range(2)]
    assert first["status"] == 1003
    assert second["data"] == [
        {"task_id": data["task_ids"][0], "task_status": "failed", "msg": "Copyright restrictions"}
    ]
    balance = await visitor.get("/v1/generation/balance", headers={"X-Emulator-Scenario": "http-502"})
    assert balance.status_code == 502


@pytest.mark.parametrize(
    ("header", "told"),
    [("rate-limti", "did you mean rate-limit"), ("fail-copyright", "acts at task, not at balance")],
)
async def test_a_header_that_cannot_be_obeyed_is_refused(visitor: Visitor, header: str, told: str) -> None:
    """Nothing is chosen in vain: the refusal says what is wrong with the header."""
    reply = await visitor.get("/v1/generation/balance", headers={"X-Emulator-Scenario": header})
    assert (reply.status_code, reply.json()["status"]) == (400, 400)
    assert told in reply.json()["message"]


async def test_a_wrong_marker_is_refused_and_paid_for_by_nobody(visitor: Visitor) -> None:
    """A prompt that asks for what does not exist makes no task."""
    reply = await visitor.post(SUBMIT, json=order(prompt="Wave [emulator: fail-copyrigth]"))
    assert (reply.status_code, "did you mean fail-copyright" in reply.json()["message"]) == (400, True)
    assert (await visitor.get("/v1/generation/balance")).json()["data"] == 1000


async def test_the_start_chooses() -> None:
    """Scenarios that the emulator is started with happen first, and a misspelt one is told before it starts."""
    async with Visitor(video="fixed", scenarios=("http-502:2", "no-credits")) as client:
        told = [(await client.post(SUBMIT, json=order())).status_code for _ in range(2)]
        assert told == [502, 502]
        assert (await client.post(SUBMIT, json=order())).json()["status"] == 1011
        assert (await client.post(SUBMIT, json=order())).json()["status"] == 0
    with pytest.raises(UnknownScenarioError, match="did you mean no-credits"):
        Visitor(scenarios=("no-credit",))


async def test_an_answer_without_an_envelope_keeps_its_shape() -> None:
    """What an operation that nobody modelled answers, a text or a bare list, survives a scenario about envelopes."""
    answers = {"text/plain": {"example": "hello"}}, {"application/json": {"example": [1]}}
    paths = {
        f"/{number}": {"get": {"operationId": f"one{number}", "responses": {"200": {"content": content}}}}
        for number, content in enumerate(answers)
    }
    async with Visitor(video="fixed", contract={"paths": paths}) as client:
        for path, text in (("/0", "hello"), ("/1", "[1]")):
            reply = await client.get(path, headers={"X-Emulator-Scenario": "status-200"})
            assert (reply.status_code, reply.text) == (200, text)


async def test_a_broken_request_meets_no_fault(visitor: Visitor) -> None:
    """What breaks the contract is refused for that, and the order waits for a request that does not."""
    fault = visitor.app.state.world.faults.order("http-500")
    assert (await visitor.post(SUBMIT, json=order(duration=0))).status_code == 400
    assert (await visitor.get("/v1/generation/balance", headers={"Authorization": ""})).status_code == 401
    assert fault.met == 0
    assert (await visitor.post(SUBMIT, json=order())).status_code == 500
    assert fault.met == 1


async def test_a_batch_shares_fates_by_the_task(visitor: Visitor) -> None:
    """An ordered fate is one task's: of two videos one fails."""
    visitor.app.state.world.faults.order("fail-copyright")
    data = await visitor.submit(video_number=2)
    visitor.clock.advance(3)
    batch = (await visitor.get(f"/v1/generation/batch/{data['batch_id']}/status")).json()["data"]
    assert [task["task_status"] for task in batch] == ["failed", "succeed"]
    prompted = await visitor.submit(video_number=2, prompt="Wave [emulator: video-url, fail-copyright:1]")
    visitor.clock.advance(3)
    batch = (await visitor.get(f"/v1/generation/batch/{prompted['batch_id']}/status")).json()["data"]
    assert [task["task_status"] for task in batch] == ["failed", "succeed"]
    assert batch[1]["videos"] == [{"url": f"http://testserver/result/{batch[1]['task_id']}.mp4", "cover_url": None}]


async def test_a_marker_that_is_not_closed_is_not_left_out(visitor: Visitor) -> None:
    """A forgotten bracket chooses all the same, and whatever else it would choose is refused by its name."""
    (task_id,) = (await visitor.submit(prompt="She waves [emulator: fail-copyright"))["task_ids"]
    assert visitor.app.state.world.tasks.task(task_id).scenario == "fail-copyright"
    reply = await visitor.post(
        "/v1/generation/image-to-video", json=order(prompt="[emulator: fail-copyright She waves")
    )
    assert "there is no scenario 'She'" in reply.json()["message"]
