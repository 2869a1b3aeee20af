"""Talks from the beginning, and goes on talking after the sender's end."""

import threading

from listen import serve


def talk(conn, seen):
    def chatter():
        try:
            while True:
                conn.sendall(b"and another thing\r\n" * 1_000)
        except OSError:
            pass  # the other side has had enough

    mouth = threading.Thread(target=chatter)
    mouth.start()
    while seen.read(65_536):
        pass
    mouth.join()


serve(talk)
