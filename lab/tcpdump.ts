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
  #reading: Promise<void> | undefined;

  private constructor(process: Deno.ChildProcess) {
    this.#process = process;
  }

  /**
   * Starts a capture of TCP on loopback.
   *
   * @returns It, once it listens; `null` where this is not possible.
   */
  static async start(): Promise<Capture | null> {
    if (userId() !== 0) return null;
    const args = ["-i", "lo", "-n", "-tt", "-l", "-U", "--immediate-mode"];
    const filter = `tcp or (udp and dst port ${DISCARD})`;
    let capture: Capture;
    try {
      capture = new Capture(
        new Deno.Command("tcpdump", {
          args: [...args, "-s", "96", filter],
          stdin: "null",
          stdout: "piped",
          stderr: "piped",
        }).spawn(),
      );
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return null;
      throw error;
    }
    const ready = await capture.#untilReady();
    if (!ready) {
      await capture[Symbol.asyncDispose]();
      return null;
    }
    capture.#reading = capture.#read();
    return capture;
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

  /** Waits for "listening on lo"; false when tcpdump gives up instead. */
  async #untilReady(): Promise<boolean> {
    const decoder = new TextDecoder();
    let said = "";
    for await (const chunk of this.#process.stderr) {
      said += decoder.decode(chunk);
      // Leaving the loop cancels the stream: what follows is a summary.
      if (said.includes("listening on")) return true;
    }
    await this.#process.stdout.cancel();
    return false;
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
        if (packet) this.#packets.push(packet);
        else if (line.includes(`.${DISCARD}: UDP`)) this.#marked.resolve();
      }
    }
    this.#marked.resolve();
  }
}

/**
 * Reads one line of tcpdump -tt -n.
 *
 * @param line As it was printed.
 * @returns The TCP packet, `null` when it is something else.
 */
export function parsePacket(line: string): Packet | null {
  const match =
    /^(\d+\.\d+) IP [\d.]+\.(\d+) > [\d.]+\.(\d+): Flags \[([^\]]+)\].* length (\d+)/
      .exec(line);
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
