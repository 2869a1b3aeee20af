"""Five claims of the lab, put to the kernel by another language's runtime.

Makes the same calls as the lab's experiments and prints what it saw as one
JSON object, claim number to evidence, in the lab's own words. It knows nothing
of the lab's libc layer, so a mistake there would show as a difference.
"""

import errno
import json
import os
import select
import socket
import struct
import time

WAIT_MS = 2000


def result(call, *args):
    """The call's return value, or the name of the error."""
    try:
        value = call(*args)
        if value is None:
            return 0
        return len(value) if isinstance(value, bytes) else value
    except OSError as error:
        return errno.errorcode[error.errno]


def listener(reuse=False, buffer=None, port=0):
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    if reuse:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if buffer:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    sock.bind(("127.0.0.1", port))
    sock.listen(16)
    return sock


def pair(buffer=None, reuse=False):
    listening = listener(reuse, buffer)
    client = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    if buffer:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, buffer)
    client.connect(listening.getsockname())
    server, _ = listening.accept()
    listening.close()
    return client, server


def wait_for(sock, events):
    """Until poll(2) reports something; its absence is a failure."""
    poller = select.poll()
    poller.register(sock, events)
    if not poller.poll(WAIT_MS):
        raise SystemExit("nothing came within the time")


def linger(sock, seconds):
    value = struct.pack("ii", 1, seconds)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, value)


def read_to_end(sock):
    total = 0
    while True:
        try:
            data = sock.recv(65536)
        except OSError as error:
            return total, errno.errorcode[error.errno]
        if not data:
            return total, "end"
        total += len(data)


def claim_11():
    def ends(read):
        client, server = pair()
        server.sendall(b"220 Welcome\r\n")
        wait_for(client, select.POLLIN)
        if read:
            client.recv(64)
        client.close()
        return result(server.recv, 64)

    return {"unread": ends(False), "allRead": ends(True)}


def claim_18():
    client, server = pair(buffer=32 * 1024)
    client.setblocking(False)
    sent = 0
    try:
        while True:
            sent += client.send(bytes(65536))
    except BlockingIOError:
        pass
    client.setblocking(True)
    linger(client, 1)
    begun = time.monotonic()
    closed = result(os.close, client.detach())  # socket.close() hides errors
    waited = time.monotonic() - begun
    read, end = read_to_end(server)
    return {
        "closeResult": closed,
        "waitedForLinger": 0.9 < waited < 2,
        "readAll": read == sent,
        "peerEnd": end,
    }


def claim_21():
    client, server = pair()
    server.sendall(b"before")
    wait_for(client, select.POLLIN)
    cut = result(client.shutdown, socket.SHUT_RD)
    before = result(client.recv, 64)
    client.settimeout(0.2)
    empty = result(client.recv, 64)
    more = result(server.send, b"afterwards")
    return {
        "result": cut,
        "queuedBefore": before,
        "whenEmpty": empty,
        "peerSent": more,
        "sentAfter": result(client.recv, 64),
    }


def claim_22():
    client, server = pair()
    client.shutdown(socket.SHUT_WR)
    client.shutdown(socket.SHUT_RD)
    wait_for(server, select.POLLIN)
    first = result(server.send, b"one")
    wait_for(server, 0)  # POLLERR and POLLHUP come unasked
    return {"first": first, "second": result(server.send, b"two")}


def time_wait(port):
    """Until /proc/net/tcp lists the port in TIME_WAIT (06)."""
    deadline = time.monotonic() + WAIT_MS / 1000
    while time.monotonic() < deadline:
        with open("/proc/net/tcp", encoding="ascii") as table:
            for line in table.readlines()[1:]:
                _, local, _, state = line.split()[:4]
                if int(local.split(":")[1], 16) == port and state == "06":
                    return
    raise SystemExit("no TIME_WAIT within the time")


def claim_33():
    def restart(reuse):
        client, server = pair(reuse=reuse)
        port = server.getsockname()[1]
        server.close()
        read_to_end(client)
        client.close()
        time_wait(port)

        def bind(again):
            sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            if again:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound = result(sock.bind, ("127.0.0.1", port))
            sock.close()
            return bound

        return {"without": bind(False), "with": bind(True)}

    return {"plain": restart(False), "reusing": restart(True)}


print(json.dumps({
    "11": claim_11(),
    "18": claim_18(),
    "21": claim_21(),
    "22": claim_22(),
    "33": claim_33(),
}))
