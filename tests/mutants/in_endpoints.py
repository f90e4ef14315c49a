"""Mistakes in the generated endpoints and in the templates that all of the generated client is made from."""

from .in_models import SHIPPED, generated
from .mutant import TEMPLATES, Mutant

WIRE = ("tests/contract/test_wire.py", "tests/contract/test_requests.py")
CURES = ("tests/unit/generated/test_templates.py",)
FORM = """{{{{ body_to_kwarg(body) | indent(4) }}}}
    {{%- if body.content_type != "{}" %}}"""
SUBMIT = "api/image_to_video/submit_image_to_video.py"


def template(name: str, file: str, old: str, new: str, claim: str, first: tuple[str, ...] = CURES) -> Mutant:
    """A mistake in a template, so in every file that is made from it."""
    return Mutant(f"generated.template.{name}", TEMPLATES + file, old, new, claim, first)


IN_ENDPOINTS = [
    generated(
        "path",
        SUBMIT,
        '"url": "/v1/generation/image-to-video"',
        '"url": "/v1/generations/image-to-video"',
        "every order meets a 404",
        WIRE,
    ),
    generated("method", SUBMIT, '"method": "post"', '"method": "put"', "every order meets a 405", WIRE),
    generated(
        "content-type",
        SUBMIT,
        'headers["Content-Type"] = "application/json"',
        'headers["Content-Type"] = "text/json"',
        "an order is said to be another kind of text",
        WIRE,
    ),
    generated(
        "wrong-id",
        "api/tasks/get_batch_status.py",
        "/v1/generation/batch/{batch_id}/status",
        "/v1/generation/{batch_id}/status",
        "a batch is asked for as a task",
        WIRE,
    ),
    generated(
        "async-differs",
        SUBMIT,
        "response = await client.get_async_httpx_client().request(**kwargs)",
        'response = await client.get_async_httpx_client().request(**{**kwargs, "params": {"async": "1"}})',
        "asyncio sends another address",
        WIRE,
    ),
    generated(
        "401-success",
        SUBMIT,
        "response_401 = ErrorReply.from_dict",
        "response_401 = SubmitReply.from_dict",
        "a refused key is read as an order",
        ("tests/contract/test_responses.py",),
    ),
    generated(
        "other-status",
        "api/tasks/get_task_status.py",
        "response.status_code == 200",
        "response.status_code == 201",
        "a task is read as a refusal",
        ("tests/contract/test_responses.py",),
    ),
    generated(
        "token-shown",
        "client.py",
        "token: str = field(repr=False)",
        "token: str = field()",
        "the key stands in every repr",
        SHIPPED,
    ),
    generated(
        "scheme", "client.py", 'prefix: str = "Bearer"', 'prefix: str = "Token"', "the key has another scheme", WIRE
    ),
    generated(
        "form-boolean",
        "models/upload_file_request.py",
        'b"true" if self.fixed else b"false"',
        "str(self.fixed).encode()",
        "a form says False where the service reads false",
        WIRE,
    ),
    generated(
        "file-type",
        "types.py",
        "return self.file_name, self.payload, self.mime_type",
        "return self.file_name, self.payload, None",
        "an uploaded picture has no type",
        SHIPPED,
    ),
]
IN_TEMPLATES = [
    template(
        "no-timeout",
        "client.py.jinja",
        "default=httpx.Timeout(60.0, connect=10.0)",
        "default=None",
        "a silent service is waited for until the end of time",
    ),
    template(
        "redirects",
        "client.py.jinja",
        "_follow_redirects: bool = field(default=False,",
        "_follow_redirects: bool = field(default=True,",
        "an order follows a redirect",
        SHIPPED,
    ),
    template(
        "segment",
        "types.py.jinja",
        'return quote(text, safe="")',
        "return quote(text)",
        "an id with a slash reaches another path",
    ),
    template(
        "dots", "types.py.jinja", 'if text in ("", ".", ".."):', 'if text == "":', "the id .. reaches another operation"
    ),
    template(
        "unreadable",
        "endpoint_module.py.jinja",
        "        if response.is_success:\n            raise\n",
        "",
        "an unreadable success is None",
    ),
    template(
        "boundary",
        "endpoint_module.py.jinja",
        FORM.format("multipart/form-data"),
        FORM.format("multipart/form"),
        "an upload names no boundary",
    ),
]
