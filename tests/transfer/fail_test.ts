import { assert, assertEquals } from "@std/assert";
import {
  asTransferError,
  type Code,
  OUTCOMES,
  TransferError,
} from "../../lib/base/errors.ts";
import { errorOfFail, failFrameOf } from "../../lib/transfer/fail.ts";
import { encodeFrame } from "../../lib/wire/encoding.ts";
import { MAX_REASON_BYTES } from "../../lib/wire/frames.ts";

Deno.test("failFrameOf() calls this side's disk a remote one, and keeps the reason alone", () => {
  const error = new TransferError(
    "local-io",
    { doing: 'store "a: b"', found: "no space is left" },
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
  const error = errorOfFail(frame, "go on", "receiver");
  assertEquals([error.code, error.retriable], ["rejected", true]);
  assertEquals(error.message, "Cannot go on: a\\u{1b}");
});

Deno.test("a reason arrives as it was said, names in it and all", () => {
  const error = new TransferError(
    "rejected",
    { doing: 'store "a"', found: '"b\\\\c\\u{1b}" is in its way' },
  );
  const frame = failFrameOf(0, error);
  const { message } = errorOfFail(frame, "go on", "receiver");
  assertEquals(message, 'Cannot go on: "b\\\\c\\u{1b}" is in its way');
});

Deno.test("failFrameOf() keeps to itself what a permission was missing for", () => {
  const cause = new Deno.errors.NotCapable('write access to "/srv/secret/x"');
  const error = asTransferError(cause, "local-io", 'store "a"');
  assertEquals(failFrameOf(0, error).reason, "it is not permitted to");
});

/** What each side, and one that has not introduced itself, can say of itself. */
const SAYABLE: [Code, ("sender" | "receiver" | undefined)[]][] = [
  ["source", ["sender"]],
  ["source-changed", ["sender"]],
  ["rejected", ["receiver"]],
  ["remote-io", ["receiver"]],
  ["usage", []],
  ["connect", []],
  ["unconfirmed", []],
  ["local-io", []],
  ["bind", []],
];

Deno.test("errorOfFail() takes no code that the peer cannot know: protocol", () => {
  for (const code of Object.keys(OUTCOMES) as Code[]) {
    for (const peer of ["sender", "receiver", undefined] as const) {
      const said = { code, retriable: true, reason: "all is well" };
      const frame = { type: "fail", entry: 0, ...said } as const;
      const error = errorOfFail(frame, "go on", peer);
      const known = SAYABLE.find(([one]) => one === code)?.[1];
      const taken = !known || known.includes(peer);
      assertEquals(
        [error.code, error.retriable],
        taken ? [code, true] : ["protocol", false],
        `${code} from a ${peer}`,
      );
      assert(error.message.endsWith("all is well"));
    }
  }
});

Deno.test("failFrameOf() says nothing that errorOfFail() would not take", () => {
  // A sink may well be a sender of its own.
  for (const code of Object.keys(OUTCOMES) as Code[]) {
    const frame = failFrameOf(0, new TransferError(code, "Cannot: x"));
    const sender = errorOfFail(frame, "go on", "sender");
    const receiver = errorOfFail(frame, "go on", "receiver");
    assert([sender.code, receiver.code].includes(frame.code), code);
  }
  const forwarding = new TransferError("connect", {
    doing: "connect",
    found: "refused",
  });
  assertEquals(failFrameOf(0, forwarding).code, "remote-io");
});
