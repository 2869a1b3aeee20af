import { assertEquals, assertRejects } from "@std/assert";
import { TransferError } from "../../../lib/base/errors.ts";
import { checkFreeSpace } from "../../../lib/sink/disk/free_space.ts";
import { tempDir } from "../../support/helpers.ts";

Deno.test("checkFreeSpace() lets pass what fits", async () => {
  await using dir = await tempDir();
  const sizes = [0, 1, 4_096, Number.MAX_SAFE_INTEGER];
  const checks = sizes.map((size) => checkFreeSpace(dir.path, "a", size));
  const passed = (await Promise.allSettled(checks))
    .map(({ status }) => status === "fulfilled");
  assertEquals(passed, [true, true, true, false]);
});

Deno.test("checkFreeSpace() says what is free and what is needed where it does not fit", async () => {
  await using dir = await tempDir();
  const error = await assertRejects(
    () => checkFreeSpace(dir.path, "a", Number.MAX_SAFE_INTEGER),
    TransferError,
    " free and the file needs 9.01 PB",
  );
  assertEquals(error.code, "local-io");
});
