import { assertEquals, assertThrows } from "@std/assert";
import { TransferError } from "../../lib/base/errors.ts";
import {
  mustBeCounts,
  mustBePositive,
  mustNotBeNegative,
} from "../../lib/base/validate.ts";

Deno.test("mustBePositive() takes any limit above 0, and none", () => {
  const taken = [0.001, 1, Infinity, undefined, 0, -1, NaN].filter((limit) => {
    try {
      mustBePositive({ fine: 1, limit });
      return true;
    } catch {
      return false;
    }
  });
  assertEquals(taken, [0.001, 1, Infinity, undefined]);
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

Deno.test("mustNotBeNegative() takes 0 and more, and refuses what is less or no number", () => {
  mustNotBeNegative({ a: 0, b: 0.5, c: Infinity, d: undefined });
  for (const grace of [-1, -Infinity, NaN]) {
    const error = assertThrows(
      () => mustNotBeNegative({ grace }),
      TransferError,
      `Cannot use grace ${grace}: it must be 0 or more`,
    );
    assertEquals(error.code, "usage");
  }
});

Deno.test("mustBeCounts() takes whole numbers and for ever, and refuses the rest", () => {
  mustBeCounts({ a: 0, b: 3, c: Infinity, d: undefined });
  for (const retry of [-1, 0.5, -Infinity, NaN]) {
    const error = assertThrows(
      () => mustBeCounts({ retry }),
      TransferError,
      `Cannot use retry ${retry}: it must be a whole number, 0 or more`,
    );
    assertEquals(error.code, "usage");
  }
});
