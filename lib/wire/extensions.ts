/**
 * Extensions: fields that a later release can add to a frame without a new
 * version of the protocol.
 *
 * HELLO, OPEN, ACCEPT, END and RECEIPT end with a list of them, which fills the
 * payload to its end and is empty in most frames:
 *
 * ```text
 *  0              2              4
 * ┌──────────────┬──────────────┬─────────┐
 * │ type         │ length       │ value   │ …
 * └──────────────┴──────────────┴─────────┘
 * ```
 *
 * The top bit of the type says that the extension is critical: a side that does
 * not know it must not go on. One that is neither known nor critical is skipped.
 * The lower 15 bits are its number. Numbers rise strictly along a list, so that
 * each list has one encoding and no extension comes twice. Version 2 defines no
 * extension.
 *
 * @module
 */

import type { FieldReader, FieldWriter } from "./fields.ts";

/** A field that is added to a frame. */
export interface Extension {
  /** Its number, 0 to 32,767. */
  readonly number: number;
  /** Whether a side that does not know it must not go on. */
  readonly critical: boolean;
  /** Its value, as it stands on the wire. */
  readonly value: Uint8Array;
}

/** A frame that has room for extensions. */
export interface Extensible {
  /** In the order of their numbers; absent where there are none. */
  extensions?: readonly Extension[];
}

/** Most extensions in a frame. A guess: a frame with more needs a new version. */
export const MAX_EXTENSIONS = 16;

/**
 * Most bytes of all extensions of a frame, with their types and lengths: enough
 * for a signature with its key and some metadata. A receiver keeps up to
 * MAX_AHEAD OPENs, and takes a HELLO from anybody, so more would cost memory.
 */
export const MAX_EXTENSION_BYTES = 1_024;

/** Bytes before each value: type and length. */
const HEAD_BYTES = 4;

const CRITICAL = 0x8000;

/**
 * Appends a list of extensions to a payload.
 *
 * @param frame The frame whose extensions they are.
 * @param to The payload, complete but for them.
 * @throws {RangeError} For a list that no peer would accept.
 */
export function writeExtensions(
  { extensions = [] }: Extensible,
  to: FieldWriter,
): void {
  const wrong = faultOf(extensions);
  if (wrong) throw new RangeError(`Cannot encode the frame: ${wrong}`);
  for (const { number, critical, value } of extensions) {
    to.u16(number | (critical ? CRITICAL : 0)).u16(value.length).raw(value);
  }
}

/**
 * Takes the extensions at the end of a payload.
 *
 * @param from The payload, with nothing else left.
 * @returns What to add to the frame; encoding it gives the same bytes.
 * @throws {TransferError} `protocol` for too many, for numbers that do not rise,
 * and for a critical one, as none is known.
 */
export function readExtensions(from: FieldReader): Extensible {
  if (from.left > MAX_EXTENSION_BYTES) throw from.error(tooLong(from.left));
  const extensions: Extension[] = [];
  while (from.left > 0) {
    const type = from.u16();
    const value = from.raw(from.u16()).slice();
    const number = type & ~CRITICAL;
    extensions.push({ number, critical: (type & CRITICAL) > 0, value });
  }
  const wrong = faultOf(extensions);
  if (wrong) throw from.error(wrong);
  const unknown = extensions.find(({ critical }) => critical);
  if (unknown) {
    throw from.error(
      `its extension ${unknown.number} must be understood, and this version ` +
        "does not know it",
    );
  }
  return extensions.length > 0 ? { extensions } : {};
}

/** What is wrong with a list, whoever made it. */
function faultOf(extensions: readonly Extension[]): string | undefined {
  if (extensions.length > MAX_EXTENSIONS) {
    return `it has ${extensions.length} extensions and may have ` +
      MAX_EXTENSIONS;
  }
  let before = -1, bytes = 0;
  for (const { number, value } of extensions) {
    if (number <= before) {
      return `its extension ${number} comes behind extension ${before}`;
    }
    if (number >= CRITICAL) return `there is no extension ${number}`;
    before = number;
    bytes += HEAD_BYTES + value.length;
  }
  if (bytes > MAX_EXTENSION_BYTES) return tooLong(bytes);
}

function tooLong(bytes: number): string {
  return `its extensions have ${bytes} bytes and may have ` +
    MAX_EXTENSION_BYTES;
}
