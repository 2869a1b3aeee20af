"""Reads some, then says a lot at once, more than buffers hold, and reads on."""

import sys

from listen import serve


def talk(conn, seen):
    left = int(sys.argv[1])
    while left > 0:
        left -= len(seen.read(min(left, 65_536)))
    conn.sendall(bytes(8_000_000))
    while seen.read(65_536):
        pass


serve(talk)
