from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...types import Response, build_response

if TYPE_CHECKING:
    import httpx

    from ...client import AuthenticatedClient, Client
    from ...models.balance_reply import BalanceReply
    from ...models.error_reply import ErrorReply


def _get_kwargs() -> dict[str, Any]:

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/generation/balance",
    }

    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> BalanceReply | ErrorReply:

    from ...models.balance_reply import BalanceReply
    from ...models.error_reply import ErrorReply

    if response.status_code == 200:
        response_200 = BalanceReply.from_dict(response.json())

        return response_200

    response_default = ErrorReply.from_dict(response.json())

    return response_default


def sync_detailed(
    *,
    client: AuthenticatedClient,
) -> Response[BalanceReply | ErrorReply]:
    """Ask for the credits left

    Read-only and free; also the cheapest way to see whether a key is accepted.

    Raises errors.UnexpectedStatus and httpx.TimeoutException, as Client says.
    """

    kwargs = _get_kwargs()

    response = client.get_httpx_client().request(**kwargs)

    return build_response(_parse_response, client, response)


def sync(
    *,
    client: AuthenticatedClient,
) -> BalanceReply | ErrorReply | None:
    """Ask for the credits left; see sync_detailed"""

    return sync_detailed(client=client).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
) -> Response[BalanceReply | ErrorReply]:
    """Ask for the credits left; see sync_detailed"""

    kwargs = _get_kwargs()

    response = await client.get_async_httpx_client().request(**kwargs)

    return build_response(_parse_response, client, response)


async def asyncio(
    *,
    client: AuthenticatedClient,
) -> BalanceReply | ErrorReply | None:
    """Ask for the credits left; see sync_detailed"""

    return (await asyncio_detailed(client=client)).parsed
