import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { faultOf } from "../../lib/model/name.ts";
import {
  candidates,
  decide,
  type Decision,
  type Found,
  foundAt,
} from "../../lib/sink/conflict.ts";
import { utf8 } from "../support/helpers.ts";

function first(name: string, count: number): string[] {
  const names: string[] = [];
  for (const candidate of candidates(name)) {
    names.push(candidate);
    if (names.length === count) break;
  }
  return names;
}

/** Every name that can be found, for a new file of 10 bytes. */
const FOUND: Readonly<Record<string, Found>> = {
  nothing: { kind: "nothing" },
  directory: { kind: "directory" },
  other: { kind: "other" },
  same: { kind: "file", size: 10, content: "same" },
  different: { kind: "file", size: 10, content: "different" },
  unknown: { kind: "file", size: 10, content: "unknown" },
  longer: { kind: "file", size: 11, content: "unknown" },
  // The size alone says that the content is not the same.
  "longer, same": { kind: "file", size: 11, content: "same" },
  "longer, different": { kind: "file", size: 11, content: "different" },
};

/** What is decided under refuse, replace and rename. */
const DECISIONS: Readonly<Record<string, readonly Decision[]>> = {
  nothing: ["create", "create", "create"],
  directory: ["reject", "reject", "next-name"],
  other: ["reject", "replace", "next-name"],
  same: ["existing", "existing", "existing"],
  different: ["reject", "replace", "next-name"],
  unknown: ["compare", "compare", "compare"],
  longer: ["reject", "replace", "next-name"],
  "longer, same": ["reject", "replace", "next-name"],
  "longer, different": ["reject", "replace", "next-name"],
};

const POLICIES = ["refuse", "replace", "rename"] as const;

function decided(what: string, wanted: { size?: number }): Decision[] {
  return POLICIES.map((policy) => decide(policy, wanted, FOUND[what]!));
}

Deno.test("decide() of every policy and everything found", () => {
  assertEquals(Object.keys(DECISIONS), Object.keys(FOUND));
  for (const [what, decisions] of Object.entries(DECISIONS)) {
    assertEquals(decided(what, { size: 10 }), decisions, what);
  }
});

Deno.test("decide() of a file of unknown size goes by the content alone", () => {
  for (const what of Object.keys(FOUND)) {
    const alike = what.replace(/^longer, /, "").replace("longer", "unknown");
    assertEquals(decided(what, {}), DECISIONS[alike], what);
  }
});

Deno.test("decide() takes empty files for files like others", () => {
  const empty = { kind: "file", size: 0, content: "unknown" } as const;
  assertEquals(decide("refuse", { size: 0 }, empty), "compare");
  assertEquals(decide("refuse", { size: 1 }, empty), "reject");
  assertEquals(decide("refuse", { size: 0 }, FOUND["unknown"]!), "reject");
});

Deno.test("foundAt() tells files, directories and all else apart", () => {
  const file = { isFile: true, isDirectory: false, size: 7 };
  assertEquals(foundAt(file), { kind: "file", size: 7, content: "unknown" });
  const directory = { isFile: false, isDirectory: true, size: 4096 };
  assertEquals(foundAt(directory), { kind: "directory" });
  const link = { isFile: false, isDirectory: false, size: 7 };
  assertEquals(foundAt(link), { kind: "other" });
  assertEquals(foundAt(null), { kind: "nothing" });
});

Deno.test("candidates() begins with the name and counts in front of the extension", () => {
  assertEquals(first("a.bin", 3), ["a.bin", "a (1).bin", "a (2).bin"]);
  assertEquals(first("a.tar.gz", 2)[1], "a.tar (1).gz");
  assertEquals(first("Makefile", 2)[1], "Makefile (1)");
  assertEquals(first(".bashrc", 2)[1], ".bashrc (1)");
  assertEquals(first("R.E.M.", 2)[1], "R.E.M (1).");
});

Deno.test("candidates() ends, however many names are taken", () => {
  let count = 0;
  for (const _ of candidates("a")) count++;
  assertEquals(count, 10_001);
});

Deno.test("candidates() cuts a long name at a whole character to make room", () => {
  assertEquals(first("x".repeat(255), 2)[1], "x".repeat(251) + " (1)");
  const long = "👍".repeat(62) + ".bin"; // 252 bytes
  assertEquals(first(long, 2)[1], "👍".repeat(61) + " (1).bin");
});

Deno.test("candidates() makes good names of good names", () => {
  const good = fc.string({ unit: "binary", minLength: 1, maxLength: 260 })
    .filter((name) => !name.includes("/") && faultOf(name) === undefined);
  fc.assert(fc.property(good, (name) => {
    for (const candidate of first(name, 12)) {
      assertEquals(faultOf(candidate), undefined, candidate);
      assert(utf8(candidate).length <= 255);
    }
  }));
});

Deno.test("candidates() keeps an extension that fills the name, as far as it may", () => {
  const name = "x." + "e".repeat(253);
  const [, second] = first(name, 2);
  assertEquals(faultOf(second!), undefined);
});

Deno.test("candidates() makes room in bytes, whatever the extension is written in", () => {
  // The longest extension there is, 64 bytes in 22 characters, and one more.
  for (
    const extension of ["." + "\u6587".repeat(21), "." + "\u6587".repeat(22)]
  ) {
    const stem = "x".repeat(255 - utf8(extension).length);
    const names = first(stem + extension, 12);
    assertEquals(utf8(names[0]!).length, 255);
    for (const name of names.slice(1)) {
      const length = utf8(name).length;
      assert(length <= 255 && length > 250, `${length} bytes`);
    }
  }
});
