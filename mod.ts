/**
 * Move bytes over TCP and know that they arrived.
 *
 * TCP tells a sender that its own kernel took the bytes, not that anybody got
 * them: close a socket with one unread byte in it and the kernel resets the
 * connection and throws the rest away. This library ends connections in the
 * order that loses nothing (write, half-close, read to the end, close), and on
 * top of that it brings back a receipt: the receiver has the identical bytes,
 * under their final name, on stable storage.
 *
 * Two levels:
 *
 * - Whole transfers: {@linkcode send}, {@linkcode sendAll}, {@linkcode serve},
 *   {@linkcode receive}, with {@linkcode directorySink}, {@linkcode fileSink},
 *   {@linkcode memorySink} and {@linkcode streamSink} as places to land.
 * - The half-close toolkit for protocols of your own: {@linkcode readExactly},
 *   {@linkcode writeAll}, {@linkcode drain}, {@linkcode hangUp},
 *   {@linkcode withDeadline}, {@linkcode IdleTimer}.
 *
 * Nothing here prints or exits. Every error is a {@linkcode TransferError} with
 * a `code`; wherever something waits, an `AbortSignal` ends it, and what is
 * thrown then is its reason.
 *
 * @example Bytes, and the proof of their arrival
 * ```ts
 * import { memorySink, send, serve } from "@halfclose/halfclose";
 * import { assertEquals } from "@std/assert";
 *
 * const sink = memorySink();
 * await using server = serve({ sink });
 * const bytes = crypto.getRandomValues(new Uint8Array(50_000));
 * const receipt = await send(bytes, server.addr, { name: "noise.bin" });
 * assertEquals(receipt.bytes, 50_000);
 * assertEquals(sink.files.get("noise.bin"), bytes);
 * ```
 *
 * @module
 */

export { type Target } from "./lib/net/address.ts";
export {
  type Bounds,
  drain,
  hangUp,
  readExactly,
  writeAll,
} from "./lib/net/half_close.ts";
export {
  type Abortable,
  type Closable,
  withDeadline,
} from "./lib/net/deadline.ts";
export { IdleTimer } from "./lib/net/idle_timer.ts";
export { type Algorithm, Digest } from "./lib/base/digest.ts";
export { type DiskSinkOptions } from "./lib/sink/disk/destination.ts";
export { type Duplex } from "./lib/net/duplex.ts";
export {
  type Code,
  type Explanation,
  type Outcome,
  OUTCOMES,
  TransferError,
  type TransferErrorOptions,
} from "./lib/base/errors.ts";
export { generateKey } from "./lib/security/key.ts";
export { type ClientTls } from "./lib/security/certificate_handshake.ts";
export { type ListenOptions } from "./lib/net/listen.ts";
export { type MemorySink, memorySink } from "./lib/sink/memory_sink.ts";
export { sendRaw, type SendRawOptions } from "./lib/raw/send_raw.ts";
export { receiveRaw, type ReceiveRawOptions } from "./lib/raw/receive_raw.ts";
export { type RawOptions, type RawReport } from "./lib/raw/report.ts";
export { type Phase, type Progress } from "./lib/model/progress.ts";
export { type Receipt } from "./lib/model/receipt.ts";
export { type Entry } from "./lib/model/entry.ts";
export { type Held } from "./lib/model/block_digests.ts";
export { receive } from "./lib/transfer/receiver/receive.ts";
export { type ReceiveOptions } from "./lib/transfer/receiver/session_options.ts";
export { type Retry } from "./lib/base/further_attempt.ts";
export { type RetryOptions } from "./lib/base/retry.ts";
export {
  type ReceiverSecurity,
  type SenderSecurity,
} from "./lib/security/mod.ts";
export { send, sendAll, type SendOptions } from "./lib/transfer/sender/send.ts";
export { serve, type Server } from "./lib/server/serve.ts";
export {
  type Handler,
  type ServeOptions,
  type ShutdownOptions,
} from "./lib/server/options.ts";
export { type SessionInfo } from "./lib/server/sessions.ts";
export { type SessionOptions } from "./lib/transfer/receiver/session_options.ts";
export {
  type CommitPhase,
  type Committed,
  type Draft,
  type Resumable,
  type Sink,
} from "./lib/sink/sink.ts";
export { type ConflictPolicy } from "./lib/sink/conflict.ts";
export { type ByteReader } from "./lib/source/reader.ts";
export { type Source } from "./lib/source/item.ts";
export { directorySink, fileSink } from "./lib/sink/disk/mod.ts";
export { type ByteWriter, streamSink } from "./lib/sink/stream_sink.ts";
export { type Certificate } from "./lib/security/certificate.ts";
export { type PathOptions } from "./lib/source/walk.ts";
