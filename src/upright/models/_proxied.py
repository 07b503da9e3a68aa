"""Through a proxy of the environment (HTTPS_PROXY): aiohttp knows tunnels, and is kept for them."""

from collections.abc import Mapping

import aiohttp

from upright.models._transport import BrokenError, Reply, unopened


class Proxied:
    """What `_wire.Wire` is, by way of a proxy."""

    def __init__(
        self, url: str, headers: Mapping[str, str], concurrency: int, timeout: float, proxy: str
    ) -> None:
        self._url, self._proxy = url, proxy
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=concurrency),
            timeout=aiohttp.ClientTimeout(total=timeout),
            headers=headers,
        )

    async def post(self, payload: bytes) -> Reply:
        try:
            async with self._session.post(
                self._url, data=payload, allow_redirects=False, proxy=self._proxy
            ) as response:
                body = (await response.read()).decode("utf-8", "surrogateescape")
        except aiohttp.ClientConnectorError as error:
            raise unopened(error, str(error)) from None
        except TimeoutError:
            raise
        except (aiohttp.ClientError, OSError) as error:
            raise BrokenError(str(error) or type(error).__name__) from None
        headers = {name.lower(): response.headers[name] for name in response.headers}
        return Reply(response.status, headers, body)

    async def close(self) -> None:
        await self._session.close()
