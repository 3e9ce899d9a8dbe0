"""Pass TLS connections from other containers on to servers that listen on the loopback address alone.

python tls_door.py CERTIFICATE KEY OUTER_PORT=INNER_PORT...
"""

import asyncio
import ssl
import sys
from contextlib import suppress
from functools import partial

_CHUNK = 64 * 1024


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while chunk := await reader.read(_CHUNK):
            writer.write(chunk)
            await writer.drain()
    writer.close()


async def _pass_on(port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", port)
    await asyncio.gather(_copy(reader, inner_writer), _copy(inner_reader, writer))


async def _serve(certificate: str, key: str, doors: list[str]) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    servers = [
        await asyncio.start_server(partial(_pass_on, int(inner)), port=int(outer), ssl=context)
        for outer, inner in (door.split("=") for door in doors)
    ]
    await asyncio.gather(*(server.serve_forever() for server in servers))


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1], sys.argv[2], sys.argv[3:]))
