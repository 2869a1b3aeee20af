/**
 * What every sink with names promises where a name is taken, or wanted by many
 * at once.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { TransferError } from "../../lib/base/errors.ts";
import { noise, rejectsWith, utf8 } from "./helpers.ts";
import {
  drafted,
  makeDirectory,
  type OpenPlace,
  store,
} from "./store_place.ts";

/** Registers these promises for one kind of sink. */
export function conflictContract(kind: string, open: OpenPlace): void {
  const test = (promise: string, fn: () => Promise<void>) =>
    Deno.test(`${kind} ${promise}`, fn);

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
}
