import { assertThrows } from "@std/assert";
import { TransferError } from "../lib/errors.ts";
import { mustBePositive } from "../lib/limits.ts";

Deno.test("mustBePositive() takes any limit above 0, and none", () => {
  mustBePositive({ a: 0.001, b: 1, c: Infinity, d: undefined });
});

for (const limit of [0, -1, -Infinity, NaN]) {
  Deno.test(`mustBePositive() refuses ${limit} and says whose it is`, () => {
    assertThrows(
      () => mustBePositive({ fine: 1, idleTimeout: limit }),
      TransferError,
      `Cannot use idleTimeout ${limit}: it must be above 0`,
    );
  });
}
