from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...types import Response, build_response, path_segment

if TYPE_CHECKING:
    import httpx

    from ...client import AuthenticatedClient, Client
    from ...models.batch_status_reply import BatchStatusReply
    from ...models.error_reply import ErrorReply


def _get_kwargs(
    batch_id: str,
) -> dict[str, Any]:

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/generation/batch/{batch_id}/status".format(
            batch_id=path_segment(batch_id, "batch_id"),
        ),
    }

    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> BatchStatusReply | ErrorReply:

    from ...models.batch_status_reply import BatchStatusReply
    from ...models.error_reply import ErrorReply

    if response.status_code == 200:
        response_200 = BatchStatusReply.from_dict(response.json())

        return response_200

    response_default = ErrorReply.from_dict(response.json())

    return response_default


def sync_detailed(
    batch_id: str,
    *,
    client: AuthenticatedClient,
) -> Response[BatchStatusReply | ErrorReply]:
    """Ask for every task of one submission

    Read-only, free, safe to repeat. A batch has no state of its own: it is done when each of its tasks
    is. Official code asks here only when a submission gave several task ids and a batch id.

    Raises errors.UnexpectedStatus and httpx.TimeoutException, as Client says.
    """

    kwargs = _get_kwargs(batch_id=batch_id)

    response = client.get_httpx_client().request(**kwargs)

    return build_response(_parse_response, client, response)


def sync(
    batch_id: str,
    *,
    client: AuthenticatedClient,
) -> BatchStatusReply | ErrorReply | None:
    """Ask for every task of one submission; see sync_detailed"""

    return sync_detailed(batch_id=batch_id, client=client).parsed


async def asyncio_detailed(
    batch_id: str,
    *,
    client: AuthenticatedClient,
) -> Response[BatchStatusReply | ErrorReply]:
    """Ask for every task of one submission; see sync_detailed"""

    kwargs = _get_kwargs(batch_id=batch_id)

    response = await client.get_async_httpx_client().request(**kwargs)

    return build_response(_parse_response, client, response)


async def asyncio(
    batch_id: str,
    *,
    client: AuthenticatedClient,
) -> BatchStatusReply | ErrorReply | None:
    """Ask for every task of one submission; see sync_detailed"""

    return (await asyncio_detailed(batch_id=batch_id, client=client)).parsed
