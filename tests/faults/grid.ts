/**
 * Every way to end a side, at every phase of a transfer, with real processes.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { setTimeout as delay } from "node:timers/promises";
import { OUTCOMES } from "../../lib/base/errors.ts";
import { type Frame, HEADER_BYTES } from "../../lib/wire/frames.ts";
import { LAYOUTS } from "../../lib/wire/layouts.ts";
import { PREFACE } from "../../lib/wire/preface.ts";
import { halfclose, type Running } from "../support/children.ts";
import {
  joined,
  noise,
  sha256Of,
  type TempDir,
  tempDir,
  tree,
} from "../support/helpers.ts";
import { FaultProxy, type Link, type Plan } from "./proxy.ts";
import { receiver } from "./receiver.ts";

/** When it happens: at the first byte of something, or at a system call. */
export const PHASES = [
  "accept",
  "hello",
  "open",
  "accepted",
  "mid-data",
  "end",
  "finish",
  "before fsync",
  "before the name",
  "before the directory's fsync",
  "receipt",
] as const;

/** What happens: to a process, or to the connection. */
export const DEEDS = ["kill", "stop", "pause", "rst", "black hole"] as const;

/** Whom it happens to; a connection has both sides. */
export const SIDES = ["sender", "receiver"] as const;

/** Sizes: one that is started over, one that is resumed. */
export const SIZES = [100_000, 2_500_000] as const;

/** One square of the grid. */
export interface Square {
  phase: (typeof PHASES)[number];
  deed: (typeof DEEDS)[number];
  side: (typeof SIDES)[number];
  size: (typeof SIZES)[number];
}

/** All squares that differ. */
export function* squares(): Generator<Square> {
  for (const phase of PHASES) {
    for (const deed of DEEDS) {
      for (const side of SIDES) {
        // What happens to the connection happens to both.
        const wire = deed === "rst" || deed === "black hole";
        if (wire && side === "sender") continue;
        for (const size of SIZES) yield { phase, deed, side, size };
      }
    }
  }
}

/** In words, as a test's name. */
export function formatTarget({ phase, deed, side, size }: Square): string {
  const wire = deed === "rst" || deed === "black hole";
  return `${deed}${wire ? "" : ` of the ${side}`} at ${phase}, ${size} bytes`;
}

/** How long the peer of a paused side must not mind. */
const PAUSE_MS = 500;

/** Silence that both sides take, in seconds: more than a pause. */
const TIMEOUT_S = "1.5";

/** How long strace holds a system call back: three heartbeats. */
const HELD_MS = 800;

/** What each phase shows of itself on the wire, and who holds it back. */
interface Sign {
  way: "up" | "down";
  /** So many bytes before this one. */
  from?: number;
  /** A frame of this type, */
  type?: Frame["type"];
  /** and in an ALIVE this phase, by its number. */
  phase?: number;
  /** What strace does with the receiver meanwhile. */
  strace?: (dir: string) => string[];
}

const SYNCING = 3, COMMITTING = 4;

function held(call: string): string[] {
  return ["-o", "/dev/null", "-e", `inject=${call}:delay_enter=${HELD_MS}000`];
}

const SIGNS: Record<Square["phase"], Sign> = {
  "accept": { way: "up", from: 0 },
  "hello": { way: "down", from: 0 },
  "open": { way: "up", type: "open" },
  "accepted": { way: "down", type: "accept" },
  "mid-data": { way: "up", from: 50_000 },
  "end": { way: "up", type: "end" },
  "finish": { way: "up", type: "finish" },
  "before fsync": {
    way: "down",
    type: "alive",
    phase: SYNCING,
    strace: () => held("fsync"),
  },
  "before the name": {
    way: "down",
    type: "alive",
    phase: COMMITTING,
    strace: () => held("linkat"),
  },
  "before the directory's fsync": {
    way: "down",
    type: "alive",
    phase: COMMITTING,
    strace: (dir) => ["-P", dir, ...held("fsync")],
  },
  "receipt": { way: "down", type: "receipt" },
};

