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
import {
  serve,
  type ServeOptions,
  type Server,
} from "../../lib/server/serve.ts";
import { memorySink } from "../../lib/sink/memory_sink.ts";
import { send, type SendOptions } from "../../lib/transfer/sender/send.ts";

/** A server, and what it said. */
export function listening(options: Partial<ServeOptions> = {}) {
  const sink = memorySink();
  const errors: { error: TransferError; stranger: boolean }[] = [];
  const receipts: Receipt[] = [];
  const server = serve({
    sink,
    onError: (error, { stranger }) => errors.push({ error, stranger }),
    ...options,
  }, (receipt) => receipts.push(receipt));
  return { sink, errors, receipts, server };
}

/** A transfer that has begun and ends when it is told to. */
async function heldTransfer(
  { server, begun }: { server: Server; begun: Promise<void> },
  options: SendOptions = {},
) {
  const gate = Promise.withResolvers<void>();
  async function* source() {
    yield new Uint8Array(1_000);
    await gate.promise;
    yield new Uint8Array(1_000);
  }
  const receipt = send(source(), server.addr, { name: "held", ...options });
  receipt.catch(() => {}); // the test looks at it later
  await begun;
  return { receipt, finish: () => gate.resolve() };
}

/** A server, and a transfer to it that has begun. */
export async function withHeld(options: Partial<ServeOptions> = {}) {
  const begun = Promise.withResolvers<void>();
  const all = listening({ onConnect: () => begun.resolve(), ...options });
  const held = await heldTransfer({ ...all, begun: begun.promise });
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
