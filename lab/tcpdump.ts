/**
 * The packets of loopback, where somebody may look at them: as root, and with
 * tcpdump installed. Without either the lab goes on without packets.
 *
 * @module
 */

import { close, sendto, socket } from "./libc.ts";
import { userId } from "./proc.ts";
import type { Packet } from "./trace.ts";

/** The discard port, RFC 863: a datagram to it marks the end of a capture. */
const DISCARD = 9;
/** How long tcpdump may take to show the mark. A guess, with margin. */
const LAST_PACKET_MS = 1_000;

/** A running tcpdump. */
export class Capture implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #packets: Packet[] = [];
  readonly #marked = Promise.withResolvers<void>();
  readonly #ready = Promise.withResolvers<boolean>();
  #reading: Promise<unknown> | undefined;

  private constructor(process: Deno.ChildProcess) {
    this.#process = process;
  }

  /**
   * Starts a capture of loopback.
   *
   * @returns It, once it listens; `null` where this is not possible.
   */
  static async start(): Promise<Capture | null> {
    if (userId() !== 0) return null;
    const args = ["-i", "lo", "-n", "-tt", "-l", "-U", "--immediate-mode"];
    let capture: Capture;
    try {
      capture = new Capture(
        new Deno.Command("tcpdump", {
          args: [...args, "-s", "96", "tcp or udp"],
          stdin: "null",
          stdout: "piped",
          stderr: "piped",
        }).spawn(),
      );
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return null;
      throw error;
    }
    capture.#reading = Promise.all([capture.#listen(), capture.#read()]);
    if (await capture.#ready.promise) return capture;
    await capture[Symbol.asyncDispose]();
    return null;
  }

  /** Ends the capture. */
  async stop(): Promise<Packet[]> {
    // tcpdump is some packets behind. When it shows this one it has shown all.
    const { value: fd } = socket("datagram");
    sendto(fd, "end", DISCARD);
    close(fd);
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, LAST_PACKET_MS);
    await Promise.race([this.#marked.promise, promise]);
    clearTimeout(timer);
    await this[Symbol.asyncDispose]();
    return this.#packets;
  }

  /** Ends tcpdump and waits until it has gone. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#process.kill("SIGINT");
    } catch (error) {
      // It has ended before: nothing is left to stop.
      if (!(error instanceof TypeError)) throw error;
    }
    await this.#reading;
    await this.#process.status;
  }

  /** Waits for "listening on lo" and then takes whatever else it says. */
  async #listen(): Promise<void> {
    const decoder = new TextDecoder();
    let said = "";
    // To the end: tcpdump would die of a closed standard error (SIGPIPE).
    for await (const chunk of this.#process.stderr) {
      said += decoder.decode(chunk);
      if (said.includes("listening on")) this.#ready.resolve(true);
    }
    this.#ready.resolve(false);
  }

  async #read(): Promise<void> {
    const decoder = new TextDecoder();
    let rest = "";
    for await (const chunk of this.#process.stdout) {
      const lines = (rest + decoder.decode(chunk, { stream: true }))
        .split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        const packet = parsePacket(line);
        if (packet?.to === DISCARD) this.#marked.resolve();
        else if (packet) this.#packets.push(packet);
      }
    }
    this.#marked.resolve();
  }
}

/** A stamp, two addresses with ports, then TCP's flags or UDP, and a length. */
const LINE =
  /^(\d+\.\d+) IP [\d.]+\.(\d+) > [\d.]+\.(\d+): (?:Flags \[([^\]]+)\]|UDP).* length (\d+)/;

/**
 * Reads one line of tcpdump -tt -n.
 *
 * @param line As it was printed.
 * @returns The packet, `null` when it is neither TCP nor UDP over IPv4.
 */
export function parsePacket(line: string): Packet | null {
  const match = LINE.exec(line);
  if (!match) return null;
  const [, at, from, to, flags, length] = match;
  return {
    at: Number(at) * 1000,
    from: Number(from),
    to: Number(to),
    flags: flags ?? "",
    length: Number(length),
  };
}
