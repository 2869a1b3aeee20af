// The order of the JSON lines, for sessions that end badly.

import { assertEquals } from "@std/assert";
import type { Target } from "../../lib/net/address.ts";
import { withDeadline } from "../../lib/net/deadline.ts";
import { drain } from "../../lib/net/half_close.ts";
import { halfclose, type Running } from "../support/children.ts";
import { noise, tempDir } from "../support/helpers.ts";
import { playing } from "../support/scripted.ts";
import { sendHeld } from "../support/serve_talk.ts";

/** The events that a program printed, without progress. */
async function eventsOf(program: Running): Promise<string[]> {
  return (await program.stdout.text()).trimEnd().split("\n")
    .map((line) => JSON.parse(line).event)
    .filter((event) => event !== "progress");
}

Deno.test("a sender that was cut says error, then closed", async () => {
  await using stage = playing((peer) => peer.hear("open"));
  await using dir = await tempDir();
  await Deno.writeFile(`${dir.path}/a`, noise(1_000));
  const address = `127.0.0.1:${stage.target.port}`;
  await using sender = halfclose(
    ["send", "--json", "--retry", "0", `${dir.path}/a`, address],
  );
  assertEquals(await sender.code(), 11);
  assertEquals(await eventsOf(sender), ["connected", "error", "closed"]);
});

Deno.test("a sender that nobody listens to has nothing to close", async () => {
  await using dir = await tempDir();
  await Deno.writeFile(`${dir.path}/a`, noise(1_000));
  const address = `unix:${dir.path}/none`;
  await using sender = halfclose(
    ["send", "--json", "--retry", "0", `${dir.path}/a`, address],
  );
  assertEquals(await sender.code(), 5);
  assertEquals(await eventsOf(sender), ["error"]);
});

Deno.test("a raw sender says connected, raw, closed; error in place of raw when nobody ends it", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const address = `127.0.0.1:${listener.addr.port}`;
  const start = (...args: string[]) =>
    halfclose(
      ["send", "--raw", "--json", ...args, "-", address],
      noise(1_000),
    );
  {
    await using sender = start();
    using conn = await listener.accept();
    await drain(conn, { silence: 5_000, total: 5_000 });
    conn.close();
    assertEquals(await sender.code(), 0);
    assertEquals(await eventsOf(sender), ["connected", "raw", "closed"]);
  }
  await using sender = start("--timeout", "0.3");
  using _silent = await listener.accept();
  assertEquals(await sender.code(), 13);
  assertEquals(await eventsOf(sender), ["connected", "error", "closed"]);
});

Deno.test("sessions that SIGINT cut are closed on both sides", async () => {
  await using dir = await tempDir();
  await Deno.writeFile(`${dir.path}/a`, noise(900_000));
  const args = ["--dir", dir.path, "--once", "--json"];
  await using receiver = halfclose(["receive", ...args, "0"]);
  const [, port] = await receiver.stdout.until(/"port":(\d+)/);
  await using sender = halfclose([
    ...["send", "--json", "--retry", "0", "--limit-rate", "100k"],
    ...["--name", "b", `${dir.path}/a`, `127.0.0.1:${port}`],
  ]);
  await sender.stdout.until(/"event":"progress".*"bytes":[1-9]/);
  receiver.kill("SIGINT");
  assertEquals([await receiver.code(), await sender.code()], [130, 8]);
  assertEquals(await eventsOf(receiver), ["listening", "connected", "closed"]);
  assertEquals(await eventsOf(sender), ["connected", "error", "closed"]);
});

Deno.test("two Unix senders at once both count in the progress, and close as they connected", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/socket`;
  const args = ["--dir", dir.path, "--json", `unix:${path}`];
  await using receiver = halfclose(["receive", ...args]);
  await receiver.stdout.until(/"event":"listening"/);
  const addr: Target = { transport: "unix", path };
  const first = await sendHeld({ addr }, "a");
  const second = await sendHeld({ addr }, "b");
  await withDeadline(
    { close: () => receiver.kill("SIGKILL") },
    10_000,
    "see the sum of both",
    () => receiver.stdout.until(/"event":"progress",.*"bytes":2000\b/),
  );
  second.finish();
  await second.receipt;
  await receiver.stdout.until(/"event":"closed"/);
  first.finish();
  await first.receipt;
  receiver.kill("SIGTERM");
  assertEquals(await receiver.code(), 0);
  assertEquals(await eventsOf(receiver), [
    "listening",
    ...["connected", "connected"],
    ...["receipt", "closed", "receipt", "closed"],
  ]);
});
