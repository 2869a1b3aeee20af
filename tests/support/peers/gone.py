"""Connects so often, and resets each connection at once."""

import socket
import struct
import sys

for _ in range(int(sys.argv[2])):
    conn = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
    # On, and zero seconds: close() sends RST (socket(7), SO_LINGER).
    conn.setsockopt(
        socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    conn.close()
