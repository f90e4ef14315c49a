"""Sends a case in four ways: through the generated client and through the overlay, blocking and awaited."""

import asyncio
import importlib
import inspect
import io
from collections.abc import Awaitable, Callable
from typing import Any

import weryai_api.models
from contract import facts
from contract.reading import SCHEMAS, Operation, module_name, operations, snake_case
from contract.test_operations import METHODS
from weryai import AsyncWeryAI, RetryPolicy, WeryAI
from weryai_api import AuthenticatedClient
from weryai_api.types import File

KEY = "sk-contract-0123456789"
API = facts.URL.removesuffix("/v1/generation/image-to-video")
PNG = b"\x89PNG\r\n\x1a\n"
PARAMETERS = frozenset(inspect.signature(WeryAI("sk-x").image_to_video.submit).parameters)
Send = Callable[[Operation, Any], Any]


def module_of(one: Operation) -> Any:
    """The generated module of an operation."""
    return importlib.import_module(module_name(one))


def arguments_of(one: Operation, case: Any) -> dict[str, Any]:
    """What a case is in the words of the generated module: path parameters and a model of the body."""
    arguments = {snake_case(name): value for name, value in (case.path_parameters or {}).items()}
    if "requestBody" in one.spec:
        arguments["body"] = body_of(one, case.body)
    return arguments


def body_of(one: Operation, body: Any) -> Any:
    """The generated model of a body."""
    (media_type, described), *_ = one.spec["requestBody"]["content"].items()
    model = getattr(weryai_api.models, described["schema"]["$ref"].rpartition("/")[2])
    if media_type == "application/json":
        return model.from_dict(dict(body))
    files = {
        name: File(payload=io.BytesIO(_bytes(value)), file_name="picture.png", mime_type="image/png")
        for name, value in body.items()
        if described_as_file(one, name)
    }
    return model(**{**body, **files})


def described_as_file(one: Operation, name: str) -> bool:
    """Whether a form's field is a file."""
    (described,) = one.spec["requestBody"]["content"].values()
    properties = SCHEMAS[described["schema"]["$ref"].rpartition("/")[2]]["properties"]
    return bool(properties[name].get("format") == "binary")


def _bytes(value: Any) -> bytes:
    data = getattr(value, "data", value)
    return data.encode() if isinstance(data, str) else bytes(data)


def overlay_call(client: Any, one: Operation, case: Any, **options: Any) -> Any:
    """Say a case in the overlay's own parameters; an operation without a method goes through `client.call`.

    Each case is an order of its own, whatever became of one like it before: `force`.
    """
    if one.name not in METHODS:
        # JSON knows 5.0 as an integer; who writes Python says 5, and the overlay insists on it.
        body = {name: _as_python(value) for name, value in _fields(case).items()}
        arguments = {**arguments_of(one, case), **({"body": body_of(one, body)} if body else {})}
        return client.call(module_of(one), **arguments, **({"force": True} if one.spec.get("x-paid") else {}))
    resource, _, method = METHODS[one.name].partition(".")
    call = getattr(getattr(client, resource), method)
    match one.name:
        case "submitImageToVideo":
            fields = {"aspect_ratio": None, **case.body}
            # What the contract knows and `submit` has no parameter for yet travels in extra_body.
            extra = {name: fields.pop(name) for name in set(fields) - PARAMETERS}
            options = {"validate": False, "force": True, **options, **({"extra_body": extra} if extra else {})}
            return call(fields.pop("image"), **options, **fields)
        case "uploadFile":
            return call(PNG + _bytes(case.body["file"]), validate=False)
        case "listVideoModels":
            return call(max_age=0)
        case _:
            return call(*(case.path_parameters or {}).values())


def _as_python(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _fields(case: Any) -> dict[str, Any]:
    return case.body if isinstance(case.body, dict) else {}


class Senders:
    """The four ways, each with one client for all cases; `servers` may lead elsewhere than to the service."""

    def __init__(self, api: str = API, models: str = facts.MODELS_SERVER, **options: Any) -> None:
        plain = AuthenticatedClient(base_url=api, token=KEY)
        registry = AuthenticatedClient(base_url=models, token=KEY)
        self._made = (plain, registry)
        self._generated = {one.name: registry if "/models" in one.path else plain for one in operations()}
        chosen = {"base_url": api, "models_base_url": models, "retry": RetryPolicy(tries=1), **options}
        self._runner = asyncio.Runner()
        self.blocking = WeryAI(KEY, **chosen)
        self.awaited = AsyncWeryAI(KEY, **chosen)
        self.ways: dict[str, Send] = {
            "generated": self.generated,
            "generated async": self.generated_async,
            "overlay": self.overlay,
            "overlay async": self.overlay_async,
        }

    def __enter__(self) -> "Senders":
        return self

    def __exit__(self, *_: object) -> None:
        self.blocking.close()
        self._runner.run(self.awaited.aclose())
        for client in self._made:
            client.get_httpx_client().close()
            self._runner.run(client.get_async_httpx_client().aclose())
        self._runner.close()

    def wait(self, work: Awaitable[Any]) -> Any:
        """Wait for something on the loop of these senders."""

        async def waiting() -> Any:
            return await work

        # The runner's own `run` sets up signal handlers each time, which costs more than the request.
        return self._runner.get_loop().run_until_complete(waiting())

    def generated(self, one: Operation, case: Any) -> Any:
        """Send with the generated client."""
        return module_of(one).sync_detailed(client=self._generated[one.name], **arguments_of(one, case))

    def generated_async(self, one: Operation, case: Any) -> Any:
        """Send with the generated client's asyncio face."""
        client = self._generated[one.name]
        return self.wait(module_of(one).asyncio_detailed(client=client, **arguments_of(one, case)))

    def overlay(self, one: Operation, case: Any) -> Any:
        """Send with WeryAI."""
        return overlay_call(self.blocking, one, case)

    def overlay_async(self, one: Operation, case: Any) -> Any:
        """Send with AsyncWeryAI."""
        return self.wait(overlay_call(self.awaited, one, case))
