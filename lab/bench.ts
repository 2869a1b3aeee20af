/**
 * The bench an experiment works at: two programs, connections between them,
 * a view of both sides' states, and a clean table afterwards.
 *
 * @module
 */

import type { Done } from "./calls.ts";
import { LabError } from "./error.ts";
import { close, setsockopt } from "./libc.ts";
import type { TcpState } from "./linux.ts";
import { type States, tcpTable } from "./proc.ts";
import { Program } from "./program.ts";
import { type Connection, Trace } from "./trace.ts";

/** A connection between the two programs of an experiment. */
export interface Pair {
  /** The client's descriptor. */
  client: number;
  /** The server's, from accept(). */
  server: number;
  clientPort: number;
  serverPort: number;
}

/** How to make a connection. */
export interface PairOptions {
  /** Name of its ladder; without one, none is drawn. */
  label?: string;
  /** SO_SNDBUF and SO_RCVBUF of both sides, for buffers that fill quickly. */
  buffer?: number;
  /** SO_REUSEADDR on the listener. */
  reuse?: boolean;
}

/** A blocked call of an experiment that went wrong ends after this long. */
const SAFETY_MS = 8_000;

/** Two programs and what lies between them. */
export class Bench implements AsyncDisposable {
  /** Descriptors that the experiment opened and has not closed. */
  readonly #open = new Set<number>();
  readonly trace: Trace = new Trace();

  private constructor(
    readonly client: Program,
    readonly server: Program,
    /** A second thread of the server's, for claim 29. */
    readonly other: Program,
  ) {
    for (const program of [client, server, other]) {
      program.observer = (done) => this.#observe(done);
    }
  }

  /** Starts the threads; they serve one experiment after the other. */
  static async open(): Promise<Bench> {
    const names = ["client", "server", "server's other thread"];
    const [client, server, other] = await Promise.all(
      names.map((name) => Program.start(name)),
    );
    if (!client || !server || !other) {
      throw new LabError("Cannot start threads");
    }
    return new Bench(client, server, other);
  }

  /** A listening socket of the server's on a port the kernel chose. */
  async listen(
    options: PairOptions & { backlog?: number; port?: number } = {},
  ): Promise<{ fd: number; port: number }> {
    const { value: fd } = await this.server.call("socket", "stream");
    await this.#prepare(this.server, fd, options);
    if (options.reuse) {
      await this.server.call("setsockopt", fd, "SO_REUSEADDR", 1);
    }
    const bound = await this.server.call("bind", fd, options.port ?? 0);
    if (bound.errno) throw new LabError(`Cannot bind: ${bound.errno}`);
    await this.server.call("listen", fd, options.backlog ?? 16);
    const { value: port } = await this.server.call("localPort", fd);
    return { fd, port };
  }

  /** A socket of the client's that is not connected yet. */
  async socket(options: PairOptions = {}): Promise<number> {
    const { value: fd } = await this.client.call("socket", "stream");
    await this.#prepare(this.client, fd, options);
    return fd;
  }

  /** The same with a port of its own, followed from before it connects. */
  async followed(label: string, serverPort: number): Promise<number> {
    const client = await this.socket();
    await this.client.call("bind", client, 0);
    const { value: clientPort } = await this.client.call("localPort", client);
    this.trace.follow(label, { client, clientPort, serverPort });
    return client;
  }

  /** An established connection; its listener is closed again. */
  async pair(options: PairOptions = {}): Promise<Pair> {
    const listener = await this.listen(options);
    const pair = await this.connect(listener, options);
    await this.server.call("close", listener.fd);
    return pair;
  }

  /** An established connection over a listener that stays. */
  async connect(
    listener: { fd: number; port: number },
    options: PairOptions = {},
  ): Promise<Pair> {
    const client = await this.socket(options);
    const connected = await this.client.call("connect", client, listener.port);
    if (connected.errno) {
      throw new LabError(`Cannot connect: ${connected.errno}`);
    }
    const accepted = await this.server.call("accept", listener.fd);
    if (accepted.errno) throw new LabError(`Cannot accept: ${accepted.errno}`);
    const { value: clientPort } = await this.client.call("localPort", client);
    const server = accepted.value;
    await this.#prepare(this.server, server, {});
    const pair = { client, server, clientPort, serverPort: listener.port };
    if (options.label) {
      this.trace.follow(options.label, pair, { connected, accepted });
      this.states(pair);
    }
    return pair;
  }

  /** What the kernel lists for both sides now; goes into the ladder too. */
  states(pair: Pick<Pair, "clientPort" | "serverPort">): States {
    const rows = tcpTable();
    const { clientPort, serverPort } = pair;
    const find = (port: number, peer: number) =>
      rows.find((row) => row.port === port && row.peer === peer) ?? null;
    const states = {
      client: find(clientPort, serverPort),
      server: find(serverPort, clientPort),
    };
    this.trace.states(clientPort, serverPort, states);
    return states;
  }

  /**
   * Waits until both sides look as asked, and no longer than `ms`.
   *
   * @returns How they looked last, which may not be what was asked for.
   */
  async until(
    pair: Pick<Pair, "clientPort" | "serverPort">,
    wanted: (states: States) => boolean,
    ms: number = 1_000,
  ): Promise<States> {
    const deadline = performance.now() + ms;
    for (;;) {
      const states = this.states(pair);
      if (wanted(states) || performance.now() > deadline) return states;
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }

  /** The port states of one side's listener or leftover, peer ignored. */
  stateOfPort(port: number): TcpState[] {
    return tcpTable().filter((row) => row.port === port).map((row) =>
      row.state
    );
  }

  /** Takes responsibility for a descriptor that came by another way. */
  adopt(fd: number): void {
    this.#open.add(fd);
  }

  /** Closes what an experiment left open, and forgets its ladder. */
  clear(): void {
    for (const fd of this.#open) {
      // A reset leaves no TIME_WAIT and cannot block, whatever is unsent.
      setsockopt(fd, "SO_LINGER", 0);
      close(fd);
    }
    this.#open.clear();
    this.trace.clear();
  }

  /** Ends the threads. */
  [Symbol.asyncDispose](): Promise<void> {
    this.clear();
    for (const program of [this.client, this.server, this.other]) {
      program[Symbol.dispose]();
    }
    return Promise.resolve();
  }

  async #prepare(
    program: Program,
    fd: number,
    options: PairOptions,
  ): Promise<void> {
    await program.run([
      ["setsockopt", fd, "SO_RCVTIMEO", SAFETY_MS],
      ["setsockopt", fd, "SO_SNDTIMEO", SAFETY_MS],
      ...options.buffer
        ? [
          ["setsockopt", fd, "SO_SNDBUF", options.buffer] as const,
          ["setsockopt", fd, "SO_RCVBUF", options.buffer] as const,
        ]
        : [],
    ]);
  }

  #observe(done: readonly Done[]): void {
    const touched = new Set<Connection>();
    for (const step of done) {
      const { name, args, result } = step;
      if (name === "socket" || name === "accept" || name === "dup") {
        if (result.value !== -1) this.#open.add(result.value);
      }
      if (name === "close") this.#open.delete(Number(args[0]));
      const connection = this.trace.call(step);
      if (connection) touched.add(connection);
    }
    for (const connection of touched) this.states(connection);
  }
}
