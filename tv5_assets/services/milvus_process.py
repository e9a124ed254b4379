"""The process of the standalone Milvus: ``python -m tv5_assets.services.milvus_process PORT PROGRAM [ARGUMENT...]``.

Milvus listens at a dozen ports on every interface of the machine, and two of them are always the same. So it runs in a
network of its own, which nothing else can reach, and this process passes on what comes in at one port of loopback. That
takes a kernel that gives out network namespaces: Linux, and as another user than root, with user namespaces allowed.
What does not belong here: who starts it and when (milvus_server.py, supervisor.py).
"""

import asyncio
import ctypes
import fcntl
import os
import signal
import socket
import struct
import subprocess
import sys

from tv5_assets.services.parent import end_with_parent
from tv5_assets.services.server import HOST

_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 1
_CHUNK_BYTES = 1 << 20


def main(port: int, command: list[str]) -> int:
    """Run a server until it ends; what connects to ``port`` of loopback reaches the same port of its network.

    Raises:
        OSError: the system gives out no network of its own.
    """
    listener = listening(port)  # it stays in the network that it was made in
    _enter_own_network()
    server = subprocess.Popen(command, preexec_fn=end_with_parent(signal.SIGKILL))  # noqa: S603  our own arguments
    return asyncio.run(_serve(listener, port, server))


def listening(port: int) -> socket.socket:
    """Return a socket that listens at ``port`` of loopback, and whose connections send what they have at once.

    Without that, an answer written in two parts waits for the other side's delayed acknowledgement: 40 ms on Linux, in
    one of 300 answers. asyncio asks for it itself, but not of a socket like this one, which was not told its protocol.
    """
    listener = socket.create_server((HOST, port))
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def _enter_own_network() -> None:
    """Move this process into a network that has nothing but loopback."""
    unshare = ctypes.CDLL(None, use_errno=True).unshare
    if unshare(_CLONE_NEWNET) and unshare(_CLONE_NEWUSER | _CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "Milvus needs a network namespace, which this system does not give out")
    with socket.socket() as probe:
        request = struct.pack("16sh", b"lo", 0)
        _, flags = struct.unpack("16sh", fcntl.ioctl(probe, _SIOCGIFFLAGS, request))
        fcntl.ioctl(probe, _SIOCSIFFLAGS, struct.pack("16sh", b"lo", flags | _IFF_UP))


async def _serve(listener: socket.socket, port: int, server: "subprocess.Popen[bytes]") -> int:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, server.terminate)

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            to_server = await asyncio.open_connection(HOST, port, limit=_CHUNK_BYTES)
        except OSError:  # the server does not listen yet
            writer.close()
            return
        await asyncio.wait(
            [asyncio.create_task(_copy(reader, to_server[1])), asyncio.create_task(_copy(to_server[0], writer))]
        )

    async with await asyncio.start_server(pass_on, sock=listener, limit=_CHUNK_BYTES):
        return await asyncio.to_thread(server.wait)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Copy until one side ends, and end the other."""
    try:
        while chunk := await reader.read(_CHUNK_BYTES):
            writer.write(chunk)
            await writer.drain()
    except ConnectionError:
        pass  # it was hung up
    finally:
        writer.close()


if __name__ == "__main__":
    status = main(int(sys.argv[1]), sys.argv[2:])
    os._exit(status if status >= 0 else 1)  # connections that are still open are not waited for
