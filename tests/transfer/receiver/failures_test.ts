import {
  assert,
  assertEquals,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { TransferError } from "../../../lib/base/errors.ts";
import { Failures } from "../../../lib/transfer/receiver/failures.ts";

function failure(number: number): TransferError {
  return new TransferError("rejected", {
    doing: `take "f${number}"`,
    found: "no",
  });
}

Deno.test("Failures throws nothing where nothing went wrong", () => {
  const thrown = [0, 1, 2].map((count) => {
    const failures = new Failures();
    for (let number = 0; number < count; number++) {
      failures.add(failure(number));
    }
    try {
      failures.rethrow();
      return 0;
    } catch (error) {
      assert(error instanceof TransferError);
      return error.errors.length || 1; // a single one is thrown as it is
    }
  });
  assertEquals(thrown, [0, 1, 2]);
});

Deno.test("Failures throws a single one as it is", () => {
  const [failures, only] = [new Failures(), failure(0)];
  failures.add(only);
  assertStrictEquals(
    assertThrows(() => failures.rethrow(), TransferError),
    only,
  );
});

Deno.test("Failures counts all and keeps a hundred", () => {
  const failures = new Failures();
  for (let number = 0; number < 5_000; number++) failures.add(failure(number));
  const error = assertThrows(() => failures.rethrow(), TransferError);
  assertEquals(
    error.message,
    '5000 entries failed, one of them: Cannot take "f0": no',
  );
  assertEquals(error.errors.length, 100);
});
