// Many who say nothing, and many who guess.

import { assert, assertEquals, assertGreaterOrEqual } from "@std/assert";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { nonce } from "../../lib/security/auth_proof.ts";
import { generateKey } from "../../lib/security/key.ts";
import { encodeKeyChallenge } from "../../lib/wire/key_challenge.ts";
import { halfclose, run, type Running } from "../support/children.ts";
import { tempDir } from "../support/helpers.ts";
import { needs } from "../support/needs.ts";
import { certificate } from "../support/pairs.ts";
import { guess } from "./guessing.ts";

/** How many descriptors a process holds, asked from outside of it. */
async function descriptors({ pid }: Running): Promise<number> {
  return (await run("ls", `/proc/${pid}/fd`)).trim().split("\n").length;
}

/** The first flight of a TLS client, cut in the middle. */
const HALF_A_HELLO = Uint8Array.of(
  ...[0x16, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3],
  ...nonce(),
);

/** How mute somebody is. */
const OPENINGS: Record<string, () => Uint8Array> = {
  "says nothing": () => new Uint8Array(0),
  "says half a preface": () => encodeKeyChallenge(nonce()).subarray(0, 4),
  "sends a key challenge and waits": () => encodeKeyChallenge(nonce()),
  "begins TLS and waits": () => HALF_A_HELLO,
};

/** Connects from an address of its own and never ends by itself. */
async function mute(
  port: number,
  from: string,
  opening: Uint8Array,
): Promise<{ socket: Socket; heard: Promise<void>; ended: Promise<void> }> {
  const socket = connect({
    host: "127.0.0.1",
    port,
    localAddress: from,
    allowHalfOpen: true, // it stays open on this side whatever comes
  });
  const gone = Promise.withResolvers<void>();
  const heard = Promise.withResolvers<void>();
  socket.on("data", () => heard.resolve());
  socket.on("end", gone.resolve).on("close", gone.resolve)
    .on("error", () => gone.resolve());
  await once(socket, "connect");
  if (opening.length > 0) socket.write(opening);
  return { socket, heard: heard.promise, ended: gone.promise };
}

/** Besieges a receiver; `answered` are the openings that it answers. */
async function siege(
  program: Running,
  answered: readonly string[],
): Promise<void> {
  const [, port] = await program.stderr.until(/listening on \S+:(\d+)/);
  const baseline = await descriptors(program);
  const openings = Object.entries(OPENINGS);
  const all = await Promise.all(Array.from({ length: 1_000 }, (_, number) => {
    const from = `127.0.0.${2 + number % 5}`;
    const [, opening] = openings[number % openings.length]!;
    return mute(Number(port), from, opening());
  }));
  // While those that are answered wait, they hold descriptors.
  const waiting = all.filter((_, number) =>
    answered.includes(openings[number % openings.length]![0])
  );
  await Promise.all(waiting.map(({ heard }) => heard));
  assertGreaterOrEqual(await descriptors(program), baseline + waiting.length);
  // The receiver ends each of them; on this side all stay open.
  await Promise.all(all.map(({ ended }) => ended));
  const after = await descriptors(program);
  for (const { socket } of all) socket.destroy();
  assertEquals(after, baseline, "descriptors are back to where they were");
}

Deno.test("1,000 mute connections cost a keyed receiver nothing that lasts", async () => {
  await using dir = await tempDir();
  const key = `${dir.path}/key`, file = `${dir.path}/file`;
  await Deno.writeTextFile(key, generateKey(), { mode: 0o600 });
  await Deno.writeTextFile(file, "still served");
  await Deno.mkdir(`${dir.path}/in`);
  await using program = halfclose(
    ["receive", "--key-file", key, "-d", `${dir.path}/in`, "0"],
  );
  await siege(program, ["sends a key challenge and waits"]);
  const [, port] = await program.stderr.until(/listening on \S+:(\d+)/);
  await using sender = halfclose(
    ["send", "--key-file", key, file, `127.0.0.1:${port}`],
  );
  assertEquals(await sender.code(), 0);
});

needs(
  ["openssl"],
  "1,000 mute connections cost a receiver with a certificate nothing that lasts",
  async () => {
    await using dir = await tempDir();
    const { cert, key } = await certificate();
    const path = (name: string) => `${dir.path}/${name}`;
    await Deno.writeTextFile(path("cert"), cert);
    await Deno.writeTextFile(path("key"), key, { mode: 0o600 });
    await Deno.writeTextFile(path("token"), "a token of some length");
    await using program = halfclose([
      ...["receive", "--tls-cert", path("cert"), "--tls-key", path("key")],
      ...["--token-file", path("token"), "-d", dir.path, "0"],
    ]);
    await siege(program, []);
  },
);

Deno.test("300 wrong guesses get one kind of answer, slowly, and nothing else", async () => {
  const { answers, opened, seconds } = await guess(300);
  assertEquals([answers, opened], [1, 0]);
  // 250 at once and a second each: two rounds.
  assert(seconds >= 2, `${seconds} s`);
});
