// What ends a transfer in its middle leaves nothing half-written, and touches no
// other entry.

import { assert, assertEquals } from "@std/assert";
import type { Server } from "../../lib/server/serve.ts";
import {
  send,
  sendAll,
  type SendOptions,
} from "../../lib/transfer/sender/send.ts";
import { noise, tree, utf8 } from "../support/helpers.ts";
import { failing } from "../support/scripted.ts";
import { BYTES, route } from "../support/transfer_route.ts";

/** What can happen to a file while it is sent, and what is found then. */
const CHANGES: [string, (path: string) => Promise<void>, string][] = [
  ["shrinks", (path) => Deno.truncate(path, 2_000_000), "it shrank"],
  [
    "grows",
    (path) => Deno.writeFile(path, BYTES, { append: true }),
    "it grew",
  ],
  ["is rewritten", async (path) => {
    using file = await Deno.open(path, { write: true });
    await file.write(utf8("other"));
    await file.utime(new Date(), new Date(1_000));
  }, "it was written to"],
];

for (const [what, change, found] of CHANGES) {
  Deno.test(`a source that ${what} while it is sent is not committed, and its neighbour is`, async () => {
    await using all = await route();
    const paths = ["a", "b"].map((name) => `${all.from}/${name}`);
    await Deno.writeFile(paths[0]!, noise(4_000_000));
    await Deno.writeFile(paths[1]!, BYTES);
    // The first the receiver has of it proves that it was opened and read.
    let changed: Promise<void> | undefined;
    const options: SendOptions = {
      limitRate: 4_000_000,
      onProgress: ({ bytes }) => {
        if (bytes > 0) changed ??= change(paths[0]!);
      },
    };
    const error = await failing(sendAll(paths, all.server.addr, options));
    await changed;
    assertEquals([error.code, error.exit], ["source-changed", 4]);
    assert(error.message.includes(found), error.message);
    assertEquals(await tree(all.to), ["b"]);
    await all.server.shutdown();
    assertEquals(all.errors, ["source-changed"]);
  });
}

Deno.test("a source that is gone when its turn comes is not committed, and its neighbour is", async () => {
  await using all = await route({
    onConnect: () => Deno.removeSync(`${all.from}/a`),
  });
  const paths = ["a", "b"].map((name) => `${all.from}/${name}`);
  for (const path of paths) await Deno.writeFile(path, BYTES);
  const error = await failing(sendAll(paths, all.server.addr));
  assertEquals([error.code, error.exit], ["source", 3]);
  assertEquals(await tree(all.to), ["b"]);
});

Deno.test("a source that fails in the middle is not committed", async () => {
  await using all = await route();
  async function* source() {
    yield noise(100_000);
    await Promise.resolve();
    throw new Error("unplugged");
  }
  const error = await failing(
    send(source(), all.server.addr, { name: "a", retry: 3 }),
  );
  assertEquals(error.code, "source");
  assert(error.message.includes("unplugged"), error.message);
  assertEquals(await tree(all.to), []);
});

/** A transfer that is in the middle of an entry. */
async function midway(server: Server, options: SendOptions = {}) {
  const gate = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  async function* source() {
    yield noise(100_000);
    await gate.promise;
  }
  const sending = send(source(), server.addr, {
    name: "a",
    onProgress: ({ bytes }) => bytes > 0 && begun.resolve(),
    ...options,
  });
  sending.catch(() => {}); // looked at by the test
  await begun.promise;
  return { sending, finish: gate.resolve };
}

Deno.test("a sender that is aborted leaves nothing half-written, and the receiver is told", async () => {
  const told = Promise.withResolvers<string>();
  await using all = await route({
    onError: ({ message }) => told.resolve(message),
  });
  const stop = new AbortController();
  const { sending, finish } = await midway(all.server, { signal: stop.signal });
  stop.abort(new RangeError("enough"));
  const reason = await sending.catch((error) => error);
  assert(reason instanceof RangeError);
  assertEquals(
    await told.promise,
    "Cannot receive the rest: it was interrupted",
  );
  finish();
  await all.server.shutdown();
  assertEquals(await tree(all.to), []);
});

Deno.test("a receiver that is aborted leaves nothing half-written, and the sender is told", async () => {
  const stop = new AbortController();
  await using all = await route({ signal: stop.signal });
  const { sending, finish } = await midway(all.server);
  stop.abort();
  const error = await failing(sending);
  assertEquals([error.code, error.retriable], ["rejected", true]);
  assert(error.message.includes("the receiver is stopping"), error.message);
  finish();
  await all.server.finished;
  assertEquals(await tree(all.to), []);
});
