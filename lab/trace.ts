/**
 * What was observed of the connections of an experiment, in order of time:
 * calls and their results, states, and packets where somebody captured them.
 *
 * @module
 */

import type { Done, Timed } from "./calls.ts";
import { MSG, SHUT } from "./linux.ts";
import { now, type States } from "./proc.ts";

/** Which end of a connection. */
export type End = "client" | "server";

/** One packet on the wire. */
export interface Packet {
  /** Milliseconds since 1970. */
  at: number;
  from: number;
  to: number;
  /** As tcpdump writes them: S, F, R, P and a dot for ACK. */
  flags: string;
  /** Bytes of data in it. */
  length: number;
}

/** Something seen at one end. */
export type Event =
  | { kind: "call"; at: number; end: number; side: End; text: string }
  | { kind: "states"; at: number; client: string; server: string };

/** One connection of an experiment. */
export interface Connection {
  label: string;
  clientPort: number;
  serverPort: number;
  events: Event[];
  /** Its descriptors, each with the side it is on. */
  descriptors: Map<number, End>;
}

/** Collects events for the connections that were given a label. */
export class Trace {
  readonly connections: Connection[] = [];

  /**
   * Starts to follow a connection.
   *
   * @param label Heads its ladder.
   * @param ends Its ports, and the descriptors that are known by now.
   * @param opening Calls that made it, if they have been made.
   */
  follow(
    label: string,
    ends: Pick<Connection, "clientPort" | "serverPort"> & {
      client: number;
      server?: number;
    },
    opening: { connected?: Timed; accepted?: Timed } = {},
  ): void {
    const { clientPort, serverPort, client, server } = ends;
    const descriptors = new Map<number, End>([[client, "client"]]);
    if (server !== undefined) descriptors.set(server, "server");
    const events: Event[] = [];
    const connection = { label, clientPort, serverPort, events, descriptors };
    const { connected, accepted } = opening;
    if (connected) this.#add(connection, "client", "connect()", connected);
    if (accepted) this.#add(connection, "server", "accept()", accepted);
    this.connections.push(connection);
  }

  /**
   * Notes a call if it is on a followed connection.
   *
   * @returns That connection.
   */
  call(done: Done): Connection | null {
    const { name, args, result } = done;
    const fd = Number(args[0]);
    const connection = this.connections.find((c) => c.descriptors.has(fd));
    if (["socket", "accept", "dup"].includes(name)) {
      // The number was free, so whatever it meant before is over.
      for (const { descriptors } of this.connections) {
        descriptors.delete(result.value);
      }
    }
    const side = connection?.descriptors.get(fd);
    if (!connection || !side || name === "localPort") return null;
    if (name === "dup") connection.descriptors.set(result.value, side);
    this.#add(connection, side, callText(name, args.slice(1)), result);
    return connection;
  }

  /** Notes states when they differ from the last ones seen. */
  states(clientPort: number, serverPort: number, states: States): void {
    const connection = this.connections.find((c) =>
      c.clientPort === clientPort && c.serverPort === serverPort
    );
    if (!connection) return;
    const [client, server] = [describe(states.client), describe(states.server)];
    const last = connection.events.findLast((e) => e.kind === "states");
    if (!last && !states.client && !states.server) return; // UDP, or not yet
    if (last?.client === client && last.server === server) return;
    connection.events.push({ kind: "states", at: now(), client, server });
  }

  /** Forgets everything. */
  clear(): void {
    this.connections.length = 0;
  }

  #add(connection: Connection, side: End, call: string, result: Timed): void {
    const { start: at, end, value, errno } = result;
    const partly = errno !== null && value > 0 ? ` after ${value}` : "";
    const text = `${call} = ${errno ?? value}${partly}`;
    connection.events.push({ kind: "call", at, end, side, text });
  }
}

/** A call as a ladder shows it, with names for the numbers that have them. */
function callText(name: string, args: readonly unknown[]): string {
  const shown = args.map((arg, index) =>
    name === "shutdown"
      ? formatTarget(SHUT, "SHUT_", arg)
      : name === "recv" && index === 1
      ? formatTarget(MSG, "MSG_", arg)
      : JSON.stringify(arg)
  );
  return `${name}(${shown.join(", ")})`;
}

function formatTarget(
  names: Readonly<Record<string, number>>,
  prefix: string,
  value: unknown,
): string {
  const name = Object.keys(names).find((key) => names[key] === value);
  return name ? prefix + name : `${value}`;
}

/** A state as a ladder shows it. */
function describe(row: States["client"]): string {
  if (row === null) return "gone";
  const unsent = row.unsent > 0 ? `, ${row.unsent} unsent` : "";
  const unread = row.unread > 0 ? `, ${row.unread} unread` : "";
  return row.state + unsent + unread;
}
