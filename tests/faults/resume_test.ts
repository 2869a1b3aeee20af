// An interrupted transfer goes on by proof and not by trust: whatever is found
// of it, the file that arrives is the one that was sent.

import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { TransferError } from "../../lib/base/errors.ts";
import { serve } from "../../lib/server/serve.ts";
import { directorySink } from "../../lib/sink/disk/mod.ts";
import { readerItem } from "../../lib/source/item.ts";
import { send, transfer } from "../../lib/transfer/sender/send.ts";
import { noise, tempDir, tree } from "../support/helpers.ts";
import { BYTES, deliver, interrupted, MIB, partials } from "./partial.ts";
import { FaultProxy } from "./proxy.ts";
import { seeded } from "./seed.ts";
import { each } from "./small.ts";

function changed(bytes: Uint8Array, at: number): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(bytes);
  copy[at]! ^= 1;
  return copy;
}

Deno.test("a transfer goes on where it stopped, after the receiver was restarted too", async () => {
  await using dir = await tempDir();
  await interrupted(dir.path, "a", BYTES, 2.5 * MIB);
  const { receipt, moved, found } = await deliver(dir.path, BYTES);
  assertEquals(found, BYTES);
  assertEquals(receipt.existing, false);
  assert(moved < BYTES.length - MIB, `${moved} bytes were sent again`);
  assertEquals(await tree(dir.path), ["a"]);
});

/** What somebody or something did to a partial, and what is sent next. */
const FOUND: [
  string,
  (partial: string) => Promise<void>,
  Uint8Array<ArrayBuffer>,
][] = [
  ["of a source that changed at its start", untouched, changed(BYTES, 0)],
  [
    "of a source that changed in the middle",
    untouched,
    changed(BYTES, 2 * MIB),
  ],
  ["of a source that changed behind it", untouched, changed(BYTES, 3 * MIB)],
  ["of a source that shrank below it", untouched, BYTES.subarray(0, 2 * MIB)],
  ["of a source that grew", untouched, noise(5 * MIB)],
  ["of another file of that name", untouched, noise(4 * MIB).reverse()],
  ["that was tampered with", (path) => flip(path, MIB + 7), BYTES],
  ["that was tampered with at its end", (path) => flip(path, -1), BYTES],
  ["that was torn", (path) => Deno.truncate(path, MIB + 1_001), BYTES],
  ["that lost its blocks and kept its length", (path) => zeros(path), BYTES],
  ["that has nothing left", (path) => Deno.truncate(path, 0), BYTES],
  ["that is longer than the source", (path) => grown(path), BYTES],
];

for (const [what, act, next] of FOUND) {
  Deno.test(`a partial ${what} never makes a wrong file (1, 3)`, async () => {
    await using dir = await tempDir();
    await act(await interrupted(dir.path, "a", BYTES, 2.5 * MIB));
    const { receipt, found } = await deliver(dir.path, next);
    assertEquals(found, next);
    assertEquals(receipt.bytes, next.length);
    assertEquals(await tree(dir.path), ["a"]);
  });
}

function untouched(): Promise<void> {
  return Promise.resolve();
}

async function flip(path: string, at: number): Promise<void> {
  const bytes = await Deno.readFile(path);
  await Deno.writeFile(
    path,
    changed(bytes, (at + bytes.length) % bytes.length),
  );
}

async function zeros(path: string): Promise<void> {
  const { size } = await Deno.stat(path);
  await Deno.truncate(path, MIB);
  await Deno.truncate(path, size);
}

async function grown(path: string): Promise<void> {
  await Deno.writeFile(path, noise(MIB), { append: true });
  await Deno.truncate(path, 10 * MIB);
}

Deno.test("a resumable transfer that is cut anywhere ends well in one command (1, 3, 6)", async () => {
  const random = seeded("cuts of a large transfer");
  await using dir = await tempDir();
  await using server = serve({ sink: directorySink(dir.path), onError() {} });
  const points = Array.from({ length: 40 }, (_, n) => n);
  let resumed = 0;
  await each(points, 4, async (point) => {
    const name = `f${point}`;
    // Down there are a few hundred bytes only.
    const fate = point % 4 < 3
      ? { up: { cutAfter: random(BYTES.length + 400), how: how(point) } }
      : { down: { cutAfter: random(450), how: how(point) } };
    await using proxy = await FaultProxy.to(
      server.addr,
      (connection) => connection === 0 ? fate : {},
    );
    const receipt = await send(BYTES, proxy.addr, { name, retry: 2 });
    assertEquals(receipt.bytes, BYTES.length);
    assertEquals(await Deno.readFile(`${dir.path}/${name}`), BYTES);
    const again = proxy.links[1]?.up
      .reduce((sum, { length }) => sum + length, 0);
    if (again !== undefined && again < BYTES.length) resumed++;
  });
  assert(resumed > 0, "nothing was resumed");
  await server.shutdown();
  assertEquals((await tree(dir.path)).length, points.length);
});

