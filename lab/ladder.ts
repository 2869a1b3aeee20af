/**
 * Draws what was observed of a connection as a ladder: the client's calls and
 * states on the left, the server's on the right, packets between them.
 *
 * @module
 */

import type { Connection, End, Event, Packet } from "./trace.ts";

const SIDE_WIDTH = 34;
const WIRE_WIDTH = 26;
/** A call shorter than this gets one line, a longer one its end too. */
const LONG_CALL_MS = 5;
/** As many calls of one name in a row are drawn as one. */
const MANY_CALLS = 8;

/** One line of a ladder, at its time. */
interface Rung {
  at: number;
  client?: string;
  wire?: string;
  server?: string;
}

/**
 * Draws connections.
 *
 * @param connections What was traced.
 * @param packets What was captured; `null` where nothing could be.
 * @returns One drawing for each connection.
 */
export function drawLadders(
  connections: readonly Connection[],
  packets: readonly Packet[] | null,
): string[] {
  return connections.map((connection) => draw(connection, packets));
}

function draw(
  connection: Connection,
  packets: readonly Packet[] | null,
): string {
  const rungs = [
    ...eventRungs(connection),
    ...packets ? packetRungs(connection, packets) : impliedRungs(connection),
  ].sort((a, b) => a.at - b.at);
  const zero = rungs[0]?.at ?? 0;
  const { label, clientPort, serverPort } = connection;
  const wire = packets ? "packets (tcpdump)" : "implied by what was seen";
  return [
    `${label}`,
    line("ms", `client ${clientPort}`, wire, `server ${serverPort}`),
    ...rungs.map((rung) =>
      line(
        (rung.at - zero).toFixed(2),
        rung.client ?? "",
        rung.wire ?? "",
        rung.server ?? "",
      )
    ),
  ].join("\n");
}

function line(at: string, left: string, wire: string, right: string): string {
  return [
    at.padStart(9),
    left.padEnd(SIDE_WIDTH),
    wire.padEnd(WIRE_WIDTH),
    right,
  ].join("  ").trimEnd();
}

function eventRungs(connection: Connection): Rung[] {
  const { events } = connection;
  const rungs: Rung[] = [];
  for (let i = 0; i < events.length; i++) {
    const event = events[i];
    if (!event) break;
    if (event.kind === "states") {
      const { at, client, server } = event;
      rungs.push({ at, client: `[${client}]`, server: `[${server}]` });
      continue;
    }
    const { at, end, side } = event;
    const alike = likeCalls(events, i);
    if (alike >= MANY_CALLS) {
      rungs.push({
        at,
        [side]: `${formatTarget(event.text)}() ${alike} times`,
      });
      i += alike - 1;
    } else if (end - at < LONG_CALL_MS) {
      rungs.push({ at, [side]: event.text });
    } else {
      const took = `(${(end - at).toFixed(0)} ms)`;
      const call = event.text.split(" = ")[0] ?? event.text;
      rungs.push({ at, [side]: `${call} …` });
      rungs.push({ at: end, [side]: `… ${event.text} ${took}` });
    }
  }
  return rungs;
}

/** How many calls of one name follow each other on one side from here on. */
function likeCalls(events: readonly Event[], from: number): number {
  const first = events[from];
  let count = 0;
  for (const event of events.slice(from)) {
    if (event.kind !== "call" || first?.kind !== "call") break;
    if (event.side !== first.side) break;
    if (formatTarget(event.text) !== formatTarget(first.text)) break;
    count++;
  }
  return count;
}

function formatTarget(call: string): string {
  return call.split("(")[0] ?? call;
}

/**
 * Packets of the connection; runs of data are one line. Of the bare
 * ACKs only the one that follows a FIN is drawn.
 */
function packetRungs(
  connection: Connection,
  packets: readonly Packet[],
): Rung[] {
  const ports = [connection.clientPort, connection.serverPort];
  const rungs: Rung[] = [];
  let run: Run | undefined;
  const flush = () => {
    if (run) rungs.push(runRung(run, connection));
    run = undefined;
  };
  let finFrom = -1;
  for (const { at, from, to, flags, length } of packets) {
    if (!ports.includes(from) || !ports.includes(to)) continue;
    const acknowledges = finFrom === to && flags === "." && length === 0;
    const name = acknowledges ? "ACK" : flagNames(flags);
    if (acknowledges) finFrom = -1;
    if (flags.includes("F")) finFrom = from;
    if (length > 0) {
      if (run && run.from !== from) flush();
      run = {
        from,
        at: run?.at ?? at,
        count: (run?.count ?? 0) + 1,
        bytes: (run?.bytes ?? 0) + length,
      };
    }
    if (name === "") continue;
    flush();
    rungs.push({ at, wire: arrow(name, side(connection, from)) });
  }
  flush();
  return rungs;
}

/** Packets of data one after the other in one direction. */
interface Run {
  from: number;
  at: number;
  count: number;
  bytes: number;
}

function runRung(run: Run, connection: Connection): Rung {
  const segments = run.count > 1 ? ` in ${run.count}` : "";
  const text = `${run.bytes} B${segments}`;
  return { at: run.at, wire: arrow(text, side(connection, run.from)) };
}

/** SYN, FIN and RST in words; data and bare acknowledgements have none. */
function flagNames(flags: string): string {
  const names = [
    flags.includes("S") ? "SYN" : "",
    flags.includes("F") ? "FIN" : "",
    flags.includes("R") ? "RST" : "",
  ].filter(Boolean);
  if (names.length > 0 && flags.includes(".")) names.push("ACK");
  return names.join("+");
}

/**
 * Without packets, what must have come: connect() takes a SYN, what was read
 * was sent, only a FIN makes CLOSE_WAIT, and only an RST makes ECONNRESET.
 */
function impliedRungs(connection: Connection): Rung[] {
  const rungs: Rung[] = [];
  const seen = new Set<string>();
  const imply = (at: number, what: string, from: End) => {
    if (seen.has(what + from)) return;
    seen.add(what + from);
    rungs.push({ at, wire: arrow(what, from) });
  };
  for (const event of connection.events) {
    if (event.kind === "states") {
      if (event.server.startsWith("CLOSE_WAIT")) {
        imply(event.at, "FIN", "client");
      }
      if (event.client.startsWith("CLOSE_WAIT")) {
        imply(event.at, "FIN", "server");
      }
      if (event.client === "TIME_WAIT") imply(event.at, "FIN", "server");
      continue;
    }
    const from = event.side === "client" ? "server" : "client";
    const got = /^recv.* = (?:\w+ after )?([1-9]\d*)/.exec(event.text)?.[1];
    if (got) rungs.push({ at: event.end, wire: arrow(`${got} B, read`, from) });
    if (/^connect.* = 0/.test(event.text)) imply(event.at, "SYN", event.side);
    if (event.text.includes("= ECONNRESET")) {
      imply(event.end, "RST", from);
    }
  }
  return rungs;
}

function side(connection: Connection, port: number): End {
  return port === connection.clientPort ? "client" : "server";
}

function arrow(text: string, from: End): string {
  const rule = "─".repeat(Math.max(2, WIRE_WIDTH - text.length - 4));
  return from === "client" ? `─ ${text} ${rule}▶` : `◀${rule} ${text} ─`;
}
