/**
 * What every sink with names promises, on a disk or in memory.
 *
 * @module
 */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { TransferError } from "../lib/errors.ts";
import type {
  CommitPhase,
  Committed,
  Draft,
  Entry,
  Sink,
} from "../lib/sink.ts";
import type { ConflictPolicy } from "../lib/conflict.ts";
import { joined, noise, rejectsWith, utf8 } from "./helpers.ts";

/** A sink, and a look at what is in it from outside. */
export interface Place extends AsyncDisposable {
  readonly sink: Sink;
  /** Names of all entries in order, directories with `/` behind; drafts too. */
  names(): Promise<string[]>;
  /** What a file holds. */
  content(name: string): Promise<Uint8Array>;
  /** Whether a receipt from here may say durable. */
  readonly durable: boolean;
}

/** Registers the contract's tests for one kind of sink. */
export function storeContract(
  kind: string,
  open: (policy?: ConflictPolicy) => Promise<Place>,
): void {
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

  test("refuses other content for a taken name unless told otherwise", async () => {
    await using place = await open();
    await store(place, "d/a", utf8("first"));
    await rejectsWith("rejected", () => store(place, "d/a", utf8("other")));
    await rejectsWith("rejected", () => store(place, "d/a", utf8("longer")));
    assertEquals(await place.content("d/a"), utf8("first"));
    assertEquals(await place.names(), ["d/", "d/a"]);
  });

  test("replaces other content where that is the policy", async () => {
    await using place = await open("replace");
    await store(place, "a", utf8("first"));
    const { durable } = place;
    assertEquals(await store(place, "a", utf8("second")), {
      name: "a",
      durable,
      existing: false,
    });
    assertEquals(await place.content("a"), utf8("second"));
    assertEquals(await place.names(), ["a"]);
  });

  test("takes the next free name where that is the policy", async () => {
    await using place = await open("rename");
    const names: string[] = [];
    for (const text of ["one", "two", "three"]) {
      names.push((await store(place, "d/a.tar.gz", utf8(text))).name);
    }
    assertEquals(names, ["d/a.tar.gz", "d/a.tar (1).gz", "d/a.tar (2).gz"]);
    assertEquals(await place.content("d/a.tar (2).gz"), utf8("three"));
  });

  for (const policy of ["refuse", "replace", "rename"] as const) {
    test(`answers identical content with existing under ${policy}`, async () => {
      await using place = await open(policy);
      await store(place, "a", noise(70_000));
      const { durable } = place;
      const again = { name: "a", durable, existing: true };
      assertEquals(await store(place, "a", noise(70_000)), again);
      assertEquals(await place.names(), ["a"]);
    });
  }

  test("answers with the renamed file when that is what is identical", async () => {
    await using place = await open("rename");
    await store(place, "a", utf8("one"));
    await store(place, "a", utf8("two"));
    const again = await store(place, "a", utf8("two"));
    assertEquals([again.name, again.existing], ["a (1)", true]);
    assertEquals(await place.names(), ["a", "a (1)"]);
  });

  test("answers identical content with existing when both are empty", async () => {
    await using place = await open();
    await store(place, "a", new Uint8Array(0));
    const again = await store(place, "a", new Uint8Array(0));
    assertEquals(again.existing, true);
  });

  test("lets exactly one of many concurrent commits to one name win", async () => {
    await using place = await open();
    const drafts = await drafted(place, 16, (turn) => utf8(`content ${turn}`));
    const results = await Promise.allSettled(drafts.map((one) => one.commit()));
    const winners = results.flatMap((result, turn) =>
      result.status === "fulfilled" ? [turn] : []
    );
    assertEquals(winners.length, 1);
    for (const result of results) {
      if (result.status === "fulfilled") continue;
      assert(result.reason instanceof TransferError);
      assertEquals(result.reason.code, "rejected");
    }
    assertEquals(await place.content("a"), utf8(`content ${winners[0]}`));
    assertEquals(await place.names(), ["a"]);
  });

  test("lets one of many concurrent identical commits be new", async () => {
    await using place = await open();
    const drafts = await drafted(place, 16, () => utf8("the same"));
    const results = await Promise.all(drafts.map((one) => one.commit()));
    assertEquals(results.filter(({ existing }) => !existing).length, 1);
    assertEquals(await place.names(), ["a"]);
  });

  test("gives concurrent commits names of their own under rename", async () => {
    await using place = await open("rename");
    const drafts = await drafted(place, 8, (turn) => utf8(`content ${turn}`));
    const results = await Promise.all(drafts.map((one) => one.commit()));
    assertEquals(new Set(results.map(({ name }) => name)).size, 8);
    for (const [turn, { name, existing }] of results.entries()) {
      assertEquals(existing, false);
      assertEquals(await place.content(name), utf8(`content ${turn}`));
    }
    assertEquals((await place.names()).length, 8);
  });

  test("keeps one whole file of concurrent commits under replace", async () => {
    await using place = await open("replace");
    const texts = Array.from({ length: 8 }, (_, turn) => `content ${turn}`);
    const drafts = await drafted(place, 8, (turn) => utf8(texts[turn]!));
    await Promise.all(drafts.map((one) => one.commit()));
    const text = new TextDecoder().decode(await place.content("a"));
    assert(texts.includes(text), text);
    assertEquals(await place.names(), ["a"]);
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

  for (const policy of ["refuse", "replace"] as const) {
    test(`never puts a file where a directory is under ${policy}`, async () => {
      await using place = await open(policy);
      await makeDirectory(place, "d");
      await rejectsWith("rejected", () => store(place, "d", utf8("file")));
      await rejectsWith("rejected", () => store(place, "d", new Uint8Array(0)));
      assertEquals(await place.names(), ["d/"]);
    });

    test(`never puts a directory or its content where a file is under ${policy}`, async () => {
      await using place = await open(policy);
      await store(place, "f", utf8("file"));
      await rejectsWith("rejected", () => makeDirectory(place, "f"));
      await rejectsWith("rejected", () => makeDirectory(place, "f/d"));
      await rejectsWith("rejected", () => store(place, "f/a", utf8("below")));
      assertEquals(await place.names(), ["f"]);
      assertEquals(await place.content("f"), utf8("file"));
    });
  }

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

async function store(
  { sink }: Place,
  name: string,
  bytes: Uint8Array,
): Promise<Committed> {
  const entry: Entry = { kind: "file", name, size: bytes.length };
  const draft = await sink.open(entry);
  await draft.write(bytes);
  return await draft.commit();
}

async function makeDirectory({ sink }: Place, name: string) {
  return await (await sink.open({ kind: "directory", name })).commit();
}

/** So many drafts of the file `a`, written and not committed. */
async function drafted(
  { sink }: Place,
  count: number,
  content: (turn: number) => Uint8Array,
): Promise<Draft[]> {
  const drafts: Draft[] = [];
  for (let turn = 0; turn < count; turn++) {
    const draft = await sink.open({ kind: "file", name: "a" });
    await draft.write(content(turn));
    drafts.push(draft);
  }
  return drafts;
}
