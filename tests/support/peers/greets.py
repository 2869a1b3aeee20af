"""Greets like a mail server, then reads 4,096 bytes at a time with pauses."""

import time

from listen import serve


def talk(conn, seen):
    conn.sendall(b"220 Welcome\r\n")
    while seen.read(4_096):
        # The slowness under test: bytes must still be on their way when a sender
        # that closes too early closes. Nothing is synchronised by it.
        time.sleep(0.001)


serve(talk)
