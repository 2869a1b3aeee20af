/**
 * What every sink with names promises, on a disk or in memory.
 *
 * @module
 */

import { assertEquals, assertRejects } from "@std/assert";
import { TransferError } from "../../lib/base/errors.ts";
import type { CommitPhase } from "../../lib/sink/sink.ts";
import { joined, noise, rejectsWith, utf8 } from "./helpers.ts";
import { makeDirectory, type OpenPlace, store } from "./store_place.ts";

/** Registers the contract's tests for one kind of sink. */
export function storeContract(kind: string, open: OpenPlace): void {
  const test = (promise: string, fn: () => Promise<void>) =>
    Deno.test(`${kind} ${promise}`, fn);

  test("shows nothing under the name before commit()", async () => {
    await using place = await open();
    const draft = await place.sink.open({ kind: "file", name: "a.bin" });
    await draft.write(utf8("half"));
    const seen = await place.names();
    assertEquals(seen.filter((name) => !name.startsWith(".halfclose-")), []);
    const { durable } = place;
    const committed = { name: "a.bin", durable, existing: false };
    assertEquals(await draft.commit(), committed);
    assertEquals(await place.names(), ["a.bin"]);
    assertEquals(await place.content("a.bin"), utf8("half"));
  });

  test("keeps all pieces in order and is done with each when write() resolves", async () => {
    await using place = await open();
    const draft = await place.sink.open({ kind: "file", name: "a" });
    const piece = new Uint8Array(100_000);
    const sent: Uint8Array[] = [];
    for (let turn = 0; turn < 5; turn++) {
      piece.set(noise(100_000 - turn));
      sent.push(piece.slice());
      await draft.write(piece);
      piece.fill(0xee);
    }
    await draft.commit();
    assertEquals(await place.content("a"), joined(sent));
  });

  test("commits files of 0 bytes and of 1, with and without a write()", async () => {
    await using place = await open();
    await (await place.sink.open({ kind: "file", name: "none" })).commit();
    await store(place, "empty", new Uint8Array(0));
    await store(place, "one", new Uint8Array(1));
    assertEquals(await place.names(), ["empty", "none", "one"]);
    assertEquals((await place.content("none")).length, 0);
    assertEquals((await place.content("empty")).length, 0);
    assertEquals(await place.content("one"), new Uint8Array(1));
  });

  test("leaves nothing after abort(), which is harmless twice", async () => {
    await using place = await open();
    const draft = await place.sink.open({ kind: "file", name: "d/a" });
    await draft.write(noise(10));
    await draft.abort();
    await draft.abort();
    await (await place.sink.open({ kind: "file", name: "b" })).abort();
    await (await place.sink.open({ kind: "directory", name: "e" })).abort();
    assertEquals(await place.names(), []);
  });

  test("leaves nothing when abort() meets the first write()", async () => {
    await using place = await open();
    const draft = await place.sink.open({ kind: "file", name: "a" });
    const writing = Promise.allSettled([draft.write(noise(100_000))]);
    await draft.abort();
    await writing;
    assertEquals(await place.names(), []);
  });

  test("takes nothing more after abort() or commit()", async () => {
    await using place = await open();
    const dropped = await place.sink.open({ kind: "file", name: "a" });
    await dropped.abort();
    await assertRejects(() => dropped.write(noise(1)), TransferError);
    await assertRejects(() => dropped.commit(), TransferError);
    assertEquals(await place.names(), []);
    const kept = await place.sink.open({ kind: "file", name: "b" });
    await kept.write(utf8("kept"));
    await kept.commit();
    await assertRejects(() => kept.write(noise(1)), TransferError);
    await assertRejects(() => kept.commit(), TransferError);
    assertEquals(await place.names(), ["b"]);
    assertEquals(await place.content("b"), utf8("kept"));
  });

  test("keeps what was committed when abort() comes after", async () => {
    await using place = await open();
    const draft = await place.sink.open({ kind: "file", name: "a" });
    await draft.commit();
    await draft.abort();
    assertEquals(await place.names(), ["a"]);
  });

  test("takes two writes that were not waited for as one file", async () => {
    await using place = await open();
    const draft = await place.sink.open({ kind: "file", name: "a" });
    const pieces = [noise(10), noise(10)];
    await Promise.all(pieces.map((piece) => draft.write(piece)));
    await draft.commit();
    assertEquals(await place.names(), ["a"]);
    assertEquals(await place.content("a"), joined(pieces));
  });

  test("makes directories, empty ones and those on the way", async () => {
    await using place = await open();
    const { durable } = place;
    await store(place, "x/y/a", utf8("a"));
    // Those of the way are as new as the others, until they are announced.
    for (const existing of [false, true]) {
      for (const name of ["d/e", "x/y", "x"]) {
        const made = { name, durable, existing };
        assertEquals(await makeDirectory(place, name), made);
      }
    }
    assertEquals(await place.names(), ["d/", "d/e/", "x/", "x/y/", "x/y/a"]);
  });

  test("takes no bytes for a directory", async () => {
    await using place = await open();
    const draft = await place.sink.open({ kind: "directory", name: "d" });
    await rejectsWith("protocol", () => draft.write(utf8("bytes")));
    await draft.abort();
  });

  test("refuses bad names before anything is there", async () => {
    await using place = await open();
    for (
      const name of [
        ...[
          "",
          ".",
          "..",
          "../x",
          "a/../../x",
          "/etc/x",
          "C:\\x",
          "a\\b",
          "a/",
        ],
        ...["a\nb", "\x1b[31m", "\u202Ex", "\0", "nul.txt", ".halfclose-x"],
        ...["x".repeat(256), "d/.halfclose-x", "\uD800"],
      ]
    ) {
      for (const kind of ["file", "directory"] as const) {
        await rejectsWith("rejected", () => place.sink.open({ kind, name }));
      }
    }
    assertEquals(await place.names(), []);
  });

  test("takes names of 255 bytes, and a free one beside each", async () => {
    await using place = await open("rename");
    const name = "x".repeat(251) + ".bin";
    assertEquals((await store(place, name, utf8("one"))).name, name);
    const second = await store(place, name, utf8("two"));
    assertEquals(second.name, "x".repeat(247) + " (1).bin");
    assertEquals(await place.content(second.name), utf8("two"));
    const wide = "é".repeat(127);
    assertEquals((await store(place, wide, utf8("one"))).name, wide);
    const other = await store(place, wide, utf8("two"));
    assertEquals(other.name, "é".repeat(125) + " (1)");
  });

  test("says which phase a commit is in, in order", async () => {
    await using place = await open();
    const draft = await place.sink.open({ kind: "file", name: "a" });
    const phases: CommitPhase[] = [];
    await draft.commit((phase) => phases.push(phase));
    assertEquals(phases, place.durable ? ["syncing", "committing"] : []);
  });
}
