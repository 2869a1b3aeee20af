import { assertEquals, assertThrows } from "@std/assert";
import { CallbackGuard } from "../../lib/base/callbacks.ts";
import { TransferError } from "../../lib/base/errors.ts";
import {
  notify,
  type TransferCallbacks,
  type TransferEvent,
} from "../../lib/model/events.ts";
import type { Receipt } from "../../lib/model/receipt.ts";

const RECEIPT: Receipt = {
  id: "00",
  name: "a\nb",
  bytes: 1,
  sha256: "11",
  durable: true,
  existing: false,
  committedAt: "2026-01-01T00:00:00.000Z",
};
const ERROR = new TransferError("lost", { doing: "hear", found: "it ended" });
const RETRY = { attempt: 1, wait: 200, error: ERROR };
const PROGRESS = { phase: "receiving", bytes: 5, total: 9 } as const;

/** Each event: its callback, what that is given, and what failed about it. */
const CASES: [TransferEvent, keyof TransferCallbacks, unknown[], string][] = [
  [{ event: "connected" }, "onConnect", [], "the connection"],
  [
    { event: "progress", ...PROGRESS },
    "onProgress",
    [PROGRESS],
    "the progress",
  ],
  [{ event: "retry", ...RETRY }, "onRetry", [RETRY], "the next attempt"],
  [
    { event: "receipt", receipt: RECEIPT },
    "onReceipt",
    [RECEIPT],
    '"a\\u{a}b"',
  ],
  [{ event: "skipped", path: "p", reason: "r" }, "onSkip", ["p", "r"], '"p"'],
  [{ event: "error", error: ERROR }, "onError", [ERROR], "the failure"],
  [{ event: "closed" }, "onClose", [], "the end of the session"],
];

for (const [event, name, args, subject] of CASES) {
  Deno.test(`${event.event} is for ${name}, which may be absent or fail`, () => {
    const guard = new CallbackGuard();
    const heard: unknown[][] = [];
    const hear = (...all: unknown[]) => heard.push(all);
    notify(event, { [name]: hear }, guard);
    assertEquals(heard, [args]);
    notify(event, {}, guard);
    guard.rethrow();
    const broken = () => {
      throw new Error("no screen");
    };
    notify(event, { [name]: broken }, guard);
    assertThrows(
      () => guard.rethrow(),
      TransferError,
      `Cannot tell of ${subject}: no screen`,
    );
  });
}

Deno.test("progress alone is not told while the last call is pending", () => {
  const guard = new CallbackGuard();
  for (const [event, name] of CASES) {
    let calls = 0;
    const never = () => (calls++, new Promise(() => {}));
    for (let time = 0; time < 3; time++) {
      notify(event, { [name]: never }, guard);
    }
    assertEquals([name, calls], [name, name === "onProgress" ? 1 : 3]);
  }
});
