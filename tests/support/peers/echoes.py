"""Says everything back, and reads on only when that was taken."""

from listen import serve


def talk(conn, seen):
    while piece := seen.read(65_536):
        conn.sendall(piece)


serve(talk)
