// A stream that can be read only once, whose connection breaks at the worst
// moment: what arrives is the stream, or the sender says why it is not.

import { assert, assertEquals } from "@std/assert";
import { serve } from "../../lib/server/serve.ts";
import { directorySink } from "../../lib/sink/disk/mod.ts";
import { readerItem } from "../../lib/source/item.ts";
import { readerOf } from "../../lib/source/stream_reader.ts";
import { transfer } from "../../lib/transfer/sender/send.ts";
import {
  noise,
  rejectsWith,
  sha256Of,
  tempDir,
  tree,
} from "../support/helpers.ts";
import { interrupted, MIB } from "./partial.ts";
import { FaultProxy } from "./proxy.ts";

Deno.test("a stream that is cut off while it is compared with a long partial goes on from there (1, 6)", async () => {
  // The receiver holds more than the sender remembers. While the sender holds
  // its stream against that nothing is sent, and the memory moves on.
  await using dir = await tempDir();
  const bytes = noise(24 * MIB);
  await interrupted(dir.path, "a", bytes, 16 * MIB);
  await using server = serve({ sink: directorySink(dir.path), onError() {} });
  await using proxy = await FaultProxy.to(server.addr);
  const retried = Promise.withResolvers<void>();
  const stream = readerOf(ReadableStream.from([bytes]));
  let given = 0;
  const reader = {
    async read(into: Uint8Array) {
      if (given === 10 * MIB) {
        proxy.links[0]!.cut("rst");
        await retried.promise;
      }
      const count = await stream.read(into);
      given += count ?? 0;
      return count;
    },
  };
  const item = readerItem(reader, { kind: "file", name: "a" }, 4 * MIB);
  const [receipt] = await transfer([item], proxy.addr, {
    retry: 1,
    onRetry: () => retried.resolve(),
  });
  assertEquals(receipt!.sha256, sha256Of(bytes));
  const found = await Deno.readFile(`${dir.path}/a`);
  assertEquals(sha256Of(found), sha256Of(bytes));
  const again = proxy.links[1]!.up.reduce((sum, { length }) => sum + length, 0);
  assert(again < 10 * MIB, `${again} bytes were sent`);
  await server.shutdown();
  assertEquals(await tree(dir.path), ["a"]);
});

Deno.test("a stream of which more was sent than is remembered is delivered after a cut (1, 6)", async () => {
  // The second attempt begins behind the stream's start, with the digest of
  // what came before: one that does not belong to its offset would be noticed
  // only at the end, as damage, again at every attempt.
  await using dir = await tempDir();
  const bytes = noise(24 * MIB);
  await using server = serve({ sink: directorySink(dir.path), onError() {} });
  await using proxy = await FaultProxy.to(
    server.addr,
    (connection) => connection === 0 ? { up: { cutAfter: 20 * MIB } } : {},
  );
  const retries: string[] = [];
  const reader = readerOf(ReadableStream.from([bytes]));
  const item = readerItem(reader, { kind: "file", name: "a" }, 16 * MIB);
  const [receipt] = await transfer([item], proxy.addr, {
    retry: 1,
    onRetry: ({ error }) => retries.push(error.code),
  });
  assertEquals([receipt!.sha256, retries], [sha256Of(bytes), ["lost"]]);
  const found = await Deno.readFile(`${dir.path}/a`);
  assertEquals(sha256Of(found), sha256Of(bytes));
});

Deno.test("a stream that was delivered is not called undelivered for what was forgotten of it (6, 8)", async () => {
  // The receiver has committed it and keeps no partial: to the next attempt it
  // shows nothing, and the start of the stream cannot be read again.
  await using dir = await tempDir();
  const bytes = noise(8 * MIB);
  await using server = serve({ sink: directorySink(dir.path), onError() {} });
  // Everything passes but the receipt: type 0x21 begins no other frame.
  await using proxy = await FaultProxy.to(server.addr, {
    onBytes(way, piece, link) {
      if (way === "down" && piece[0] === 0x21) link.cut("rst");
    },
  });
  const stream = () => {
    const reader = readerOf(ReadableStream.from([bytes]));
    return readerItem(reader, { kind: "file", name: "a" }, 4 * MIB);
  };
  await rejectsWith(
    "unconfirmed",
    () => transfer([stream()], proxy.addr, { retry: 3 }),
    'Cannot confirm "a"',
  );
  assertEquals(proxy.links.length, 2);
  const [receipt] = await transfer([stream()], server.addr, {});
  assertEquals([receipt!.existing, receipt!.sha256], [true, sha256Of(bytes)]);
});