function how(point: number): "fin" | "rst" {
  return point % 2 ? "fin" : "rst";
}

Deno.test("a connection that is cut before its first byte loses nothing of what is held (6)", async () => {
  await using dir = await tempDir();
  await interrupted(dir.path, "a", BYTES, 2.5 * MIB);
  await using server = serve({ sink: directorySink(dir.path), onError() {} });
  // Behind the ACCEPT, while the sender still holds its bytes against it.
  await using proxy = await FaultProxy.to(server.addr, {
    down: { cutAfter: 53 },
  });
  await assertRejects(
    () => send(BYTES, proxy.addr, { name: "a" }),
    TransferError,
  );
  await server.shutdown();
  assertEquals(await partials(dir.path), 1);
  const { moved, found } = await deliver(dir.path, BYTES);
  assertEquals(found, BYTES);
  assert(moved < BYTES.length - MIB, `${moved} bytes were sent again`);
  assertEquals(await tree(dir.path), ["a"]);
});

for (const size of [1_000, BYTES.length]) {
  Deno.test(`repeating ${size} bytes that are there moves none of them, after a restart too (6)`, async () => {
    await using dir = await tempDir();
    const bytes = BYTES.subarray(0, size);
    const first = await deliver(dir.path, bytes);
    assertEquals(first.receipt.existing, false);
    const again = await deliver(dir.path, bytes);
    assertEquals(again.receipt.existing, true);
    assertEquals(again.receipt.sha256, first.receipt.sha256);
    assert(again.moved < 400, `${again.moved} bytes were sent again`);
  });
}

Deno.test("unconfirmed is settled by the same command, and moves no data again (6, 8)", async () => {
  await using dir = await tempDir();
  await using server = serve({ sink: directorySink(dir.path), onError() {} });
  // Everything passes but the receipt: type 0x21 begins no other frame.
  const links: number[] = [];
  await using proxy = await FaultProxy.to(server.addr, (connection) => ({
    onBytes(way, bytes, link) {
      if (way === "up") {
        links[connection] = (links[connection] ?? 0) + bytes.length;
      }
      if (connection === 0 && way === "down" && bytes[0] === 0x21) {
        link.cut("rst");
      }
    },
  }));
  const retries: string[] = [];
  const receipt = await send(BYTES, proxy.addr, {
    name: "a",
    retry: 1,
    onRetry: ({ error }) => retries.push(error.code),
  });
  assertEquals(receipt.existing, true);
  assertEquals(retries.length, 1);
  assert(links[1]! < 400, `${links[1]} bytes were sent again`);
  assertEquals(await Deno.readFile(`${dir.path}/a`), BYTES);
});

/** Bytes as a pipe gives them: once. */
async function* pipe(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 65_536) {
    yield await Promise.resolve(bytes.slice(at, at + 65_536));
  }
}

Deno.test("a stream that can be read only once resumes within what it remembers (1, 6)", async () => {
  await using dir = await tempDir();
  await using server = serve({ sink: directorySink(dir.path), onError() {} });
  await using proxy = await FaultProxy.to(
    server.addr,
    (connection) => connection < 2 ? { up: { cutAfter: 2 * MIB } } : {},
  );
  const receipt = await send(pipe(BYTES), proxy.addr, { name: "a", retry: 3 });
  assertEquals(receipt.bytes, BYTES.length);
  assertEquals(await Deno.readFile(`${dir.path}/a`), BYTES);
});

Deno.test("a stream that is forgotten where it would have to go on fails clearly (8)", async () => {
  await using dir = await tempDir();
  await using server = serve({ sink: directorySink(dir.path), onError() {} });
  // Much more than the kernels hold behind the cut: its END is not sent then.
  const bytes = noise(64 * MIB);
  const whole = Promise.withResolvers<void>();
  const begun = async () => {
    // What the receiver held is gone by the time the sender comes back.
    for (const name of await tree(dir.path)) {
      await Deno.remove(`${dir.path}/${name}`);
    }
  };
  await using proxy = await FaultProxy.to(
    server.addr,
    (connection) => connection === 0 ? { up: { cutAfter: 20 * MIB } } : {},
  );
  const reader = pipe(bytes);
  let rest = new Uint8Array(0);
  const item = readerItem(
    {
      async read(into) {
        if (rest.length === 0) {
          const { done, value } = await reader.next();
          if (done) return null;
          rest = new Uint8Array(value);
        }
        const piece = rest.subarray(0, into.length);
        into.set(piece);
        rest = rest.subarray(piece.length);
        return piece.length;
      },
    },
    { kind: "file", name: "a" },
    4 * MIB,
  );
  const error = await assertRejects(
    () =>
      transfer([item], proxy.addr, {
        retry: 2,
        onRetry: () => void begun().then(whole.resolve),
      }),
    TransferError,
  );
  await whole.promise;
  assertEquals(error.code, "source", error.message);
  assertStringIncludes(error.message, "cannot be read again");
  assert(!(await tree(dir.path)).includes("a"));
});
