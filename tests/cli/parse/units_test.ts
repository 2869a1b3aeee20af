import { assertEquals, assertThrows } from "@std/assert";
import { TransferError } from "../../../lib/base/errors.ts";
import {
  formatDuration,
  parseBytes,
  parseCount,
  parseSeconds,
} from "../../../lib/cli/parse/units.ts";

/** One row: what is typed, and what it means; `undefined` for a refusal. */
type Row = readonly [string, number | undefined];

function table(
  name: string,
  parse: (text: string) => number,
  rows: readonly Row[],
): void {
  for (const [text, value] of rows) {
    const reads = value === undefined ? "refuses" : "reads";
    Deno.test(`${name} ${reads} ${JSON.stringify(text)}`, () => {
      if (value !== undefined) return assertEquals(parse(text), value);
      const error = assertThrows(() => parse(text), TransferError, "--it");
      assertEquals(error.code, "usage");
    });
  }
}

table("parseBytes()", (text) => parseBytes(text, "--it"), [
  ["1", 1],
  ["500000", 500_000],
  ["10k", 10_000],
  ["10K", 10_000],
  ["1.5M", 1_500_000],
  ["10MB", 10_000_000],
  ["2G", 2e9],
  ["1T", 1e12],
  ["1Ki", 1_024],
  ["1.5Mi", 1_572_864],
  ["2GiB", 2 ** 31],
  ["1Ti", 2 ** 40],
  ["9P", 9e15],
  ["7PiB", 7 * 2 ** 50],
  ["0.005E", 5e15],
  ["0.005Ei", 5_764_607_523_034_235],
  ["0.4", undefined],
  ["0", undefined],
  ["-1", undefined],
  ["", undefined],
  ["M", undefined],
  ["1X", undefined],
  ["1e6", undefined],
  ["Infinity", undefined],
  ["99999999T", undefined],
  ["10P", undefined], // no safe integer
  ["1E", undefined],
]);

table("parseSeconds()", (text) => parseSeconds(text, "--it"), [
  ["30", 30_000],
  ["0.5", 500],
  ["2147483", 2_147_483_000],
  ["2147484", undefined],
  ["0", undefined],
  ["-1", undefined],
  ["1s", undefined],
  ["", undefined],
]);

table("parseCount()", (text) => parseCount(text, "--it", 1), [
  ["1", 1],
  ["999999999", 999_999_999],
  ["0", undefined],
  ["1.5", undefined],
  ["-1", undefined],
  ["many", undefined],
  ["9999999999", undefined],
]);

for (
  const [seconds, text] of [
    [0, "0:00"],
    [0.2, "0:01"],
    [65, "1:05"],
    [3_599, "59:59"],
    [7_200, "2:00:00"],
    [Infinity, "-:--"],
    [NaN, "-:--"],
  ] as const
) {
  Deno.test(`formatDuration() writes ${seconds} as ${text}`, () => {
    assertEquals(formatDuration(seconds), text);
  });
}
