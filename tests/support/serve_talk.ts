/**
 * A server, what it said, and a transfer to it that takes as long as the test
 * wants.
 *
 * @module
 */

import { assert, assertRejects } from "@std/assert";
import { TransferError } from "../../lib/base/errors.ts";
import type { Receipt } from "../../lib/model/receipt.ts";
import type { Target } from "../../lib/net/address.ts";
import type { ServeOptions } from "../../lib/server/options.ts";
import { serve, type Server } from "../../lib/server/serve.ts";
import { memorySink } from "../../lib/sink/memory_sink.ts";
import { send, type SendOptions } from "../../lib/transfer/sender/send.ts";

/** A server, and what it said. */
export function listening(options: Partial<ServeOptions> = {}) {
  const sink = memorySink();
  const errors: { error: TransferError; authenticated: boolean }[] = [];
  const receipts: Receipt[] = [];
  const server = serve({
    sink,
    onError: (error, { authenticated }) =>
      errors.push({ error, authenticated }),
    ...options,
  }, (receipt) => receipts.push(receipt));
  return { sink, errors, receipts, server };
}

/** Sends 1,000 bytes now and 1,000 when told to; it has not begun yet. */
function heldTransfer({ addr }: Pick<Server, "addr">, options: SendOptions) {
  const gate = Promise.withResolvers<void>();
  const taken = Promise.withResolvers<void>();
  async function* source() {
    yield new Uint8Array(1_000);
    taken.resolve();
    await gate.promise;
    yield new Uint8Array(1_000);
  }
  const receipt = send(source(), addr, options);
  receipt.catch(() => {}); // the test looks at it later
  return { receipt, taken: taken.promise, finish: () => gate.resolve() };
}

/** The same once its first bytes were taken. */
export async function sendHeld(server: Pick<Server, "addr">, name: string) {
  const held = heldTransfer(server, { name });
  await held.taken;
  return held;
}

/** A server, and a transfer to it that has begun. */
export async function withHeld(options: Partial<ServeOptions> = {}) {
  const begun = Promise.withResolvers<void>();
  const all = listening({ onConnect: () => begun.resolve(), ...options });
  const held = heldTransfer(all.server, { name: "held" });
  await begun.promise;
  return { ...all, held };
}

/** The port of an address that has one. */
export function portOf(target: Target): number {
  assert("port" in target);
  return target.port;
}

/** The code that something is rejected with. */
export function codeOf(promise: Promise<unknown>): Promise<string> {
  return assertRejects(() => promise, TransferError).then(({ code }) => code);
}
