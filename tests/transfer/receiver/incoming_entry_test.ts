import { assertEquals } from "@std/assert";
import { TransferError } from "../../../lib/base/errors.ts";
import { IncomingEntry } from "../../../lib/transfer/receiver/incoming_entry.ts";
import type { Open } from "../../../lib/wire/frames.ts";
import { noise } from "../../support/helpers.ts";
import {
  data,
  digestOf,
  end,
  failing,
  ID,
  open,
} from "../../support/scripted.ts";
import { slowCommit, watchedSink } from "../../support/sinks.ts";

const BYTES = noise(1_000);

function begin(more: Partial<Open> = {}, maxSize = Infinity) {
  return IncomingEntry.begin(
    open(7, { name: "a", ...more }),
    watchedSink(),
    maxSize,
    "00",
    "sha256",
  );
}

/** The digest of the bytes, with one bit flipped in its byte `at`. */
function flipped(at: number): Uint8Array {
  const digest = digestOf(BYTES);
  digest[at]! ^= 1;
  return digest;
}

/** What a piece is answered with, whether at once or from the disk. */
function taking(incoming: IncomingEntry, ...piece: Parameters<typeof data>) {
  return failing((async () => await incoming.write(data(...piece)))());
}

Deno.test("begin() hands the sink what was announced and nothing of the wire", async () => {
  const seen: unknown[] = [];
  const sink = watchedSink({ open: (entry) => void seen.push(entry) });
  const announced = { name: "d/a", size: 5, mtime: 1_000, mode: 0o640 };
  const extensions = [{ number: 1, critical: false, value: noise(3) }];
  await IncomingEntry.begin(
    open(3, { ...announced, extensions }),
    sink,
    Infinity,
    "00",
    "sha256",
  );
  assertEquals(seen, [{ kind: "file", ...announced }]);
});

Deno.test("begin() refuses more than the limit before the sink is asked", async () => {
  const sink = watchedSink();
  const error = await failing(
    IncomingEntry.begin(
      open(0, { name: "a", size: 11 }),
      sink,
      10,
      "00",
      "sha256",
    ),
  );
  assertEquals(
    [error.code, error.message],
    ["rejected", 'Cannot take "a": it has 11 bytes and the limit is 10'],
  );
  assertEquals(sink.drafts.size, 0);
});

Deno.test("an entry of exactly the limit is taken", async () => {
  const sink = watchedSink();
  const incoming = await IncomingEntry.begin(
    open(0, { size: 1_000 }),
    sink,
    1_000,
    "00",
    "sha256",
  );
  await incoming.write(data(0, BYTES));
  await incoming.verify(end(0, BYTES));
  await incoming.commit(end(0, BYTES), ID);
  assertEquals(sink.files.get("file-0"), BYTES);
});

Deno.test("write() refuses a source of unknown length at the limit's first byte too many", async () => {
  const incoming = await begin({}, 1_000);
  await incoming.write(data(7, BYTES));
  const error = await taking(incoming, 7, BYTES.subarray(0, 1), 1_000);
  assertEquals(error.code, "rejected");
  assertEquals(
    error.message,
    'Cannot take "a": it has at least 1001 bytes and the limit is 1000',
  );
});

for (const [what, offset] of [["a gap", 1_001], ["an overlap", 999]] as const) {
  Deno.test(`write() breaks off at ${what}`, async () => {
    const incoming = await begin();
    await incoming.write(data(7, BYTES));
    const error = await taking(incoming, 7, BYTES, offset);
    assertEquals(error.code, "protocol");
    assertEquals(
      error.message,
      `Cannot go on with "a": data for byte ${offset} came where 1000 was next`,
    );
  });
}

Deno.test("write() breaks off beyond the announced size", async () => {
  const incoming = await begin({ size: 999 });
  const error = await taking(incoming, 7, BYTES);
  assertEquals(error.code, "protocol");
});

Deno.test("write() passes on what the disk says", async () => {
  const sink = watchedSink({
    write() {
      throw new TransferError("local-io", {
        doing: "write",
        found: "no space",
      });
    },
  });
  const incoming = await IncomingEntry.begin(
    open(0),
    sink,
    Infinity,
    "00",
    "sha256",
  );
  assertEquals((await taking(incoming, 0, BYTES)).code, "local-io");
});

for (
  const [what, announced, come, said, found] of [
    [
      "fewer bytes than END says",
      {},
      BYTES.subarray(1),
      end(7, BYTES),
      "its length must be 1000, found 999",
    ],
    [
      "fewer bytes than OPEN says",
      { size: 1_000 },
      BYTES.subarray(1),
      end(7, BYTES.subarray(1)),
      "its length must be 1000, found 999",
    ],
    [
      "other bytes than END says",
      {},
      BYTES,
      end(7, BYTES, { digest: digestOf(noise(999)) }),
      "its SHA-256 differs",
    ],
    [
      "a digest that differs in its first byte",
      {},
      BYTES,
      end(7, BYTES, { digest: flipped(0) }),
      "its SHA-256 differs",
    ],
    [
      "a digest that differs in its last byte",
      {},
      BYTES,
      end(7, BYTES, { digest: flipped(31) }),
      "its SHA-256 differs",
    ],
  ] as const
) {
  Deno.test(`verify() finds ${what}`, async () => {
    const incoming = await begin(announced);
    await incoming.write(data(7, come));
    const error = await failing(incoming.verify(said));
    assertEquals(error.code, "integrity");
    assertEquals(error.message, `Cannot accept "a": ${found}`);
  });
}

Deno.test("an entry of no bytes needs no piece", async () => {
  const empty = new Uint8Array(0);
  const incoming = await begin({ size: 0 });
  await incoming.verify(end(7, empty));
  const receipt = await incoming.commit(end(7, empty), ID);
  assertEquals([receipt.length, receipt.entry], [0, 7]);
});

Deno.test("commit() makes the receipt from what was verified and from what the sink says", async () => {
  const incoming = await begin();
  await incoming.write(data(7, BYTES));
  await incoming.verify(end(7, BYTES));
  const before = Date.now();
  const { committedAt, ...rest } = await incoming.commit(end(7, BYTES), ID);
  assertEquals(committedAt >= before && committedAt <= Date.now(), true);
  assertEquals(rest, {
    type: "receipt",
    entry: 7,
    id: ID,
    length: 1_000,
    algorithm: "sha256",
    digest: digestOf(BYTES),
    name: "a",
    durable: false,
    existing: false,
  });
});

Deno.test("the phase is what is being done", async () => {
  const { commit, begun, finish } = slowCommit("syncing");
  const sink = watchedSink({ commit });
  const incoming = await IncomingEntry.begin(
    open(0),
    sink,
    Infinity,
    "00",
    "sha256",
  );
  const phases = [incoming.phase];
  await incoming.verify(end(0, new Uint8Array(0)));
  phases.push(incoming.phase);
  const committing = incoming.commit(end(0, new Uint8Array(0)), ID);
  await begun;
  phases.push(incoming.phase);
  finish();
  await committing;
  assertEquals(phases, ["receiving", "verifying", "syncing"]);
});

Deno.test("abort() drops the draft", async () => {
  const sink = watchedSink();
  const incoming = await IncomingEntry.begin(
    open(0),
    sink,
    Infinity,
    "00",
    "sha256",
  );
  await incoming.write(data(0, BYTES));
  await incoming.abort();
  assertEquals([sink.drafts.size, sink.files.size], [0, 0]);
});
