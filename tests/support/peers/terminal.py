"""Runs a program on a terminal: what it prints is passed on, a line typed once
it has printed a given text. Ends with the program's exit code."""

import os
import pty
import sys

after, line, *program = sys.argv[1:]
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(program[0], program)
seen = b""
typed = not after
while True:
    try:
        piece = os.read(terminal, 4096)
    except OSError:  # the program has closed its end
        break
    if not piece:
        break
    os.write(1, piece)
    seen += piece
    if not typed and after.encode() in seen:
        typed = True
        os.write(terminal, line.encode() + b"\n")
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
