/**
 * Programs that die while they hold a socket.
 *
 * What a crash does to a connection cannot be shown from inside the process
 * that watches it. So the socket becomes standard input of a shell, in the
 * manner of inetd(8), and the shell is the peer: it reads, or does not, and is
 * killed, or ends by itself.
 *
 * @module
 */

import { shell, type ShellLine } from "../tests/support/commands.ts";
import { LabError } from "./error.ts";
import { call } from "./libc.ts";
import { SIGNAL } from "./linux.ts";
import { type Memory, payload, stringArray } from "./structs.ts";

/** How a process ended: its exit status, or the signal that killed it. */
export type Ending = { status: number } | { signal: number };

const O_CLOEXEC = 0o2000000;
const WNOHANG = 1;
/** A child that does not end by itself is a fault of the lab; it is killed. */
const LONGEST_LIFE_MS = 5_000;

/** A shell whose standard input is a socket. */
export class Child implements Disposable {
  /** Its process id. */
  readonly pid: number;
  #output: number;
  #ending: Ending | undefined;

  /**
   * Starts the shell. The caller's descriptor stays open: only when that is
   * closed too is the child the last to hold the socket.
   *
   * @param socket Becomes standard input.
   * @param script What `/bin/sh` runs; what it prints is kept.
   */
  constructor(socket: number, script: ShellLine) {
    const ends = new Int32Array(2);
    check(call((c) => c.pipe2(ends, O_CLOEXEC)).value, "make a pipe");
    const [output, input] = [ends[0] ?? -1, ends[1] ?? -1];
    const actions = new Uint8Array(128); // posix_spawn_file_actions_t has 80
    const pid = new Int32Array(1);
    const argv = stringArray(shell(script));
    const env = stringArray(["PATH=/usr/bin:/bin"]);
    call((c) => c.posix_spawn_file_actions_init(actions));
    call((c) => c.posix_spawn_file_actions_adddup2(actions, socket, 0));
    call((c) => c.posix_spawn_file_actions_adddup2(actions, input, 1));
    const path: Memory = payload("/bin/sh\0");
    const failed =
      call((c) =>
        c.posix_spawn(pid, path, actions, null, argv.bytes, env.bytes)
      ).value;
    call((c) => c.posix_spawn_file_actions_destroy(actions));
    call((c) => c.close(input));
    this.#output = output;
    this.pid = pid[0] ?? 0;
    if (failed !== 0) {
      call((c) => c.close(output));
      throw new LabError(
        `Cannot start /bin/sh: posix_spawn returned ${failed}`,
      );
    }
  }

  /** Ends it as a crash would: nothing of its own runs any more. */
  kill(): void {
    call((c) => c.kill(this.pid, SIGNAL.KILL));
  }

  /** Waits until it has printed a line, and returns what it printed so far. */
  async line(): Promise<string> {
    const POLLIN = 1;
    for (let waited = 0; waited < LONGEST_LIFE_MS; waited += 2) {
      const entry = new Int32Array([this.#output, POLLIN]);
      if (call((c) => c.poll(entry, 1n, 0)).value > 0) return this.#read();
      await tick();
    }
    throw new LabError("Cannot hear from the child: it printed nothing");
  }

  /** Waits for its end, and returns that and the rest of what it printed. */
  async ended(): Promise<{ ending: Ending; printed: string }> {
    for (let waited = 0; !this.#reap(); waited += 2) {
      if (waited > LONGEST_LIFE_MS) this.kill();
      await tick();
    }
    const ending = this.#ending;
    if (!ending) throw new LabError("Cannot tell how the child ended");
    return { ending, printed: this.#read() };
  }

  /** Kills it if it still runs, and leaves neither zombie nor pipe. */
  [Symbol.dispose](): void {
    if (!this.#ending) {
      this.kill();
      // SIGKILL cannot be caught, so this wait is over at once.
      const status = new Int32Array(1);
      call((c) => c.waitpid(this.pid, status, 0));
      this.#ending = { signal: SIGNAL.KILL };
    }
    if (this.#output !== -1) call((c) => c.close(this.#output));
    this.#output = -1;
  }

  #reap(): boolean {
    if (this.#ending) return true;
    const status = new Int32Array(1);
    const { value } = call((c) => c.waitpid(this.pid, status, WNOHANG));
    if (value !== this.pid) return false;
    const word = status[0] ?? 0; // wait(2): the macros WIFSIGNALED and others
    const signal = word & 0x7f;
    this.#ending = signal ? { signal } : { status: (word >> 8) & 0xff };
    return true;
  }

  #read(): string {
    const buffer = new Uint8Array(256);
    const { value } = call((c) =>
      c.read(this.#output, buffer, BigInt(buffer.length))
    );
    return new TextDecoder().decode(buffer.subarray(0, Math.max(0, value)));
  }
}

/** Puts an ending in words. */
export function endingText(ending: Ending): string {
  return "signal" in ending
    ? `killed by signal ${ending.signal}`
    : `exit ${ending.status}`;
}

function check(value: number, doing: string): void {
  if (value === -1) throw new LabError(`Cannot ${doing}`);
}

/** Between two looks at something that is about to happen. */
function tick(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 2));
}
