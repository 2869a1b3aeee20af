"""Reads to the end and only then says something."""

from listen import serve


def talk(conn, seen):
    total = 0
    while piece := seen.read(65_536):
        total += len(piece)
    conn.sendall(b"250 got %d\r\n" % total)


serve(talk)
