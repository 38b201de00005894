"""A small CONNECT proxy on loopback that sends every tunnel, wherever it wants to go, to the sandbox's TLS port.

Started by `server` for `--proxy-port`. Clients that hard-code https://login.salesforce.com run through it untouched when
HTTPS_PROXY names it (contract, section 3). It opens no connection to anywhere but loopback.
"""

import asyncio
from contextlib import suppress

LONGEST_HEAD = 16_384
_BLOCK = 65_536


class TunnelProxy:
    """Accepts CONNECT and pipes bytes to one port of loopback."""

    def __init__(self, target_port: int) -> None:
        self._target_port = target_port

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection to its end."""
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
            writer.close()
            return
        if not head.startswith(b"CONNECT "):
            writer.write(b"HTTP/1.1 405 Method Not Allowed\r\nAllow: CONNECT\r\nContent-Length: 0\r\n\r\n")
            writer.close()
            return
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", self._target_port)
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await asyncio.gather(_pipe(reader, inner_writer), _pipe(inner_reader, writer))


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while block := await reader.read(_BLOCK):
            writer.write(block)
            await writer.drain()
    with suppress(ConnectionError):
        writer.close()
