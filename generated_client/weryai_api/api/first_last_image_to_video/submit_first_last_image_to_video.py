from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...types import Response, build_response

if TYPE_CHECKING:
    import httpx

    from ...client import AuthenticatedClient, Client
    from ...models.error_reply import ErrorReply
    from ...models.first_last_image_to_video_request import FirstLastImageToVideoRequest
    from ...models.submit_reply import SubmitReply


def _get_kwargs(
    *,
    body: FirstLastImageToVideoRequest,
) -> dict[str, Any]:

    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/generation/first-last-image-to-video",
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> ErrorReply | SubmitReply:

    from ...models.error_reply import ErrorReply
    from ...models.submit_reply import SubmitReply

    if response.status_code == 200:
        response_200 = SubmitReply.from_dict(response.json())

        return response_200

    response_default = ErrorReply.from_dict(response.json())

    return response_default


def sync_detailed(
    *,
    client: AuthenticatedClient,
    body: FirstLastImageToVideoRequest,
) -> Response[ErrorReply | SubmitReply]:
    """Submit a first-and-last-frame-to-video task

    As `submitImageToVideo`, with two pictures: the video begins with one and ends with the other. The
    page's example asks VEO_3_1 for 5 seconds, which other pages let make 8 only. Every accepted call is
    paid for.

    Raises errors.UnexpectedStatus and httpx.TimeoutException, as Client says.
    """

    kwargs = _get_kwargs(body=body)

    response = client.get_httpx_client().request(**kwargs)

    return build_response(_parse_response, client, response)


def sync(
    *,
    client: AuthenticatedClient,
    body: FirstLastImageToVideoRequest,
) -> ErrorReply | SubmitReply | None:
    """Submit a first-and-last-frame-to-video task; see sync_detailed"""

    return sync_detailed(client=client, body=body).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    body: FirstLastImageToVideoRequest,
) -> Response[ErrorReply | SubmitReply]:
    """Submit a first-and-last-frame-to-video task; see sync_detailed"""

    kwargs = _get_kwargs(body=body)

    response = await client.get_async_httpx_client().request(**kwargs)

    return build_response(_parse_response, client, response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    body: FirstLastImageToVideoRequest,
) -> ErrorReply | SubmitReply | None:
    """Submit a first-and-last-frame-to-video task; see sync_detailed"""

    return (await asyncio_detailed(client=client, body=body)).parsed
