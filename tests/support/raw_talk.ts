/**
 * What the tests of raw share: a listener for one connection, and bytes for a
 * program that knows nothing of receipts.
 *
 * @module
 */

import type { Target } from "../../lib/net/address.ts";
import type { RawReport } from "../../lib/raw/report.ts";
import { sendRaw, type SendRawOptions } from "../../lib/raw/send_raw.ts";

/** A listener for one connection. */
export interface Listener extends Disposable {
  /** Where it listens. */
  readonly target: { hostname: string; port: number };
  /** Takes the connection. */
  accept(): Promise<Deno.TcpConn>;
}

/** Listens on a free port. */
export function listen(): Listener {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return {
    target: { hostname: "127.0.0.1", port: listener.addr.port },
    accept: () => listener.accept(),
    [Symbol.dispose]: () => listener.close(),
  };
}

/**
 * Sends bytes to a program that knows nothing of receipts.
 *
 * @param bytes What to send.
 * @param target Where it listens.
 * @param options As for `sendRaw()`.
 * @returns What is known then.
 */
export function sendBytes(
  bytes: Uint8Array,
  target: Target,
  options?: SendRawOptions,
): Promise<RawReport> {
  return sendRaw(bytes, target, { name: "noise", ...options });
}
