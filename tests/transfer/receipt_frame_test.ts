import { assertEquals } from "@std/assert";
import { receiptOf } from "../../lib/transfer/receipt_frame.ts";
import type { ReceiptFrame } from "../../lib/wire/frames.ts";
import { hex } from "../support/helpers.ts";

const FRAME: ReceiptFrame = {
  type: "receipt",
  entry: 7,
  id: hex("00 11 22 33 44 55 66 77 88 99 aa bb cc dd ee ff"),
  length: 1_000_000,
  algorithm: "sha256",
  digest: new Uint8Array(32).fill(0xab),
  durable: true,
  existing: false,
  committedAt: Date.UTC(2026, 0, 1),
  name: "dir/a.bin",
};

Deno.test("receiptOf() says the same as the frame, for people and programs", () => {
  assertEquals(receiptOf(FRAME), {
    id: "00112233445566778899aabbccddeeff",
    name: "dir/a.bin",
    bytes: 1_000_000,
    sha256: "ab".repeat(32),
    durable: true,
    existing: false,
    committedAt: "2026-01-01T00:00:00.000Z",
  });
});

Deno.test("receiptOf() keeps what the receiver could not promise", () => {
  const receipt = receiptOf({ ...FRAME, durable: false, existing: true });
  assertEquals([receipt.durable, receipt.existing], [false, true]);
});

Deno.test("receiptOf() can say every time that a frame can hold", () => {
  for (
    const [committedAt, said] of [
      [-8.64e15, "-271821-04-20T00:00:00.000Z"],
      [8.64e15, "+275760-09-13T00:00:00.000Z"],
    ] as const
  ) assertEquals(receiptOf({ ...FRAME, committedAt }).committedAt, said);
});
