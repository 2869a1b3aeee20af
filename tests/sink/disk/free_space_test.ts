import { assertEquals, assertRejects } from "@std/assert";
import { TransferError } from "../../../lib/base/errors.ts";
import { mustFit } from "../../../lib/sink/disk/free_space.ts";
import { tempDir } from "../../support/helpers.ts";

Deno.test("mustFit() lets pass what fits", async () => {
  await using dir = await tempDir();
  await mustFit(dir.path, "a", 1);
});

Deno.test("mustFit() says what is free and what is needed where it does not fit", async () => {
  await using dir = await tempDir();
  const error = await assertRejects(
    () => mustFit(dir.path, "a", Number.MAX_SAFE_INTEGER),
    TransferError,
    " free and the file needs 9007 TB",
  );
  assertEquals(error.code, "local-io");
});