/** Calls back once, at the first byte of what a sign says. */
function watch(
  { way, from, type, phase }: Sign,
  act: (link: Link) => void,
): Plan {
  let passed = 0, next = PREFACE.length, over = false;
  let head = new Uint8Array(0);
  const see = (bytes: Uint8Array) => {
    head = joined([head, bytes]);
    while (head.length > next + HEADER_BYTES) {
      const view = new DataView(head.buffer, next);
      const found = view.getUint8(0) === LAYOUTS[type!].code;
      const right = phase === undefined ||
        view.getUint8(HEADER_BYTES) === phase;
      if (found && right) return true;
      next += HEADER_BYTES + view.getUint32(8);
    }
    return false;
  };
  return {
    onBytes(direction, bytes, link) {
      if (over || direction !== way) return;
      passed += bytes.length;
      over = from === undefined ? see(bytes) : passed > from;
      if (over) act(link);
    },
  };
}

/** What may be said of a transfer that this happened to. */
const TRUE = new Set(
  (["connect", "lost", "stalled", "unconfirmed"] as const)
    .map((code) => OUTCOMES[code].exit),
);

/** What a shell says of a program that SIGKILL ended. */
const KILLED = 137;

/** Plays one square; throws where something is lost, wrong, or for ever. */
export async function play(square: Square): Promise<void> {
  const { phase, deed, side, size } = square;
  const sign = SIGNS[phase];
  const bytes = noise(size);
  await using dir = await tempDir();
  await using source = await tempDir();
  const path = `${source.path}/file`;
  await Deno.writeFile(path, bytes);

  let to = await receiver(dir.path, {
    args: ["--timeout", TIMEOUT_S],
    ...(sign.strace ? { strace: sign.strace(dir.path) } : {}),
  });
  const { port } = to.addr;
  try {
    const came = Promise.withResolvers<Link>();
    let happened = false;
    await using proxy = await FaultProxy.to(
      to.addr,
      watch(sign, (link) => {
        act(deed, side === "sender" ? first : to.process, link);
        happened = true;
        came.resolve(link);
      }),
    );
    await using first = sending(path, proxy.addr.port);
    const ended = first.code();
    await Promise.race([came.promise, ended]);
    if (deed === "pause" || (deed === "stop" && side === "sender")) {
      await delay(deed === "pause" ? PAUSE_MS : 3 * PAUSE_MS + 500);
      (side === "sender" ? first : to.process).kill("SIGCONT");
    }
    const code = await ended;
    if (deed === "stop" && side === "receiver") to.process.kill("SIGCONT");

    assert(happened, `${phase} never came, and the sender exited ${code}`);
    const whole = await isWhole(dir, bytes);
    if (code === 0) assertEquals(whole, true, "exit 0, and not there");
    else if (deed === "kill" && side === "sender") assertEquals(code, KILLED);
    else assert(TRUE.has(code), `exit ${code}: ${await first.stderr.text()}`);
    if (deed === "pause") assertEquals(code, 0, await first.stderr.text());

    if (deed === "kill" && side === "receiver") {
      assertEquals(await to.process.code(), KILLED);
      await to[Symbol.asyncDispose]();
      to = await receiver(dir.path, { port });
    }
    await using again = sending(path, port);
    assertEquals(await again.code(), 0, await again.stderr.text());
    assertEquals(await isWhole(dir, bytes), true);
  } finally {
    await to[Symbol.asyncDispose]();
  }
}

function sending(path: string, port: number): Running {
  const options = ["--retry", "0", "--timeout", TIMEOUT_S];
  return halfclose(["send", ...options, path, `127.0.0.1:${port}`]);
}

function act(deed: Square["deed"], victim: Running, link: Link): void {
  if (deed === "rst") link.cut("rst");
  else if (deed === "black hole") link.freeze();
  else victim.kill(deed === "kill" ? "SIGKILL" : "SIGSTOP");
}

/** Whether the file is there; throws where it is there and wrong. */
async function isWhole(
  dir: TempDir,
  bytes: Uint8Array,
): Promise<boolean> {
  const names = await tree(dir.path);
  const others = names.filter((name) => !name.startsWith(".halfclose-"));
  if (others.length === 0) return false;
  assertEquals(others, ["file"]);
  const found = await Deno.readFile(`${dir.path}/file`);
  assert(found.length === bytes.length && sha256Of(found) === sha256Of(bytes));
  return true;
}
