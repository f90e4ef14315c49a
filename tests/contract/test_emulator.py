"""The emulator keeps the contract: whatever it is asked, its answers are documented, and it loses no id of its own."""

import asyncio
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import Phase, settings
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.core.transport import Response
from schemathesis.generation import GenerationMode
from schemathesis.generation.stateful.state_machine import APIStateMachine, StepInput, StepOutput

from contract import outcomes
from contract.cases import effort, load
from contract.core import Answers
from contract.reading import CONTRACT, Operation, operations
from contract.sending import PNG, Senders
from contract.serving import simplest
from weryai.emulator import Emulator, ManualClock, create_app
from weryai.emulator._dialects import DialectName

KEY = "sk-emulator-0123456789"
BASE = "http://127.0.0.1"
RICH = 10**12

load_all_checks()
# Named one by one: among the usual ones is a check that sends requests of its own, past this application.
CONFORMANCE = CHECKS.get_by_names(
    ["not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance"]
)
ALL_CASES = load(CONTRACT, "all")
LINKED = load(CONTRACT, stateful=True)
ANSWERS = Answers(CONTRACT)
BY_LABEL = {f"{one.method.upper()} {one.path}": one for one in operations()}


class Service:
    """An emulator in this process whose time stands still, with credits for every case."""

    def __init__(self, dialect: DialectName = "page") -> None:
        self.dialect = dialect
        self._app = create_app(
            clock=ManualClock(), video="fixed", key=KEY, balance=RICH, concurrency=None, dialect=dialect
        )
        self._runner = asyncio.Runner()
        self._client = httpx.AsyncClient(transport=httpx.ASGITransport(self._app))

    def request(self, **arguments: Any) -> httpx.Response:
        """Send a request and wait for its answer."""

        async def asked() -> httpx.Response:
            request = self._client.build_request(**arguments)
            request.read()  # A form is a stream otherwise, and schemathesis wants to see it.
            return await self._client.send(request)

        return self._runner.run(asked())

    def close(self) -> None:
        """End the emulator."""
        self._runner.run(self._client.aclose())
        self._app.state.world.close()
        self._runner.close()


@pytest.fixture(scope="module", params=["page", "seen"])
def service(request: pytest.FixtureRequest) -> Iterator[Service]:
    """One emulator for all cases, in either dialect."""
    made = Service(request.param)
    yield made
    made.close()


def ask(service: Service, case: Any) -> httpx.Response:
    """Send a case of schemathesis to the emulator, with the key."""
    arguments = case.as_transport_kwargs(base_url=BASE, headers={"Authorization": f"Bearer {KEY}"})
    del arguments["cookies"]  # The contract has none, and httpx warns of the mere word.
    if isinstance(arguments.get("data"), bytes):
        arguments["content"] = arguments.pop("data")
    return service.request(**arguments)


def check_conformance(case: Any, answer: httpx.Response) -> None:
    """Check status, content type and body of an answer against the contract, and against its strict twin."""
    case.validate_response(Response.from_httpx(answer, verify=False), checks=CONFORMANCE)
    kind = answer.headers.get("content-type", "")
    problems = ANSWERS.problems(BY_LABEL[case.operation.label], answer.status_code, kind, answer.json(), strict=True)
    assert problems == [], f"{case.operation.label}: HTTP {answer.status_code} with {answer.text:.1000}: {problems}"


def accepts(answer: httpx.Response) -> bool:
    """Whether an answer says yes."""
    return outcomes.said(answer.status_code, answer.json()) is True


@ALL_CASES.parametrize()
@effort(2)
def test_the_emulator_answers_as_the_contract_has_it(service: Service, case: Any) -> None:
    """Examples, boundaries and fuzzed requests, sound and broken: each gets a documented answer, never a 5xx.

    A sound order is accepted, or refused in words about what its model takes; a broken one is never accepted.
    """
    one = BY_LABEL[case.operation.label]
    if one.name == "uploadFile" and not can_be_a_form(case.body):
        return
    answer = ask(service, case)
    check_conformance(case, answer)
    if "requestBody" not in one.spec or one.name == "uploadFile":
        return  # A fuzzed id is unknown and a fuzzed file is no picture: both are refused, soundly.
    sound = case.meta.generation.mode is GenerationMode.POSITIVE
    if sound or not (service.dialect == "seen" and has_text_boolean(case.body)):
        problem = outcomes.REFUSALS.problem(answer.status_code, answer.json(), sound=sound)
        assert not problem, f"{one.name}: {problem}, asked with {case.body!r:.1000}"


def has_text_boolean(body: Any) -> bool:
    """Whether a body says true or false as a text, which one dialect takes."""
    return isinstance(body, dict) and body.get("generate_audio") in ("true", "false")


