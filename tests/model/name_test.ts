import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { join } from "node:path";
import { TransferError } from "../../lib/base/errors.ts";
import {
  checkName,
  faultOf,
  partsOf,
  RESERVED_PREFIX,
} from "../../lib/model/name.ts";
import { utf8 } from "../support/helpers.ts";

const ABSOLUTE = "is absolute";
const CONTROL = "holds a control character";
const DEEP = "is nested deeper than 100";
const DEVICE = "has a part that is a device on Windows";
const DIRECTION = "holds an invisible mark of direction";
const DRIVE = "begins with a drive letter";
const EMPTY_PART = "has an empty part";
const LONG = "is longer than 4096 bytes";
const LONG_PART = "has a part longer than 255 bytes";
const RESERVED = "begins a part with .halfclose-, which is for temporary files";
const SLASH = "holds a backslash";
const UNICODE = "is not valid Unicode";

const REFUSED: readonly (readonly [name: string, fault: string])[] = [
  // out of the destination
  ["", "is empty"],
  [".", 'has the part "."'],
  ["..", 'has the part ".."'],
  ["../x", 'has the part ".."'],
  ["a/../../x", 'has the part ".."'],
  ["a/..", 'has the part ".."'],
  ["a/./b", 'has the part "."'],
  ["/", ABSOLUTE],
  ["/etc/x", ABSOLUTE],
  ["//host/x", ABSOLUTE],
  ["a/", EMPTY_PART],
  ["a//b", EMPTY_PART],
  ["C:\\x", DRIVE],
  ["c:x", DRIVE],
  ["C:/x", DRIVE],
  ["a:b", DRIVE],
  ["\\\\host\\x", SLASH],
  ["a\\b", SLASH],
  ["..\\x", SLASH],
  // what a terminal or an eye would not show as it is
  ["a\0b", CONTROL],
  ["a\nb", CONTROL],
  ["a\rb", CONTROL],
  ["\t", CONTROL],
  ["\x1b[31mred", CONTROL],
  ["\x7f", CONTROL],
  ["\x9b31m", CONTROL],
  ["d/\x85", CONTROL],
  ["\u202Etxt.exe", DIRECTION],
  ["a\u202Ab", DIRECTION],
  ["a\u2066b", DIRECTION],
  ["a\u2069b", DIRECTION],
  ["a\u200Eb", DIRECTION],
  ["a\u200Fb", DIRECTION],
  ["a\u061Cb", DIRECTION],
  ["\uFEFFa", DIRECTION],
  ["\uD800", UNICODE],
  ["a\uDC00b", UNICODE],
  // Windows opens these whatever comes behind
  ["CON", DEVICE],
  ["nul.txt", DEVICE],
  ["d/aux", DEVICE],
  ["prn/x", DEVICE],
  ["COM1", DEVICE],
  ["COM¹", DEVICE],
  ["lpt³.tar.gz", DEVICE],
  ["com0", DEVICE],
  ["CONIN$", DEVICE],
  ["conout$.log", DEVICE],
  ["CON ", DEVICE],
  ["nul  .txt", DEVICE],
  ["d/nul:x", DEVICE],
  // ours
  [".halfclose-x", RESERVED],
  [".halfclose-", RESERVED],
  [".HalfClose-0123", RESERVED],
  [".halfclose-d/x", RESERVED],
  ["d/.halfclose-x", RESERVED],
  // bounds
  ["x".repeat(256), LONG_PART],
  ["é".repeat(128), LONG_PART],
  [`d/${"x".repeat(256)}/f`, LONG_PART],
  ["x/".repeat(2048) + "x", LONG],
  ["x/".repeat(100) + "x", DEEP],
];

