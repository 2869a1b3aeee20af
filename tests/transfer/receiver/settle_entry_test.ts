import { assertEquals } from "@std/assert";
import { TransferError } from "../../../lib/base/errors.ts";
import { IncomingEntry } from "../../../lib/transfer/receiver/incoming_entry.ts";
import { settleEntry } from "../../../lib/transfer/receiver/settle_entry.ts";
import type { ReceiptFrame } from "../../../lib/wire/frames.ts";
import { noise } from "../../support/helpers.ts";
import { data, end, failing, ID, open } from "../../support/scripted.ts";
import { type Hooks, watchedSink } from "../../support/sinks.ts";

const BYTES = noise(1_000);

/** An entry whose data has come, and what happens while it is settled. */
async function arrived(hooks: Hooks = {}) {
  const order: string[] = [];
  const sink = watchedSink({
    async commit(entry, onPhase) {
      order.push("commit");
      await hooks.commit?.(entry, onPhase);
    },
  });
  const incoming = await IncomingEntry.begin(
    open(0),
    sink,
    Infinity,
    "00",
    "sha256",
  );
  await incoming.write(data(0, BYTES));
  const said: ReceiptFrame[] = [];
  const settle = (more = {}, commitAfter?: Promise<void>) =>
    settleEntry(incoming, end(0, BYTES, more), {
      id: ID,
      onVerified: () => order.push("verified"),
      commitAfter,
      say: (frame) => {
        order.push("say");
        said.push(frame);
      },
    });
  return { settle, order, said, sink };
}

Deno.test("an entry is verified, then committed, then its receipt is said", async () => {
  const { settle, order, said, sink } = await arrived();
  const receipt = await settle();
  assertEquals(order, ["verified", "commit", "say"]);
  assertEquals(said.map(({ entry, name }) => [entry, name]), [[0, "file-0"]]);
  assertEquals([receipt.name, receipt.bytes], ["file-0", 1_000]);
  assertEquals(sink.files.get("file-0"), BYTES);
});

Deno.test("what is not verified is not committed, and has no receipt", async () => {
  const { settle, order, said, sink } = await arrived();
  const error = await failing(settle({ length: 999 }));
  assertEquals([error.code, order, said], ["integrity", [], []]);
  assertEquals(sink.files.size, 0);
});

Deno.test("what is not committed has no receipt", async () => {
  const { settle, order, said } = await arrived({
    commit() {
      throw new TransferError("local-io", { doing: "sync", found: "EIO" });
    },
  });
  const error = await failing(settle());
  assertEquals([error.code, said], ["local-io", []]);
  assertEquals(order, ["verified", "commit"]);
});

Deno.test("a commit waits for those that must come before it", async () => {
  const { settle, order } = await arrived();
  const before = Promise.withResolvers<void>();
  const settling = settle(
    {},
    before.promise.then(() => void order.push("before")),
  );
  before.resolve();
  await settling;
  assertEquals(order, ["verified", "before", "commit", "say"]);
});
