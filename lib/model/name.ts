/**
 * The rules for names; every name from a peer is checked here.
 *
 * A name is accepted as it is or refused: nothing is repaired, because two
 * names that are repaired to the same one would overwrite each other. The
 * sender checks the same rules before it connects, so that a name that every
 * receiver refuses is found before anything is sent.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { TransferError } from "../base/errors.ts";
import { quote } from "../base/escape.ts";

/** Names of temporary files begin with this, so an entry's must not. */
export const RESERVED_PREFIX = ".halfclose-";

/** Longest name in bytes: PATH_MAX of Linux, with its final NUL. */
export const MAX_NAME_BYTES = 4_096;

/** Longest part in bytes: what ext4, XFS, APFS and NTFS allow. */
export const MAX_PART_BYTES = 255;

/** Deepest nesting. A guess, well beyond what source trees reach. */
const MAX_DEPTH = 100;

// C0, DEL and C1 controls: newline, escape and the like.
const CONTROL = /\p{Cc}/u;
// Embeddings, overrides, isolates and marks of direction, as in "exe.txt"
// that is really "txt.exe" (Unicode UAX #9); and the byte order mark.
const DECEPTIVE = /[\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069\uFEFF]/;
// Windows opens a device for these names, also with blanks, an extension or a
// stream behind them.
const DEVICE =
  /^(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³]) *([.:]|$)/i;

/**
 * Says what is wrong with a name, if anything.
 *
 * @param name A relative path with `/` between its parts.
 * @returns A phrase that completes "its name …", or `undefined` for a good one.
 */
export function faultOf(name: string): string | undefined {
  if (!name.isWellFormed()) return "is not valid Unicode";
  if (name === "") return "is empty";
  if (Buffer.byteLength(name) > MAX_NAME_BYTES) {
    return `is longer than ${MAX_NAME_BYTES} bytes`;
  }
  if (name.startsWith("/")) return "is absolute";
  if (/^[a-z]:/i.test(name)) return "begins with a drive letter";
  const parts = name.split("/");
  if (parts.length > MAX_DEPTH) return `is nested deeper than ${MAX_DEPTH}`;
  for (const part of parts) {
    const fault = faultOfPart(part);
    if (fault) return fault;
  }
}

function faultOfPart(part: string): string | undefined {
  if (part === "") return "has an empty part";
  if (part === "." || part === "..") return `has the part "${part}"`;
  if (CONTROL.test(part)) return "holds a control character";
  if (DECEPTIVE.test(part)) return "holds an invisible mark of direction";
  if (part.includes("\\")) return "holds a backslash";
  if (DEVICE.test(part)) return "has a part that is a device on Windows";
  if (part.toLowerCase().startsWith(RESERVED_PREFIX)) {
    return `begins a part with ${RESERVED_PREFIX}, which is for temporary files`;
  }
  if (Buffer.byteLength(part) > MAX_PART_BYTES) {
    return `has a part longer than ${MAX_PART_BYTES} bytes`;
  }
}

/** Where a name is from. */
export type NameOrigin = "peer" | "caller" | "path";

/** How a name is refused: its code, and the words around its fault. */
const REFUSALS = {
  peer: {
    code: "rejected",
    doing: (name: string) => `take ${name}`,
    found: (fault: string) => `its name ${fault}`,
  },
  caller: {
    code: "usage",
    doing: (name: string) => `send under the name ${name}`,
    found: (fault: string) => `it ${fault}`,
  },
  path: {
    code: "source",
    doing: (name: string) => `send ${name}`,
    found: (fault: string) => `its name ${fault}; give it another one`,
  },
} as const;

/**
 * Refuses a name that breaks a rule.
 *
 * @param name The name; `undefined` where nobody chose one.
 * @param origin Where it is from.
 * @param doing What could not be done with it, in other words than the usual
 * ones for its origin.
 * @throws {TransferError} Which rule it breaks: `rejected` for a peer's name,
 * `usage` for one that the caller chose, `source` for one that a path has.
 */
export function checkName(
  name: string | undefined,
  origin: NameOrigin,
  doing?: string,
): void {
  const fault = name === undefined ? undefined : faultOf(name);
  if (fault === undefined) return;
  const refusal = REFUSALS[origin];
  throw new TransferError(refusal.code, {
    doing: doing ?? refusal.doing(quote(name!)),
    found: refusal.found(fault),
  });
}

/**
 * Takes a peer's name apart, or refuses it.
 *
 * @param name What the peer said.
 * @returns The parts, each safe as a single path component.
 * @throws {TransferError} `rejected`, saying which rule the name breaks.
 */
export function partsOf(name: string): string[] {
  checkName(name, "peer");
  return name.split("/");
}
