import { assertEquals, assertThrows } from "@std/assert";
import { TransferError } from "../../lib/base/errors.ts";
import { Admission } from "../../lib/server/admission.ts";

Deno.test("Admission takes so many sessions, and asks the next to come again", () => {
  const admission = new Admission(2);
  admission.enter();
  admission.enter();
  const error = assertThrows(() => admission.enter(), TransferError, "busy");
  assertEquals([error.code, error.retriable], ["rejected", true]);
  admission.leave();
  admission.enter();
});

Deno.test("Admission lets nobody in once it is closed", () => {
  const admission = new Admission(2);
  admission.close();
  const error = assertThrows(
    () => admission.enter(),
    TransferError,
    "stopping",
  );
  assertEquals([error.code, error.retriable], ["rejected", true]);
});

Deno.test("Admission is empty when the last session has left", async () => {
  const admission = new Admission(2);
  await admission.empty;
  admission.enter();
  admission.enter();
  let left = 0;
  const leftWhenEmpty = admission.empty.then(() => left);
  while (left < 2) {
    left++;
    admission.leave();
    await null; // whoever waits goes on
  }
  assertEquals(await leftWhenEmpty, 2);
});
