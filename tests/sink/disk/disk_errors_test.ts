import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { TransferError } from "../../../lib/base/errors.ts";
import { typeDiskErrors } from "../../../lib/sink/disk/disk_errors.ts";

Deno.test("typeDiskErrors() types what the disk throws and passes what is typed", async () => {
  const full = Object.assign(new Error("No space left (os error 28)"), {
    code: "ENOSPC",
  });
  const error = await assertRejects(
    () => typeDiskErrors("a\nb", () => Promise.reject(full)),
    TransferError,
  );
  assertEquals(error.code, "local-io");
  assertEquals(error.message, 'Cannot store "a\\u{a}b": No space left');
  assertStrictEquals(error.cause, full);
  const typed = new TransferError("rejected", {
    doing: "store it",
    found: "no",
  });
  assertStrictEquals(
    await assertRejects(
      () => typeDiskErrors("a", () => Promise.reject(typed)),
      Error,
    ),
    typed,
  );
  assertEquals(await typeDiskErrors("a", () => Promise.resolve(7)), 7);
});

Deno.test("typeDiskErrors() calls a lack of descriptors busy, which is retried", async () => {
  const emfile = Object.assign(new Error("Too many open files (os error 24)"), {
    code: "EMFILE",
  });
  const error = await assertRejects(
    () => typeDiskErrors("a", () => Promise.reject(emfile)),
    TransferError,
    "the receiver is busy, it has too many files open",
  );
  assertEquals([error.code, error.retriable], ["rejected", true]);
});