const ACCEPTED: readonly string[] = [
  "a",
  "a.bin",
  "dir/sub/a.bin",
  "-rf",
  "--name",
  ".ssh",
  ".ssh/authorized_keys",
  "...",
  "..a",
  "a..",
  " ",
  " a ",
  "R.E.M.",
  "R.E.M./Murmur ",
  "trailing.",
  "trailing ",
  "12:30.log",
  "d/a:b",
  "ab:c",
  "%2e%2e/%2fx", // nobody decodes it
  "console",
  "con1",
  "com10",
  "null",
  "nulls.txt",
  "auxiliary",
  "a.con",
  ".halfclose",
  "halfclose-x",
  "a.halfclose-x",
  "naïve – 日本語 👍🏽",
  "e\u0301", // decomposed: the same as é to people, another name to the disk
  "👩\u200D💻", // held together by a joiner
  "quote\"s'`$(x)&;|<>*?",
  "x".repeat(255),
  "é".repeat(127),
  Array(100).fill("x").join("/"),
  `${"x".repeat(255)}/`.repeat(15) + "x".repeat(255), // 4,095 bytes
];

Deno.test("faultOf() says which rule a name breaks", () => {
  for (const [name, fault] of REFUSED) {
    assertEquals(faultOf(name), fault, JSON.stringify(name));
  }
});

Deno.test("faultOf() finds nothing wrong with names that people use", () => {
  for (const name of ACCEPTED) {
    assertEquals(faultOf(name), undefined, JSON.stringify(name));
  }
});

Deno.test("partsOf() takes a good name apart and changes none of it", () => {
  for (const name of ACCEPTED) assertEquals(partsOf(name).join("/"), name);
  assertEquals(partsOf("d/e/f.txt"), ["d", "e", "f.txt"]);
});

Deno.test("partsOf() rejects a bad name with rejected, escaped and with the reason", () => {
  for (const [name, fault] of REFUSED) {
    const error = assertThrows(() => partsOf(name), TransferError);
    assertEquals([error.code, error.retriable], ["rejected", false]);
    assert(error.message.startsWith("Cannot take "));
    assert(error.message.endsWith(`: its name ${fault}`), error.message);
    assert(!/[\p{Cc}\p{Cf}\p{Cs}]/u.test(error.message));
  }
});

/** Strings that come close to the rules, and any others. */
const names = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.array(
    fc.constantFrom(
      ..."/ // . .. \\ a C: nul con . - \0 \n \u202E \uD800 \uFEFF é".split(
        " ",
      ),
      ...[" ", RESERVED_PREFIX, "x".repeat(254), "COM¹", ":"],
    ),
    { maxLength: 12 },
  ).map((pieces) => pieces.join("")),
);

Deno.test("any name is safe below the destination or refused with a reason", () => {
  fc.assert(
    fc.property(names, (name) => {
      const fault = faultOf(name);
      if (fault !== undefined) {
        const error = assertThrows(() => partsOf(name), TransferError, fault);
        assertEquals(error.code, "rejected");
        return;
      }
      const parts = partsOf(name);
      assertEquals(parts.join("/"), name);
      const path = join("/base/dir", ...parts);
      // Nothing was resolved away: the way down is exactly the name.
      assertEquals(path, `/base/dir/${name}`);
      assert(parts.length <= 100 && utf8(name).length <= 4096);
      for (const part of parts) {
        assert(part !== "" && part !== "." && part !== "..");
        // deno-lint-ignore no-control-regex
        assert(!/[\x00-\x1f\x7f-\x9f\\/\u202A-\u202E\u2066-\u2069]/.test(part));
        assert(!part.toLowerCase().startsWith(RESERVED_PREFIX));
        assert(utf8(part).length <= 255);
        assertEquals(new TextDecoder().decode(utf8(part)), part);
      }
    }),
    { numRuns: 5000 },
  );
});

Deno.test("checkName() refuses what no receiver takes, with the code and the words of its origin", () => {
  for (
    const [origin, code, message] of [
      ["peer", "rejected", 'Cannot take "/x": its name is absolute'],
      [
        "caller",
        "usage",
        'Cannot send under the name "/x": it is absolute',
      ],
      [
        "path",
        "source",
        'Cannot send "/x": its name is absolute; give it another one',
      ],
    ] as const
  ) {
    checkName(undefined, origin);
    checkName("fine/name", origin);
    for (const name of ["../x", "\ud800", ""]) {
      const { code: found } = assertThrows(
        () => checkName(name, origin),
        TransferError,
      );
      assertEquals(found, code);
    }
    const error = assertThrows(() => checkName("/x", origin), TransferError);
    assertEquals([error.code, error.message], [code, message]);
  }
});
