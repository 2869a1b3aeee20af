import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { TransferError } from "../../../lib/base/errors.ts";
import { Failures } from "../../../lib/transfer/receiver/failures.ts";

function failure(number: number): TransferError {
  return new TransferError("rejected", {
    doing: `take "f${number}"`,
    found: "no",
  });
}

Deno.test("Failures throws nothing where nothing went wrong", () => {
  new Failures().rethrow();
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
