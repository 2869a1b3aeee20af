/**
 * Buffers: what write() and read() have to do with each other, claims 6 to 9.
 *
 * A write puts bytes into a buffer of the local kernel, a read takes them out
 * of one of the peer's kernel, and TCP moves them from one to the other when
 * it can. Nothing in between counts writes.
 *
 * @module
 */

import { depends, type Experiment, FAILS, holdsIf } from "./experiment.ts";
import { MSG } from "./linux.ts";

/** Small enough to fill at once; the kernel doubles it, socket(7). */
const SMALL_BUFFER = 32 * 1024;

/** Claim 6: what the return of write() says. */
export const writeReturns: Experiment<
  { taken: number; ms: number; atPeer: number; stillHere: number }
> = {
  number: 6,
  claim:
    "write() returns when the kernel took the bytes, not when they arrived",
  async run(bench) {
    const pair = await bench.pair({ label: "a write", buffer: SMALL_BUFFER });
    const sent = await bench.client.call("sendUntilFull", pair.client, 1 << 24);
    // Wait until TCP has moved what it can: both queues together hold it all.
    const { client, server } = await bench.until(
      pair,
      (s) =>
        (s.client?.unsent ?? 0) + (s.server?.unread ?? 0) === sent.value &&
        (s.server?.unread ?? 0) > 0,
      200,
    );
    return {
      taken: sent.value,
      ms: sent.end - sent.start,
      atPeer: server?.unread ?? 0,
      stillHere: client?.unsent ?? 0,
    };
  },
  verdict: (e) => holdsIf(e.taken > 0 && e.stillHere > 0),
  seen: (e) =>
    `took ${e.taken} in ${e.ms.toFixed(1)} ms; then ${e.stillHere} still ` +
    `here, ${e.atPeer} in the peer's kernel, none in its program`,
  why:
    "write() copies into the send buffer and returns. /proc/net/tcp shows where " +
    "the bytes are afterwards: not acknowledged here, unread there, and none of " +
    "them in the peer's program, which has not called read() at all.",
  sources: ["send(2)", "proc_net(5) tx_queue, rx_queue"],
  fixedBy: "POSIX send()",
};

/** Claim 7: a write that is larger than the room. */
export const writeBlocks: Experiment<{
  asked: number;
  withoutWaiting: number;
  beforeReader: number;
  waitedMs: number;
  returned: number;
  stillWaiting: boolean;
}> = {
  number: 7,
  claim: "a blocking write waits for room; a big one goes in pieces",
  async run(bench) {
    const asked = 1_000_000;
    const options = { buffer: SMALL_BUFFER };
    const quick = await bench.pair(options);
    const part = await bench.client.call(
      "send",
      quick.client,
      asked,
      MSG.DONTWAIT,
    );
    const pair = await bench.pair({ ...options, label: "a blocking write" });
    let returned = false;
    const write = bench.client.call("send", pair.client, asked).finally(() =>
      returned = true
    );
    // That it does not return is the evidence, so this waits for nothing else.
    const { client, server } = await bench.until(pair, () => returned, 150);
    const stillWaiting = !returned;
    const reader = bench.server.call("recvToEnd", pair.server);
    const sent = await write;
    await bench.client.call("close", pair.client);
    await reader;
    return {
      asked,
      withoutWaiting: part.value,
      beforeReader: (client?.unsent ?? 0) + (server?.unread ?? 0),
      waitedMs: sent.end - sent.start,
      returned: sent.value,
      stillWaiting,
    };
  },
  verdict: (e) =>
    holdsIf(
      e.stillWaiting && e.returned === e.asked && e.beforeReader < e.asked &&
        e.withoutWaiting < e.asked,
    ),
  seen: (e) =>
    `${e.asked} asked: ${e.beforeReader} in before the peer read, returned ` +
    `${e.returned} after ${
      e.waitedMs.toFixed(0)
    } ms; without waiting it took ` +
    `${e.withoutWaiting}`,
  why:
    "A blocking send() sleeps until all of it has found room in the send buffer, " +
    "piece by piece, as acknowledgements free it. With MSG_DONTWAIT it takes " +
    "what fits and returns that count, so a program on non-blocking sockets " +
    "must always loop.",
  sources: ["send(2)", "POSIX send()"],
  fixedBy: "POSIX send()",
};

/** Claim 8: TCP has no messages. */
export const noBoundaries: Experiment<
  {
    writes: number;
    tcpReads: number[];
    smallReads: number[];
    udpReads: number[];
  }
