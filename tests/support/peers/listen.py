"""Listens on a free port, says which, serves one connection, reports on it."""

import hashlib
import json
import socket


class Seen:
    """What came in, and how it ended."""

    def __init__(self, conn):
        self._conn = conn
        self._hash = hashlib.sha256()
        self._bytes = 0
        self.end = "none"

    def read(self, most):
        piece = self._conn.recv(most)
        self._hash.update(piece)
        self._bytes += len(piece)
        if not piece:
            self.end = "eof"
        return piece

    def report(self):
        print(json.dumps({
            "bytes": self._bytes,
            "sha256": self._hash.hexdigest(),
            "end": self.end,
        }), flush=True)


def serve(talk):
    """Calls talk(conn, seen); a reset in it is an end like any other."""
    with socket.socket() as listener:
        # Small, so that what is not read yet stays with the sender.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        print(json.dumps({"port": listener.getsockname()[1]}), flush=True)
        conn, _ = listener.accept()
    seen = Seen(conn)
    with conn:
        try:
            talk(conn, seen)
        except (ConnectionResetError, BrokenPipeError):
            seen.end = "reset"
    seen.report()
