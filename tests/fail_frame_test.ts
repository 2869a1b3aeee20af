import { assert, assertEquals } from "@std/assert";
import { asTransferError, TransferError } from "../lib/errors.ts";
import { errorOfFail, failFrameOf } from "../lib/fail_frame.ts";
import { MAX_REASON_BYTES } from "../lib/frames.ts";
import { encodeFrame } from "../lib/wire.ts";

Deno.test("failFrameOf() calls this side's disk a remote one, and keeps the reason alone", () => {
  const error = new TransferError(
    "local-io",
    'Cannot store "a: b": no space is left',
    { retriable: true },
  );
  assertEquals(failFrameOf(7, error), {
    type: "fail",
    entry: 7,
    code: "remote-io",
    retriable: true,
    reason: "no space is left",
  });
});

Deno.test("failFrameOf() keeps any reason within a frame", () => {
  const error = new TransferError("rejected", `Cannot: ${"€😀".repeat(2_000)}`);
  const frame = encodeFrame(failFrameOf(0, error));
  assert(frame.length <= 16 + 4 + MAX_REASON_BYTES);
});

Deno.test("errorOfFail() keeps code and policy, and escapes the reason", () => {
  const frame = {
    type: "fail",
    entry: 0,
    code: "rejected",
    retriable: true,
    reason: "a\x1b",
  } as const;
  const error = errorOfFail(frame, "Cannot go on");
  assertEquals([error.code, error.retriable], ["rejected", true]);
  assertEquals(error.message, "Cannot go on: a\\u{1b}");
});

Deno.test("a reason arrives as it was said, names in it and all", () => {
  const error = new TransferError(
    "rejected",
    'Cannot store "a": "b\\\\c\\u{1b}" is in its way',
  );
  const { message } = errorOfFail(failFrameOf(0, error), "Cannot go on");
  assertEquals(message, 'Cannot go on: "b\\\\c\\u{1b}" is in its way');
});

Deno.test("failFrameOf() keeps to itself what a permission was missing for", () => {
  const cause = new Deno.errors.NotCapable('write access to "/srv/secret/x"');
  const error = asTransferError(cause, "local-io", 'store "a"');
  assertEquals(failFrameOf(0, error).reason, "it is not permitted to");
});
