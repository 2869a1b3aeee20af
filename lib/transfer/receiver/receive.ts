/**
 * The receiver's side of the conversation, on one connection.
 *
 * @module
 */

import { onAbort } from "../../base/abort.ts";
import {
  asTransferError,
  type Code,
  TransferError,
} from "../../base/errors.ts";
import type { Semaphore } from "../../base/semaphore.ts";
import { mustBePositive } from "../../base/validate.ts";
import type { Receipt } from "../../model/receipt.ts";
import {
  closeQuietly,
  HANDSHAKE_TIMEOUT_MS,
  IDLE_TIMEOUT_MS,
  withDeadline,
} from "../../net/deadline.ts";
import type { Duplex } from "../../net/duplex.ts";
import { REJECTION_BOUNDS } from "../../net/half_close.ts";
import {
  type ReceiverGuard,
  receiverGuard,
  type ReceiverSecurity,
} from "../../security/mod.ts";
import type { Admitted } from "../../security/secured_conn.ts";
import type { Sink } from "../../sink/sink.ts";
import { ID_BYTES, SESSION } from "../../wire/frames.ts";
import { Channel } from "../channel.ts";
import { failFrameOf } from "../fail.ts";
import { ReceiverSession } from "./session.ts";
import type { SessionOptions } from "./session_options.ts";

/** Options of {@linkcode receive}. */
export interface ReceiveOptions extends SessionOptions, ReceiverSecurity {
  /** Longest silence from the sender in milliseconds. @default {30_000} */
  idleTimeout?: number;
}

/** What a server's sessions are given besides. */
export interface WelcomeOptions extends ReceiveOptions {
  /** Bytes for large buffers, shared by all its sessions. */
  budget?: Semaphore;
}

/** Failures that whoever is there can be told of. */
const TOLD: ReadonlySet<Code> = new Set(["protocol", "auth", "integrity"]);

/**
 * Receives one session and closes the connection.
 *
 * On abort: `options.signal` ends the session as said there.
 *
 * @param conn An accepted connection: TCP, Unix or TLS. It is taken over.
 * @param sink Where the entries land.
 * @param options Bounds and callbacks.
 * @returns The receipts that were sent, in the order of the commits.
 * @throws {TransferError} What ended the session: `protocol`, `auth`, `lost`,
 * `stalled`; or, with everything else delivered, what became of the entries that
 * failed: `rejected`, `integrity`, `local-io`.
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

/**
 * Hears who is there. Until this resolves nothing has touched a disk.
 *
 * On abort: the connection is closed and the promise rejects with the reason.
 *
 * @param conn An accepted connection. It is closed when this rejects.
 * @param options Bounds and callbacks of the session.
 * @param guard How to find out whether the sender may come in, if it matters.
 * @param onConn Hears which connection it goes on with.
 * @returns The session, ready to run or to be refused.
 * @throws {TransferError} `protocol` for whoever does not speak it, `auth` for
 * whoever does not have the secret, `stalled` for whoever says nothing.
 */
export async function receiverHandshake(
  conn: Duplex,
  options: WelcomeOptions = {},
  guard?: ReceiverGuard,
  onConn?: (conn: Duplex) => void,
): Promise<ReceiverSession> {
  const { signal, idleTimeout = IDLE_TIMEOUT_MS, budget } = options;
  let current = conn;
  let channel: Channel | undefined;
  const close = () => channel ? channel.close() : closeQuietly(current);
  const become = (secured: Duplex) => {
    current = secured;
    onConn?.(secured);
  };
  using _ = onAbort(signal, close);
  try {
    signal?.throwIfAborted();
    const hello = await withDeadline(
      { close },
      HANDSHAKE_TIMEOUT_MS,
      "hear the sender's first words",
      async () => {
        const admitted: Admitted = guard
          ? await guard.handshake(conn, become)
          : { conn };
        become(admitted.conn);
        const { credentials } = admitted;
        channel = new Channel(admitted.conn, idleTimeout, {
          credentials,
          budget,
        });
        const hello = await channel.hearHello();
        if (!hello) return null;
        channel.sayHello(hello.id);
        if (admitted.refusal) throw admitted.refusal;
        return hello;
      },
    );
    if (hello) return new ReceiverSession(channel!, hello, options);
    throw new TransferError(
      "protocol",
      { doing: "talk to the peer", found: "it ended without a word" },
    );
  } catch (error) {
    if (signal?.aborted) {
      close(); // nobody did where it was aborted before this began
      throw signal.reason;
    }
    const failure = asTransferError(
      error,
      "internal",
      "welcome the sender",
    );
    // Whoever got bytes through, damaged on the way, is there to be told.
    if (TOLD.has(failure.code)) {
      channel ??= new Channel(current, idleTimeout, { budget });
      channel.sayHello(new Uint8Array(ID_BYTES));
      await channel.hangUp(REJECTION_BOUNDS, failFrameOf(SESSION, failure));
    }
    close();
    throw failure;
  }
}
