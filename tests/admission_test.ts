import { assertEquals, assertThrows } from "@std/assert";
import { Admission } from "../lib/admission.ts";
import { TransferError } from "../lib/errors.ts";

Deno.test("Admission takes so many sessions, and asks the next to come again", () => {
  const admission = new Admission(2);
  admission.enter();
  admission.enter();
  const error = assertThrows(() => admission.enter(), TransferError, "busy");
  assertEquals([error.code, error.retriable], ["rejected", true]);
  admission.exit();
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
  assertEquals(admission.busy, true);
  const empty = admission.empty;
  admission.exit();
  assertEquals(admission.busy, true);
  admission.exit();
  await empty;
  assertEquals(admission.busy, false);
});

Deno.test("one address cannot keep all others out before it has said who it is", () => {
  const admission = new Admission(1);
  let flood = 0;
  while (admission.knock("192.0.2.1")) flood++;
  assertEquals(admission.knock("192.0.2.2"), true);
  admission.leave("192.0.2.1");
  assertEquals(admission.knock("192.0.2.1"), true);
  assertEquals(admission.knock("192.0.2.1"), false);
  assertEquals(flood > 0 && flood < 4_096, true);
});
