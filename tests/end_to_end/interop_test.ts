// Real programs on the other end: every byte, both ways, whatever the tool.

import { assert, assertEquals } from "@std/assert";
import type { TransferError } from "../../lib/base/errors.ts";
import type { RawReport } from "../../lib/raw/report.ts";
import { serve } from "../../lib/server/serve.ts";
import { memorySink } from "../../lib/sink/memory_sink.ts";
import { Running } from "../support/children.ts";
import { freePort } from "../support/free_port.ts";
import { noise, sha256Of } from "../support/helpers.ts";
import { needs } from "../support/needs.ts";
import { sendBytes } from "../support/raw_talk.ts";

/** Nothing, one byte, around a read's size, and the story's million. */
const SIZES = [0, 1, 65_536, 65_537, 1_000_000];

const NC = /Listening on \S+ (\d+)/;
const NCAT = /Listening on \S+:(\d+)/;
const SOCAT = /listening on AF=2 \S+:(\d+)/;
const SOCAT_ADDRESS = "TCP-LISTEN:0,bind=127.0.0.1";

const LISTENERS = [
  ["nc.openbsd", "nc -l", NC, () => ["-nvl", "127.0.0.1", "0"]],
  // Half-closes at once, since its own stdin is empty, and reads on.
  ["nc.openbsd", "nc -N -l", NC, () => ["-nvlN", "127.0.0.1", "0"]],
  ["ncat", "ncat -l", NCAT, () => ["-vl", "127.0.0.1", `${freePort()}`]],
  ["ncat", "ncat -l --recv-only", NCAT, () => [
    "-vl",
    "--recv-only",
    "127.0.0.1",
    `${freePort()}`,
  ]],
  ["socat", "socat", SOCAT, () => ["-dd", SOCAT_ADDRESS, "STDIO"]],
  ["socat", "socat -u", SOCAT, () => ["-dd", "-u", SOCAT_ADDRESS, "STDOUT"]],
] as const;

for (const [program, title, listening, args] of LISTENERS) {
  needs([program], `sendRaw() delivers identically to ${title}`, async (t) => {
    for (const size of SIZES) {
      await t.step(`${size} bytes`, async () => {
        const bytes = noise(size);
        await using child = new Running(program, args());
        const [, port] = await child.stderr.until(listening);
        const target = { hostname: "127.0.0.1", port: Number(port) };
        const report = await sendBytes(bytes, target, { digest: true });
        assertEquals(report, {
          bytes: size,
          sha256: sha256Of(bytes),
          clean: true,
        });
        assertEquals(sha256Of(await child.stdout.whole), sha256Of(bytes));
        assertEquals(await child.code(), 0);
      });
    }
  });
}

const SENDERS = [
  ["nc.openbsd", "nc -N", (port: string) => ["-N", "127.0.0.1", port]],
  ["ncat", "ncat", (port: string) => ["127.0.0.1", port]],
  ["ncat", "ncat --send-only", (port: string) => [
    "--send-only",
    "127.0.0.1",
    port,
  ]],
  ["socat", "socat", (port: string) => ["STDIO", `TCP:127.0.0.1:${port}`]],
  ["socat", "socat -u", (port: string) => [
    "-u",
    "STDIN",
    `TCP:127.0.0.1:${port}`,
  ]],
] as const;

for (const [program, title, args] of SENDERS) {
  const promise = `a raw receiver takes identically what ${title} sends`;
  needs([program], promise, async (t) => {
    for (const size of SIZES) {
      await t.step(`${size} bytes`, async () => {
        const bytes = noise(size);
        const sink = memorySink();
        const ended = Promise.withResolvers<RawReport | undefined>();
        await using server = serve({
          sink,
          raw: true,
          digest: true,
          onClose: (_, report) => ended.resolve(report),
          onError: ended.reject,
        });
        assert("port" in server.addr);
        const { port } = server.addr;
        await using child = new Running(program, args(`${port}`), {
          stdin: bytes,
        });
        assertEquals(await ended.promise, {
          bytes: size,
          sha256: sha256Of(bytes),
          clean: true,
        });
        assertEquals(sink.files.get("stdin"), bytes);
        assertEquals(await child.code(), 0);
      });
    }
  });
}

needs(
  ["nc.openbsd"],
  "a raw receiver keeps nothing from nc without -N, which never ends",
  async () => {
    const sink = memorySink();
    const failed = Promise.withResolvers<TransferError>();
    await using server = serve({
      sink,
      raw: true,
      idleTimeout: 300,
      onError: failed.resolve,
    });
    assert("port" in server.addr);
    await using _child = new Running(
      "nc.openbsd",
      ["127.0.0.1", `${server.addr.port}`],
      { stdin: noise(1_000) },
    );
    assertEquals((await failed.promise).code, "stalled");
    assertEquals(sink.files.size, 0);
  },
);
