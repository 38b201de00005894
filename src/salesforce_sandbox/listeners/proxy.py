"""A small CONNECT proxy on loopback that sends every tunnel, whatever host it wants to reach, to the sandbox's own ports.

Started by `server` for `--proxy-port`. Clients that hard-code https://login.salesforce.com run through it untouched when
HTTPS_PROXY names it (contract, section 3). It opens no connection to anywhere but loopback.
"""

import asyncio
import re
from collections.abc import Mapping
from contextlib import suppress

LONGEST_HEAD = 16_384
_BLOCK = 65_536
_CONNECT = re.compile(rb"CONNECT \S+:(\d+) ")


class TunnelProxy:
    """Accepts CONNECT and pipes bytes to ports of loopback: those of `ports` by the port asked for, else the usual one."""

    def __init__(self, usual_port: int, ports: Mapping[int, int]) -> None:
        self._usual_port = usual_port
        self._ports = ports

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection to its end."""
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
            writer.close()
            return
        wanted = _CONNECT.match(head)
        if not wanted:
            writer.write(b"HTTP/1.1 405 Method Not Allowed\r\nAllow: CONNECT\r\nContent-Length: 0\r\n\r\n")
            writer.close()
            return
        port = self._ports.get(int(wanted[1]), self._usual_port)
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await asyncio.gather(_pipe(reader, inner_writer), _pipe(inner_reader, writer))


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while block := await reader.read(_BLOCK):
            writer.write(block)
            await writer.drain()
    with suppress(ConnectionError):
        writer.close()
