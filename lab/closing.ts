/**
 * Closing: what close() sends, and what becomes of the buffers. Claims 10, 11.
 *
 * @module
 */

import type { Bench } from "./bench.ts";
import {
  depends,
  type Experiment,
  FAILS,
  HOLDS,
  holdsIf,
} from "./experiment.ts";
import type { Errno } from "./linux.ts";

const GREETING = "220 Welcome\r\n";
/** Buffers this small keep most of what is written on the sender's side. */
const SMALL_BUFFER = 32 * 1024;

/** What a peer reads after close(): the bytes, and 0 (a FIN) or an error. */
interface Arrived {
  sent: number;
  bytes: number;
  end: "end" | Errno;
}

/** A writes until its buffer is full and closes; then B reads. */
async function closeFull(
  bench: Bench,
  label: string,
  greet: boolean,
): Promise<Arrived> {
  const pair = await bench.pair({ label, buffer: SMALL_BUFFER });
  if (greet) {
    await bench.server.call("send", pair.server, GREETING);
    await bench.until(pair, (s) => s.client?.unread === GREETING.length);
  }
  const [sent] = await bench.client.run([
    ["sendUntilFull", pair.client, 1 << 24],
    ["close", pair.client],
  ]);
  const read = await bench.server.call("recvToEnd", pair.server);
  return {
    sent: sent?.value ?? 0,
    bytes: read.value,
    end: read.errno ?? "end",
  };
}

/** Claim 10: the two buffers of a socket that is closed. */
export const buffersAtClose: Experiment<
  { nothingUnread: Arrived; greetingUnread: Arrived }
> = {
  number: 10,
  claim: "after close() the output buffer is still sent, the input buffer is " +
    "thrown away",
  async run(bench) {
    return {
      nothingUnread: await closeFull(bench, "nothing unread", false),
      greetingUnread: await closeFull(bench, "a greeting unread", true),
    };
  },
  verdict({ nothingUnread, greetingUnread }) {
    const whole = (a: Arrived) => a.bytes === a.sent && a.end === "end";
    if (!whole(nothingUnread)) return FAILS;
    if (whole(greetingUnread)) return HOLDS;
    return depends("the input: with bytes unread the output is lost as well");
  },
  seen: ({ nothingUnread: a, greetingUnread: b }) =>
    `nothing unread: ${a.bytes} of ${a.sent}, ${a.end}; ` +
    `greeting unread: ${b.bytes} of ${b.sent}, ${b.end}`,
  why:
    "close() lets the kernel go on sending what is in the output buffer, as long " +
    "as nothing was unread in the input buffer. If something was, the peer is " +
    "told by RST that its data was thrown away, and an RST ends the connection " +
    "both ways: the output buffer goes too. The half of the rule that people " +
    "remember is the half that a quick test shows.",
  sources: ["RFC 1122 section 4.2.2.13", "RFC 2525 section 2.17"],
};

/** Claim 11: RST or FIN. */
export const resetOrFin: Experiment<
  { unread: number | Errno; allRead: number | Errno }
> = {
  number: 11,
  claim: "close() with unread input sends RST, not FIN; without it, FIN",
  async run(bench) {
    const ends = async (label: string, read: boolean) => {
      const pair = await bench.pair({ label });
      await bench.server.call("send", pair.server, GREETING);
      await bench.until(pair, (s) => s.client?.unread === GREETING.length);
      if (read) await bench.client.call("recv", pair.client, 64);
      await bench.client.call("close", pair.client);
      const end = await bench.server.call("recv", pair.server, 64);
      return end.errno ?? end.value;
    };
    return {
      unread: await ends("greeting unread", false),
      allRead: await ends("greeting read", true),
    };
  },
  verdict: (e) => holdsIf(e.unread === "ECONNRESET" && e.allRead === 0),
  seen: (e) =>
    `peer's recv(): ${e.unread} with unread input, ${e.allRead} without`,
  why:
    "A FIN says 'I have sent all', and if bytes of the peer's were thrown away " +
    "it must not look as if they had been used. So the kernel resets: RFC 1122 " +
    "asks for it, and RFC 2525 lists its absence as a known bug.",
  sources: ["RFC 1122 section 4.2.2.13", "RFC 2525 section 2.17"],
  fixedBy: "RFC 1122 section 4.2.2.13",
};
