// Entries that a receiver does not take, or takes under another name.

import { assert, assertEquals } from "@std/assert";
import { bytesItem } from "../../lib/source/item.ts";
import { send, sendAll, transfer } from "../../lib/transfer/sender/send.ts";
import { noise, sha256Of, tree, utf8 } from "../support/helpers.ts";
import { failing } from "../support/scripted.ts";
import { BYTES, odd, route } from "../support/transfer_route.ts";

for (
  const [onConflict, left] of [
    ["refuse", { a: "old" }],
    ["replace", { a: "new" }],
    ["rename", { a: "old", "a (1)": "new" }],
  ] as const
) {
  Deno.test(`--on-conflict ${onConflict}: a taken name`, async () => {
    await using all = await route({ onConflict });
    await Deno.writeTextFile(`${all.to}/a`, "old");
    const sending = send(utf8("new"), all.server.addr, { name: "a" });
    if (onConflict === "refuse") {
      const error = await failing(sending);
      assertEquals([error.code, error.retriable], ["rejected", false]);
    } else {
      const { name, existing } = await sending;
      const last = Object.keys(left).at(-1)!;
      assertEquals([name, existing], [last, false]);
    }
    const found: Record<string, string> = {};
    for (const name of await tree(all.to)) {
      found[name] = await Deno.readTextFile(`${all.to}/${name}`);
    }
    assertEquals<unknown>(found, left);
  });
}

Deno.test("an entry beyond the size limit is refused while the others are delivered", async () => {
  await using all = await route({ maxSize: 1_000 });
  await Deno.writeFile(`${all.from}/large`, noise(1_001));
  await Deno.writeFile(`${all.from}/right`, noise(1_000));
  const paths = ["large", "right"].map((name) => `${all.from}/${name}`);
  const heard: string[] = [];
  const error = await failing(sendAll(paths, all.server.addr, {
    onReceipt: ({ name }) => heard.push(name),
  }));
  assertEquals(error.code, "rejected");
  assert(
    error.message.endsWith("it has 1001 bytes and the limit is 1000"),
    error.message,
  );
  assertEquals([heard, await tree(all.to)], [["right"], ["right"]]);
});

Deno.test("a source of unknown length is refused at the size limit, and leaves nothing", async () => {
  await using all = await route({ maxSize: 100_000 });
  const sending = send(odd(noise(3_000_000)), all.server.addr, { name: "a" });
  assertEquals((await failing(sending)).code, "rejected");
  assertEquals(await tree(all.to), []);
});

Deno.test("a name that would leave the destination is refused by the receiver too", async () => {
  await using all = await route();
  const item = bytesItem(BYTES, { kind: "file", name: "../a" });
  const sending = transfer([item], all.server.addr, {});
  assertEquals((await failing(sending)).code, "rejected");
  assertEquals(await tree(all.to), []);
});

Deno.test("of two senders to one name exactly one wins, and no byte is mixed", async () => {
  await using all = await route();
  for (let round = 0; round < 10; round++) {
    const name = `n${round}`;
    const rivals = [1, 2].map((fill) => new Uint8Array(200_000).fill(fill));
    const results = await Promise.allSettled(
      rivals.map((bytes) => send(bytes, all.server.addr, { name })),
    );
    const won = results.findIndex(({ status }) => status === "fulfilled");
    const lost = results[1 - won];
    assert(lost?.status === "rejected" && lost.reason.code === "rejected");
    const there = await Deno.readFile(`${all.to}/${name}`);
    assertEquals(sha256Of(there), sha256Of(rivals[won]!));
  }
});
