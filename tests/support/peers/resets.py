"""Reads some, or to the end with "all", and resets the connection."""

import socket
import struct
import sys

from listen import serve


def talk(conn, seen):
    left = float("inf") if sys.argv[1] == "all" else int(sys.argv[1])
    while left > 0 and (piece := seen.read(int(min(left, 65_536)))):
        left -= len(piece)
    # On, and zero seconds: close() sends RST (socket(7), SO_LINGER).
    conn.setsockopt(
        socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


serve(talk)
