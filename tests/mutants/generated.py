"""Mistakes in the generated client, and in the templates that all of it is made from."""

from .edits import Lose, PythonEdit, Swap, TemplateEdit
from .mutant import Mutant

REQUESTS, WIRE = ("test_examples", "test_requests"), ("test_wire", "test_requests")
SHIPPED, CURES = ("test_shipped",), ("test_templates",)
ANSWERS, RESPONSES = ("test_variants", "test_examples", "test_responses"), ("test_responses",)
ORDER, SUBMIT = "image_to_video_request:ImageToVideoRequest", "submit_image_to_video:"
WRITE, READ = "types:Model.to_dict", "types:Model.from_dict"
NAMED, POPPED = "self._names.get(one.name, one.name)", "d.pop(name, UNSET)"


def generated(name: str, edit: PythonEdit, claim: str, first: tuple[str, ...]) -> Mutant:
    """A mistake in a generated file."""
    return Mutant(f"generated.{name}", edit, claim, first)


def swap(where: str, old: str, new: str = "") -> Swap:
    """An edit of a generated definition."""
    return Swap(where, scope="generated", old=old, new=new)


def template(name: str, file: str, old: str, new: str, claim: str, first: tuple[str, ...] = CURES) -> Mutant:
    """A mistake in a template, so in every file that is made from it."""
    return Mutant(f"generated.template.{name}", TemplateEdit(file, old, new), claim, first)


IN_REQUESTS = [
    generated(
        "renamed-field",
        swap(WRITE, NAMED, "one.name.replace('negative_prompt', 'negativePrompt')"),
        "the negative prompt has another name on the wire",
        REQUESTS,
    ),
    generated(
        "lost-field",
        swap(WRITE, "A is not UNSET", "A is not UNSET and one.name != 'caller_id'"),
        "the caller's id is not sent",
        REQUESTS,
    ),
    generated(
        "int32",
        swap(WRITE, "_written(value)", "_written(value % 2**32 if type(value) is int else value)"),
        "an id of 64 bits is cut to 32",
        REQUESTS,
    ),
    generated(
        "null",
        swap(WRITE, "getattr(self, one.name)", "getattr(self, one.name) or None"),
        "what is not given is sent as null",
        REQUESTS,
    ),
    generated(
        "default-audio",
        swap(f"{ORDER}.generate_audio", "generate_audio: A = False", "generate_audio: A = True"),
        "a constructed order has sound",
        WIRE,
    ),
    generated(
        "default-lost",
        swap(f"{ORDER}.generate_audio", "generate_audio: A = False", "generate_audio: A = UNSET"),
        "a constructed order says nothing of sound",
        WIRE,
    ),
    generated(
        "enum-name",
        swap("types:_written", "value.value", "value.name"),
        "P720 is sent, and LANDSCAPE_16_9 for 16:9",
        REQUESTS,
    ),
    generated("enum-swapped", swap("KnownResolution", "'720p'", "'1080p'"), "720p and 1080p are one", SHIPPED),
    generated(
        "mixed-up",
        swap(READ, POPPED, "d.get(name, src_dict.get('image', UNSET))"),
        "the image is told as the webhook",
        REQUESTS,
    ),
    generated(
        "form-boolean",
        swap("UploadFileRequest.to_multipart", "b'true' if self.fixed else b'false'", "str(self.fixed).encode()"),
        "a form says False where the service reads false",
        WIRE,
    ),
]
IN_ANSWERS = [
    generated(
        "closed-states",
        Lose("types:_read", scope="generated", item="ValueError"),
        "a state of tomorrow cannot be read",
        SHIPPED,
    ),
    generated(
        "lost-unknown",
        swap(READ, "made.additional_properties = d"),
        "fields of tomorrow are dropped",
        ANSWERS,
    ),
    generated(
        "lost-answer-field",
        swap(READ, POPPED, "d.get(name.replace('cover_url', 'cover'), UNSET)"),
        "the still is not read",
        SHIPPED,
    ),
    generated(
        "single-task-id",
        swap(WRITE, NAMED, "one.name.replace('task_id', 'taskId')"),
        "a single task id is written under another name",
        ANSWERS,
    ),
]
IN_ENDPOINTS = [
    generated(
        "path",
        swap(f"{SUBMIT}_get_kwargs", "'/v1/generation/image-to-video'", "'/v1/generations/image-to-video'"),
        "every order meets a 404",
        WIRE,
    ),
    generated("method", swap(f"{SUBMIT}_get_kwargs", "'post'", "'put'"), "every order meets a 405", WIRE),
    generated(
        "content-type",
        swap(f"{SUBMIT}_get_kwargs", "'application/json'", "'text/json'"),
        "an order is said to be another kind of text",
        WIRE,
    ),
    generated(
        "wrong-id",
        swap(
            "get_batch_status:_get_kwargs",
            "'/v1/generation/batch/{batch_id}/status'",
            "'/v1/generation/{batch_id}/status'",
        ),
        "a batch is asked for as a task",
        WIRE,
    ),
    generated(
        "async-differs",
        swap(
            f"{SUBMIT}asyncio_detailed",
            "client.get_async_httpx_client().request(**A)",
            "client.get_async_httpx_client().request(**{**A, 'params': {'async': '1'}})",
        ),
        "asyncio sends another URL",
        WIRE,
    ),
    generated(
        "401-success",
        swap(
            f"{SUBMIT}_parse_response",
            "response_default = ErrorReply.from_dict(A)",
            "response_default = SubmitReply.from_dict(A)",
        ),
        "a refused key is read as an order",
        RESPONSES,
    ),
    generated(
        "other-status",
        swap("get_task_status:_parse_response", "A.status_code == 200", "A.status_code == 201"),
        "a task is read as a refusal",
        RESPONSES,
    ),
    generated(
        "token-shown",
        Lose("AuthenticatedClient.token", scope="generated", item="repr=False"),
        "the key stands in every repr",
        SHIPPED,
    ),
    generated("scheme", swap("AuthenticatedClient.prefix", "'Bearer'", "'Token'"), "the key has another scheme", WIRE),
    generated("file-type", swap("File.to_tuple", "self.mime_type", "None"), "an uploaded image has no type", SHIPPED),
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
        "segment", "types.py.jinja", 'quote(text, safe="")', "quote(text)", "an id with a slash reaches another path"
    ),
    template(
        "dots", "types.py.jinja", 'if text in ("", ".", ".."):', 'if text == "":', "the id .. reaches another operation"
    ),
    template(
        "unreadable",
        "types.py.jinja",
        "        if response.is_success:\n            raise\n",
        "",
        "an unreadable success is None",
    ),
    template(
        "boundary",
        "endpoint_module.py.jinja",
        'indent(4) }}\n    {%- if body.content_type != "multipart/form-data" %}',
        'indent(4) }}\n    {%- if body.content_type != "multipart/form" %}',
        "an upload names no boundary",
    ),
]
GENERATED = [*IN_REQUESTS, *IN_ANSWERS, *IN_ENDPOINTS, *IN_TEMPLATES]
