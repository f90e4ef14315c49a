from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...types import Response, build_response

if TYPE_CHECKING:
    import httpx

    from ...client import AuthenticatedClient, Client
    from ...models.error_reply import ErrorReply
    from ...models.models_reply import ModelsReply


def _get_kwargs() -> dict[str, Any]:

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/growthai/v1/video/models",
    }

    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> ErrorReply | ModelsReply:

    from ...models.error_reply import ErrorReply
    from ...models.models_reply import ModelsReply

    if response.status_code == 200:
        response_200 = ModelsReply.from_dict(response.json())

        return response_200

    response_default = ErrorReply.from_dict(response.json())

    return response_default


def sync_detailed(
    *,
    client: AuthenticatedClient,
) -> Response[ErrorReply | ModelsReply]:
    """List the models and what each of them takes

    Read-only and free, on a host of its own. An empty or missing list of values means that the field is
    not sent for that model. Official code goes on without local checks when this call fails.

    Raises errors.UnexpectedStatus and httpx.TimeoutException, as Client says.
    """

    kwargs = _get_kwargs()

    response = client.get_httpx_client().request(**kwargs)

    return build_response(_parse_response, client, response)


def sync(
    *,
    client: AuthenticatedClient,
) -> ErrorReply | ModelsReply | None:
    """List the models and what each of them takes; see sync_detailed"""

    return sync_detailed(client=client).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
) -> Response[ErrorReply | ModelsReply]:
    """List the models and what each of them takes; see sync_detailed"""

    kwargs = _get_kwargs()

    response = await client.get_async_httpx_client().request(**kwargs)

    return build_response(_parse_response, client, response)


async def asyncio(
    *,
    client: AuthenticatedClient,
) -> ErrorReply | ModelsReply | None:
    """List the models and what each of them takes; see sync_detailed"""

    return (await asyncio_detailed(client=client)).parsed
