/**
 * One session on one accepted connection.
 *
 * @module
 */

import { mustBePositive } from "../../base/validate.ts";
import type { Receipt } from "../../model/receipt.ts";
import type { Duplex } from "../../net/duplex.ts";
import { receiverGuard } from "../../security/mod.ts";
import type { Sink } from "../../sink/sink.ts";
import { receiverHandshake } from "./handshake.ts";
import type { ReceiveOptions } from "./session_options.ts";

/**
 * Receives one session and closes the connection.
 *
 * On abort: `options.signal` ends the session as described there.
 *
 * @param conn An accepted connection: TCP, Unix or TLS. The session owns it
 * and closes it.
 * @param sink Where the entries land.
 * @param options Bounds and callbacks.
 * @returns The receipts that were sent, in the order of the commits.
 * @throws {TransferError} What ended the session: `protocol`, `auth`, `lost`,
 * `stalled`; or, with everything else delivered, why entries failed: `rejected`,
 * `integrity`, `local-io`; or else `internal` for a callback that threw.
 *
 * @example Your own accept loop
 * ```ts
 * import { memorySink, receive, send } from "@halfclose/halfclose";
 * import { assertEquals } from "@std/assert";
 *
 * const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
 * const { hostname, port } = listener.addr;
 * const hi = new TextEncoder().encode("hi");
 * const sending = send(hi, { hostname, port }, { name: "a.txt" });
 * const receipts = await receive(await listener.accept(), memorySink());
 * assertEquals(receipts, [await sending]);
 * listener.close();
 * ```
 */
export async function receive(
  conn: Duplex,
  sink: Sink,
  options: ReceiveOptions = {},
): Promise<Receipt[]> {
  const { idleTimeout, maxSize } = options;
  mustBePositive({ idleTimeout, maxSize });
  const session = await receiverHandshake(
    conn,
    options,
    receiverGuard(options),
  );
  return await session.run(sink);
}
