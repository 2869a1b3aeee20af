/**
 * The C structures that the socket calls take, as bytes in Linux's layout for
 * 64-bit little-endian machines.
 *
 * @module
 */

/** Address family of IPv4, ip(7). */
export const AF_INET = 2;
const LOOPBACK = [127, 0, 0, 1];

/** Bytes that C may look at. */
export type Memory = Uint8Array<ArrayBuffer>;

/** `struct sockaddr_in` of a port on 127.0.0.1, ip(7). */
export function address(port: number): Memory {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, AF_INET, true);
  view.setUint16(2, port); // htons(): the field has 16 bits, more are lost
  bytes.set(LOOPBACK, 4);
  return bytes;
}

/** `struct linger { int on; int seconds; }`, switched on. */
export function linger(seconds: number): Memory {
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  view.setInt32(0, 1, true);
  view.setInt32(4, seconds, true);
  return bytes;
}

/** `struct timeval` of a number of milliseconds. */
export function timeval(ms: number): Memory {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setBigInt64(0, BigInt(Math.floor(ms / 1000)), true);
  view.setBigInt64(8, BigInt((ms % 1000) * 1000), true);
  return bytes;
}

/** A plain `int`. */
export function integer(value: number): Memory {
  return new Uint8Array(new Int32Array([value]).buffer);
}

/** Text as bytes, or that many bytes of filler. */
export function payload(what: string | number): Memory {
  return typeof what === "number"
    ? new Uint8Array(what)
    : new TextEncoder().encode(what);
}

/** `struct msghdr` over some buffers; `keep` holds on to what it points at. */
export interface MessageHeader {
  /** The structure itself. */
  bytes: Memory;
  /** Must stay reachable as long as C may read `bytes`. */
  keep: readonly unknown[];
}

/** Where `msg_flags` stands in `struct msghdr`. */
export const MSG_FLAGS_OFFSET = 48;

/** Builds a `struct msghdr` with one `struct iovec` a buffer, recvmsg(2). */
export function messageHeader(
  buffers: readonly Memory[],
  name: Memory | null,
): MessageHeader {
  const vector = new BigUint64Array(
    buffers.flatMap((buffer) => [pointer(buffer), BigInt(buffer.length)]),
  );
  const bytes = new Uint8Array(56);
  const view = new DataView(bytes.buffer);
  if (name) view.setBigUint64(0, pointer(name), true);
  view.setUint32(8, name?.length ?? 0, true);
  view.setBigUint64(16, pointer(new Uint8Array(vector.buffer)), true);
  view.setBigUint64(24, BigInt(buffers.length), true);
  return { bytes, keep: [vector, buffers, name] };
}

/** A NULL-terminated array of C strings, `char *const argv[]`. */
export function stringArray(words: readonly string[]): MessageHeader {
  const strings = words.map((word) => payload(`${word}\0`));
  const array = new BigUint64Array([...strings.map(pointer), 0n]);
  return { bytes: new Uint8Array(array.buffer), keep: strings };
}

/** The address of a buffer. */
function pointer(buffer: Memory): bigint {
  // Asking for the ArrayBuffer moves a small array off V8's heap, where the
  // collector could move it while C holds its address.
  const fixed = new Uint8Array(buffer.buffer);
  return Deno.UnsafePointer.value(Deno.UnsafePointer.of(fixed)) +
    BigInt(buffer.byteOffset);
}