> = {
  number: 8,
  claim: "writes and reads do not pair up; UDP keeps boundaries, TCP does not",
  async run(bench) {
    const pair = await bench.pair({ label: "three writes, one read" });
    const write = ["send", pair.client, "abc"] as const;
    const sizes: number[][] = [];
    for (const room of [100, 4]) {
      await bench.client.run([write, write, write]);
      await bench.until(pair, (s) => s.server?.unread === 9);
      const reads: number[] = [];
      for (let left = 9; left > 0;) {
        const got = await bench.server.call("recv", pair.server, room);
        if (got.value <= 0) break;
        reads.push(got.value);
        left -= got.value;
      }
      sizes.push(reads);
    }
    const { value: receiver } = await bench.server.call("socket", "datagram");
    await bench.server.call("bind", receiver, 0);
    const { value: port } = await bench.server.call("localPort", receiver);
    const { value: sender } = await bench.client.call("socket", "datagram");
    const datagram = ["sendto", sender, "abc", port] as const;
    await bench.client.run([datagram, datagram, datagram]);
    const udp = await bench.server.run(
      Array(3).fill(["recvWithin", receiver, 100, 1_000] as const),
    );
    return {
      writes: 3,
      tcpReads: sizes[0] ?? [],
      smallReads: sizes[1] ?? [],
      udpReads: udp.map((r) => r.value),
    };
  },
  verdict(e) {
    const paired = (reads: number[]) =>
      reads.length === e.writes && reads.every((size) => size === 3);
    return holdsIf(
      !paired(e.tcpReads) && !paired(e.smallReads) && paired(e.udpReads),
    );
  },
  seen: (e) =>
    `${e.writes} writes of 3: TCP read ${
      e.tcpReads.join(", ")
    }; with room for ` +
    `4: ${e.smallReads.join(", ")}; UDP ${e.udpReads.join(", ")}`,
  why:
    "TCP carries a stream of bytes and nothing that says where a write ended. " +
    "A read returns what has come, up to its room. A UDP datagram is one " +
    "message from end to end. Whoever needs messages on TCP sends their length.",
  sources: ["RFC 9293 section 3.8", "RFC 768"],
  fixedBy: "RFC 9293 section 2.2",
};

/** Claim 9: what UDP loses and what it does not do twice. */
export const udpDrops: Experiment<
  { sent: number; received: number; repeated: number }
> = {
  number: 9,
  claim: "UDP may drop; it never repeats",
  async run(bench) {
    const sent = 500;
    const { value: receiver } = await bench.server.call("socket", "datagram");
    await bench.server.run([
      ["setsockopt", receiver, "SO_RCVBUF", SMALL_BUFFER],
      ["bind", receiver, 0],
    ]);
    const { value: port } = await bench.server.call("localPort", receiver);
    const { value: sender } = await bench.client.call("socket", "datagram");
    await bench.client.call("bind", sender, 0);
    const { value: clientPort } = await bench.client.call("localPort", sender);
    const ends = { client: sender, server: receiver, clientPort };
    bench.trace.follow("datagrams", { ...ends, serverPort: port });
    const numbered = Array.from(
      { length: sent },
      (_, i) => ["sendto", sender, `${i}`.padEnd(512), port] as const,
    );
    await bench.client.run(numbered);
    const seen: string[] = [];
    for (;;) {
      // The silence that ends this is how a loss looks: nobody announces it.
      const got = await bench.server.call("recvWithin", receiver, 600, 20);
      if (got.value === -1) break;
      seen.push(new TextDecoder().decode(got.data).trim());
    }
    const distinct = new Set(seen).size;
    return { sent, received: seen.length, repeated: seen.length - distinct };
  },
  verdict(e) {
    if (e.repeated > 0) return FAILS;
    if (e.received === e.sent) {
      return depends(
        "a full receive buffer, which this run did not reach",
      );
    }
    return depends(
      "the path: dropped here, none twice, but RFC 768 allows both",
    );
  },
  seen: (e) =>
    `${e.sent} sent, ${e.received} received, ${e.sent - e.received} dropped, ` +
    `${e.repeated} repeated`,
  why:
    "sendto() succeeds whether or not there is room at the receiver; what finds " +
    "its buffer full is dropped and nobody is told. That it never repeats is " +
    "true of loopback, not of UDP: RFC 768 says 'delivery and duplicate " +
    "protection are not guaranteed', and a network may deliver a packet twice.",
  sources: ["RFC 768", "udp(7)"],
};
