"""Messages between the fork server, its kernels and its clients: JSON, each in one packet of a local socket."""

from __future__ import annotations

import json
import socket
from typing import Any

KIND = getattr(socket, "SOCK_SEQPACKET", socket.SOCK_STREAM)
LARGEST_BYTES = 1 << 20  # an environment of more is refused by the system long before


def send(connection: socket.socket, content: dict[str, Any]) -> None:
    """Send one message; raises OSError where the other end has left."""
    connection.send(json.dumps(content).encode())


def receive(connection: socket.socket) -> dict[str, Any] | None:
    """The next message; None where the other end has left."""
    try:
        content = connection.recv(LARGEST_BYTES)
    except ConnectionError:
        return None
    return dict(json.loads(content)) if content else None
