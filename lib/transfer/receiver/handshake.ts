/**
 * The receiver's side of the handshake: from the connection to a session.
 *
 * @module
 */

import { onAbort } from "../../base/abort.ts";
import {
  asTransferError,
  type Code,
  TransferError,
} from "../../base/errors.ts";
import {
  closeQuietly,
  HANDSHAKE_TIMEOUT_MS,
  IDLE_TIMEOUT_MS,
  withDeadline,
} from "../../net/deadline.ts";
import type { Duplex } from "../../net/duplex.ts";
import { REJECTION_BOUNDS } from "../../net/half_close.ts";
import type { ReceiverGuard } from "../../security/mod.ts";
import type { Admitted } from "../../security/secured_conn.ts";
import { ID_BYTES, SESSION } from "../../wire/frames.ts";
import { Channel } from "../channel.ts";
import { failFrameOf } from "../fail.ts";
import { ReceiverSession } from "./session.ts";
import type { HandshakeOptions } from "./session_options.ts";

/**
 * Failures of which the peer is told. `integrity` is among them: bytes that were
 * damaged on the way show that a peer is there to hear of it.
 */
const ANSWERED: ReadonlySet<Code> = new Set(["protocol", "auth", "integrity"]);

/**
 * Authenticates the sender, where that is asked for, and exchanges HELLO with
 * it. Until this resolves nothing has touched a disk.
 *
 * On abort: the connection is closed and the promise rejects with the reason.
 *
 * @param conn An accepted connection. It is closed when this rejects.
 * @param options Bounds and callbacks of the session.
 * @param guard Authenticates the sender; absent where anybody may send.
 * @param onConn Called with the connection that takes the place of `conn`.
 * @returns The session, ready to run or to be declined.
 * @throws {TransferError} `protocol` for a peer that does not speak this
 * protocol, `auth` for one that does not prove the secret, `stalled` for one
 * that says nothing. The peer was told of the first two.
 */
export async function receiverHandshake(
  conn: Duplex,
  options: HandshakeOptions = {},
  guard?: ReceiverGuard,
  onConn?: (conn: Duplex) => void,
): Promise<ReceiverSession> {
  const { signal, idleTimeout = IDLE_TIMEOUT_MS, budget } = options;
  let current = conn;
  let channel: Channel | undefined;
  const close = () => channel ? channel.close() : closeQuietly(current);
  const replace = (secured: Duplex) => {
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
          ? await guard.handshake(conn, replace)
          : { conn };
        replace(admitted.conn);
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
      close(); // an abort before this began has closed nothing
      throw signal.reason;
    }
    const failure = asTransferError(
      error,
      "internal",
      "welcome the sender",
    );
    if (ANSWERED.has(failure.code)) {
      channel ??= new Channel(current, idleTimeout, { budget });
      channel.sayHello(new Uint8Array(ID_BYTES));
      await channel.hangUp(REJECTION_BOUNDS, failFrameOf(SESSION, failure));
    }
    close();
    throw failure;
  }
}
