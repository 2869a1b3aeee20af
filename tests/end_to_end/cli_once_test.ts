// A receiver for one session: its exit code says whether it has it.

import { assertEquals } from "@std/assert";
import { halfclose, type Running } from "../support/children.ts";
import { noise, type TempDir, tempDir } from "../support/helpers.ts";

/** A receiver that listens into a directory, and where. */
async function listening(dir: TempDir, ...args: string[]) {
  const receiver = halfclose(["receive", ...args, "0"], undefined);
  const [, port] = await receiver.stderr.until(/127\.0\.0\.1:(\d+)/);
  await Deno.writeFile(`${dir.path}/source`, noise(900_000));
  return { receiver, address: `127.0.0.1:${port}` };
}

/** A sender in the middle of its transfer. */
async function midway(dir: TempDir, address: string): Promise<Running> {
  const sender = halfclose([
    ...["send", "--json", "--retry", "0", "--limit-rate", "100k"],
    ...["--name", "a", `${dir.path}/source`, address],
  ]);
  await sender.stdout.until(/"event":"progress".*"bytes":[1-9]/);
  return sender;
}

for (const [signal, exit] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
  for (const how of ["--once", "-o"] as const) {
    Deno.test(`receive ${how} that ${signal} ends before anybody came is exit ${exit}`, async () => {
      await using dir = await tempDir();
      const args = how === "-o"
        ? ["-o", `${dir.path}/a`]
        : ["--once", "-d", dir.path];
      const { receiver } = await listening(dir, ...args);
      await using _ = receiver;
      receiver.kill(signal);
      assertEquals(await receiver.code(), exit);
    });
  }
}

Deno.test("receive --once whose session outlasts the grace of SIGTERM has that session's exit code", async () => {
  await using dir = await tempDir();
  const args = ["--once", "--grace", "0.1", "-d", dir.path];
  const { receiver, address } = await listening(dir, ...args);
  await using _ = receiver;
  await using sender = await midway(dir, address);
  receiver.kill("SIGTERM");
  assertEquals([await receiver.code(), await sender.code()], [8, 8]);
});

Deno.test("a daemon whose only session finished within the grace of SIGTERM is exit 0", async () => {
  await using dir = await tempDir();
  const { receiver, address } = await listening(dir, "-d", dir.path);
  await using _ = receiver;
  await using sender = halfclose([
    ...["send", "--json", "--retry", "0", "--limit-rate", "1M"],
    ...["--name", "a", `${dir.path}/source`, address],
  ]);
  await sender.stdout.until(/"event":"progress".*"bytes":[1-9]/);
  receiver.kill("SIGTERM");
  assertEquals([await receiver.code(), await sender.code()], [0, 0]);
});
