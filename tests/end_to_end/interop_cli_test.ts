// The program itself against plain tools, as people would type it.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { halfclose, peer, Running } from "../support/children.ts";
import { noise, sha256Of, tempDir } from "../support/helpers.ts";
import { needs } from "../support/needs.ts";

const MILLION = noise(1_000_000);
const DIGEST = sha256Of(MILLION);

function linesOf(text: string): Record<string, unknown>[] {
  return text.trim().split("\n").map((line) => JSON.parse(line));
}

needs(["nc.openbsd"], "send --raw FILE into nc -l is identical", async () => {
  await using dir = await tempDir();
  await Deno.writeFile(`${dir.path}/a.bin`, MILLION);
  await using nc = new Running("nc.openbsd", ["-nvl", "127.0.0.1", "0"]);
  const [, port] = await nc.stderr.until(/Listening on \S+ (\d+)/);
  const address = `127.0.0.1:${port}`;
  await using program = halfclose([
    "send",
    "--raw",
    `${dir.path}/a.bin`,
    address,
  ]);
  assertEquals(await program.code(), 0);
  assertEquals(sha256Of(await nc.stdout.whole), DIGEST);
  assertStringIncludes(
    await program.stdout.text(),
    "closed cleanly, contents unconfirmed",
  );
});

needs(
  ["nc.openbsd"],
  "nc -N into receive --raw --once -o is identical",
  async () => {
    await using dir = await tempDir();
    const out = `${dir.path}/out.bin`;
    const args = ["receive", "--raw", "--once", "--json", "-o", out];
    await using program = halfclose([...args, "127.0.0.1:0"]);
    const [, port] = await program.stdout.until(/"port":(\d+)/);
    await using nc = new Running("nc.openbsd", ["-N", "127.0.0.1", port!], {
      stdin: MILLION,
    });
    assertEquals(await nc.code(), 0);
    assertEquals(await program.code(), 0);
    assertEquals(sha256Of(await Deno.readFile(out)), DIGEST);
    const events = linesOf(await program.stdout.text());
    assertEquals(events[0]?.event, "listening");
    assertEquals(events.find(({ event }) => event === "raw"), {
      event: "raw",
      bytes: MILLION.length,
      sha256: DIGEST,
      clean: true,
    });
    assert(!events.some(({ event }) => event === "receipt"));
  },
);

needs(
  ["socat"],
  "send --raw - passes stdin on to socat as it comes",
  async () => {
    const listen = ["-dd", "-u", "TCP-LISTEN:0,bind=127.0.0.1", "STDOUT"];
    await using socat = new Running("socat", listen);
    const [, port] = await socat.stderr.until(/listening on AF=2 \S+:(\d+)/);
    const args = ["send", "--raw", "-", `127.0.0.1:${port}`];
    await using program = halfclose(args, MILLION);
    assertEquals(await program.code(), 0);
    assertEquals(sha256Of(await socat.stdout.whole), DIGEST);
  },
);

needs(
  ["python3"],
  "send --raw exits 0 after all bytes went to a peer that greets",
  async () => {
    await using dir = await tempDir();
    await Deno.writeFile(`${dir.path}/a.bin`, MILLION);
    await using greeter = await peer("greets");
    const address = `127.0.0.1:${greeter.target.port}`;
    await using program = halfclose([
      "send",
      "--raw",
      "--json",
      "--reply",
      `${dir.path}/reply`,
      `${dir.path}/a.bin`,
      address,
    ]);
    assertEquals(await program.code(), 0);
    const { bytes, sha256 } = await greeter.report();
    assertEquals([bytes, sha256], [MILLION.length, DIGEST]);
    assertEquals(
      linesOf(await program.stdout.text()).find(({ event }) => event === "raw"),
      { event: "raw", bytes, sha256, clean: true },
    );
    const reply = await Deno.readTextFile(`${dir.path}/reply`);
    assertEquals(reply, "220 Welcome\r\n");
  },
);

needs(
  ["python3"],
  "send --raw exits 13 when the peer resets after the last byte, 11 before",
  async () => {
    await using dir = await tempDir();
    await Deno.writeFile(`${dir.path}/small`, noise(1_000));
    await Deno.writeFile(`${dir.path}/large`, new Uint8Array(64_000_000));
    for (
      const [file, reads, exit, word] of [
        ["small", "all", 13, "Cannot confirm"],
        ["large", "100000", 11, "Cannot deliver"],
      ] as const
    ) {
      await using resetter = await peer("resets", reads);
      const address = `127.0.0.1:${resetter.target.port}`;
      const path = `${dir.path}/${file}`;
      await using program = halfclose(["send", "--raw", path, address]);
      assertEquals(await program.code(), exit);
      const said = await program.stderr.text();
      assertStringIncludes(said, `${word} "${file}" to ${address}: `);
      assertEquals(await program.stdout.text(), "");
    }
  },
);