def can_be_a_form(body: Any) -> bool:
    """Whether a form can say this: a part is text or bytes, so many a broken value has no spelling."""
    return isinstance(body, dict) and all(isinstance(value, str | bytes) for value in body.values())


class Stories(APIStateMachine):
    """Calls that follow the contract's links, such as a status after a submission."""

    schema = LINKED
    asked_for_linked_ids = 0
    dialect: DialectName = "page"

    def setup(self) -> None:
        """Start with an emulator that knows nothing."""
        self.service = Service(self.dialect)

    def teardown(self) -> None:
        """End it."""
        self.service.close()

    def step(self, input: StepInput) -> StepOutput:
        """Make one call; an id that came with an earlier answer must be known."""
        answer = ask(self.service, input.case)
        check_conformance(input.case, answer)
        if input.transition is not None and input.is_applied:
            Stories.asked_for_linked_ids += 1
            link = f"{input.case.operation.label} after {input.transition.id}"
            assert accepts(answer), f"{link}: the emulator lost what it had given out: {answer.text}"
        return StepOutput(Response.from_httpx(answer, verify=False), input.case)


def machine(kind: type[APIStateMachine]) -> type[APIStateMachine]:
    """A state machine that follows the links of the contract."""
    made = LINKED.as_state_machine()
    return type(kind.__name__, (kind, made), {})


class SeenStories(Stories):
    """The same stories in the other dialect."""

    dialect: DialectName = "seen"


@pytest.mark.parametrize("kind", [Stories, SeenStories])
def test_no_linked_id_is_ever_unknown(kind: type[Stories]) -> None:
    """Whatever order calls come in, a task or batch id that the emulator gave out is never "not found"."""
    Stories.asked_for_linked_ids = 0
    stories = run(kind)
    # A submission that tells one task_id alone has no id where the contract's links look.
    assert Stories.asked_for_linked_ids >= (stories if kind is Stories else 1), "the stories follow no links any more"


def run(kind: type[APIStateMachine]) -> int:
    """Run stories and say how many: many short ones find more than a few long ones."""
    chosen = settings(effort(0.5), phases=[Phase.generate], stateful_step_count=6)
    machine(kind).run(settings=chosen)
    return chosen.max_examples


class Amnesiac(Service):
    """A service that loses every task."""

    def request(self, **arguments: Any) -> httpx.Response:
        """Answer a question about a task as if it were about another."""
        return super().request(**{**arguments, "url": arguments["url"].replace("/task_", "/lost_")})


class Forgetful(Stories):
    """The same stories told to an emulator that loses every task."""

    def setup(self) -> None:
        """Start with an emulator that has a bad memory."""
        self.service = Amnesiac()


def test_a_lost_task_would_be_noticed() -> None:
    """The check above can fail: an emulator that forgets tasks is caught."""
    with pytest.raises(Exception, match="lost what it had given out"):
        run(Forgetful)


@pytest.fixture(scope="module", params=["page", "seen"])
def emulator(request: pytest.FixtureRequest) -> Iterator[Emulator]:
    """A running emulator, reached through real sockets, in either dialect."""
    settings: dict[str, Any] = {"balance": RICH, "concurrency": None, "dialect": request.param}
    with Emulator(clock=ManualClock(), video="fixed", key="sk-contract-0123456789", **settings) as running:
        yield running


@pytest.mark.parametrize("one", operations(), ids=lambda one: one.name)
@pytest.mark.parametrize("way", ["generated", "generated async", "overlay", "overlay async"])
def test_every_client_is_understood(
    emulator: Emulator, one: Operation, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The request of the contract's first example is understood over a real socket, whichever way it is sent."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")  # The generated client goes by the surroundings.
    with Senders(emulator.url, emulator.url) as senders:
        case = simplest(one)
        if "submit" not in one.name and "parameters" in one.spec:
            made = senders.overlay(operation_of("submitImageToVideo"), simplest(operation_of("submitImageToVideo")))
            task = emulator._world.tasks.task(made.task_ids[0])  # One dialect does not tell the batch.
            assert task is not None
            ids = {"taskId": task.id, "batchId": str(task.batch_id)}
            case.path_parameters = {name: ids[name] for name in case.path_parameters}
        if one.name == "uploadFile":
            case.body["file"] = PNG  # The contract's example is no picture, and the emulator looks.
        outcome = senders.ways[way](one, case)
    if way.startswith("generated"):
        told = f"{one.name} by {way}: HTTP {outcome.status_code}, {outcome.content.decode()}"
        assert outcome.status_code == 200 and outcomes.says(outcome.parsed.to_dict()) is True, told


def operation_of(name: str) -> Operation:
    """The operation of this name."""
    return next(one for one in operations() if one.name == name)
