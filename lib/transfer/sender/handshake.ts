/**
 * The sender's side of the handshake: from the connection to the receiver's
 * HELLO.
 *
 * @module
 */

import { sameBytes } from "../../base/digest.ts";
import { TransferError } from "../../base/errors.ts";
import { HANDSHAKE_TIMEOUT_MS, withDeadline } from "../../net/deadline.ts";
import type { SecuredConn } from "../../security/secured_conn.ts";
import type { Hello } from "../../wire/frames.ts";
import type { Channel } from "../channel.ts";
import { errorOfFail } from "../fail.ts";

/**
 * Hears the receiver's HELLO, and its proof where there is a secret, within a
 * time limit that no byte of the receiver extends.
 *
 * @param channel The connection, with our own HELLO said or about to be.
 * @param secured The same connection, with what is to be proven on it.
 * @param id The transfer's id.
 * @param idleTimeout Longest silence in milliseconds.
 * @returns `false` when the receiver ended without a byte.
 * @throws {TransferError} `stalled` when it took too long, `protocol` when its
 * HELLO has another transfer's id, the code of its FAIL when it could not read
 * our HELLO, and as {@linkcode Channel.hearHello}.
 */
export async function senderHandshake(
  channel: Channel,
  { credentials }: SecuredConn,
  id: Uint8Array,
  idleTimeout: number,
): Promise<boolean> {
  // With a secret the TLS handshake is over, so the receiver has accepted the
  // connection and limits this side to the same time. Without one the kernel may
  // have accepted it for a receiver that is still busy.
  const limit = credentials
    ? HANDSHAKE_TIMEOUT_MS
    : Math.max(HANDSHAKE_TIMEOUT_MS, idleTimeout);
  const hello = await withDeadline(
    channel,
    limit,
    "hear the receiver's first words",
    () => hearHello(channel),
  );
  if (!hello) return false;
  if (sameBytes(hello.id, id)) return true;
  throw new TransferError(
    "protocol",
    { doing: "talk to the receiver", found: "it greets another transfer" },
  );
}

/**
 * Hears HELLO. One whose id is all zeros says that the receiver could not read
 * ours, and the FAIL after it says why.
 */
async function hearHello(channel: Channel): Promise<Hello | null> {
  const hello = await channel.hearHello();
  if (!hello || hello.id.some((byte) => byte !== 0)) return hello;
  const frame = await channel.hear();
  if (frame?.type !== "fail") return hello;
  throw errorOfFail(frame, "talk to the receiver");
}
