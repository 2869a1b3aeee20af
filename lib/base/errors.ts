/**
 * One table of outcomes and one error class.
 *
 * The same word names a failure everywhere: as `error.code` in the library and
 * in JSON lines, as the number of a FAIL frame on the wire, and as the exit
 * code of the program.
 *
 * @module
 */

import { printable } from "./escape.ts";

/** What is fixed about a {@linkcode Code}. */
export interface Outcome {
  /** Exit code of the program and number on the wire. */
  readonly exit: number;
  /** Whether running the same transfer again can help. */
  readonly retriable: boolean;
}

/** Every way in which a transfer can end badly. */
export type Code =
  | "internal"
  | "usage"
  | "source"
  | "source-changed"
  | "connect"
  | "auth"
  | "protocol"
  | "rejected"
  | "remote-io"
  | "integrity"
  | "lost"
  | "stalled"
  | "unconfirmed"
  | "local-io"
  | "bind";

/** The table: exit code, wire code and retry policy of every {@linkcode Code}. */
export const OUTCOMES: Readonly<Record<Code, Outcome>> = {
  internal: { exit: 1, retriable: false },
  usage: { exit: 2, retriable: false },
  source: { exit: 3, retriable: false },
  "source-changed": { exit: 4, retriable: false },
  connect: { exit: 5, retriable: true },
  auth: { exit: 6, retriable: false },
  protocol: { exit: 7, retriable: false },
  rejected: { exit: 8, retriable: false },
  "remote-io": { exit: 9, retriable: false },
  integrity: { exit: 10, retriable: true },
  lost: { exit: 11, retriable: true },
  stalled: { exit: 12, retriable: true },
  unconfirmed: { exit: 13, retriable: true },
  "local-io": { exit: 14, retriable: false },
  bind: { exit: 15, retriable: false },
};

const BY_EXIT = new Map(
  Object.entries(OUTCOMES).map(([code, { exit }]) => [exit, code as Code]),
);

/**
 * Finds the code that a peer named by its number.
 *
 * @param exit The number from a FAIL frame.
 * @returns The code, or `undefined` where the table has no such number.
 */
export function codeOf(exit: number): Code | undefined {
  return BY_EXIT.get(exit);
}

/** Options of {@linkcode TransferError}. */
export interface TransferErrorOptions extends ErrorOptions {
  /** Overrides the table: a receiver that is merely busy can be asked again. */
  retriable?: boolean;
  /** The single failures behind this one, where several entries failed. */
  errors?: readonly TransferError[];
}

/** The two halves of a message: "Cannot `doing`: `found`". */
export interface Explanation {
  /** What could not be done, as it reads on after "Cannot": "read the key". */
  doing: string;
  /** What was found, and what would do. */
  found: string;
}

/**
 * The only error this library throws on purpose.
 *
 * The message says what could not be done, a colon, then what was found and
 * what would do. Strings that came from a peer are already escaped in it.
 *
 * @example Tell the outcomes apart
 * ```ts
 * import { TransferError } from "@halfclose/halfclose";
 * import { assertEquals } from "@std/assert";
 *
 * const explanation = { doing: "send", found: "the peer is gone" };
 * const error = new TransferError("lost", explanation);
 * assertEquals(error.message, "Cannot send: the peer is gone");
 * assertEquals(error.exit, 11);
 * assertEquals(error.retriable, true);
 * ```
 */
export class TransferError extends Error {
  /** Always `"TransferError"`. */
  override readonly name: string = "TransferError";
  /** The one word for why. */
  readonly code: Code;
  /** What could not be done; empty where the message was given whole. */
  readonly doing: string;
  /** What was found; the message where that was given whole. */
  readonly found: string;
  /** Whether running the same transfer again can help. */
  readonly retriable: boolean;
  /** The single failures behind this one; empty where there was one entry. */
  readonly errors: readonly TransferError[];

  /**
   * Makes an error.
   *
   * @param code The word from the table.
   * @param what What could not be done and what was found, or the whole message.
   * @param options The cause, and a retry policy other than the table's.
   */
  constructor(
    code: Code,
    what: Explanation | string,
    options: TransferErrorOptions = {},
  ) {
    const { doing, found } = typeof what === "string"
      ? { doing: "", found: what }
      : what;
    super(doing ? `Cannot ${doing}: ${found}` : found, options);
    this.code = code;
    this.doing = doing;
    this.found = found;
    this.retriable = options.retriable ?? OUTCOMES[code].retriable;
    this.errors = options.errors ?? [];
  }

  /** The exit code that stands for this error. */
  get exit(): number {
    return OUTCOMES[this.code].exit;
  }
}

/**
 * Turns anything that was thrown into a {@linkcode TransferError}: what is one
 * already passes, everything else becomes `code`.
 *
 * @param error What was thrown.
 * @param code The word for it, unless it has one already.
 * @param doing What could not be done: "read the source".
 * @returns The typed error, with the original as its cause.
 */
export function asTransferError(
  error: unknown,
  code: Code,
  doing: string,
): TransferError {
  if (error instanceof TransferError) return error;
  return new TransferError(code, { doing, found: reasonOf(error) }, {
    cause: error,
  });
}

/**
 * Makes one error of several entries' failures.
 *
 * @param failures At least one.
 * @param count How many there were, where these are not all.
 * @returns The only one as it is; of several, one that holds these in `errors`.
 * Where asking again can help any of them it can help, and then the code is of
 * one of those.
 */
export function together(
  failures: readonly TransferError[],
  count: number = failures.length,
): TransferError {
  const [first] = failures;
  if (!first) throw new RangeError("Cannot combine no failures");
  if (count === 1) return first;
  const { code, retriable, message } = failures.find((one) => one.retriable) ??
    first;
  return new TransferError(
    code,
    `${count} entries failed, one of them: ${message}`,
    { errors: failures, retriable },
  );
}

/**
 * What was found, with whose finding it is where the system alone has spoken:
 * "Permission denied" can be that of either side.
 *
 * @param error Any failure.
 * @param whose What to say then: "the receiver cannot store it"; nothing where
 * it is clear.
 * @returns What was found.
 */
export function foundBy(
  { found, cause }: TransferError,
  whose?: string,
): string {
  const bare = whose !== undefined && cause !== undefined &&
    found === reasonOf(cause);
  return bare ? `${whose}: ${found}` : found;
}

/**
 * The reason inside an error, without the operating system's trailing number.
 *
 * @param error What was thrown.
 * @returns One short phrase, with what could deceive a reader escaped.
 */
export function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  // Behind the number Deno names the call and the path: whoever asked knows
  // them, and a peer need not. Before it may be a path as well, as it is.
  const reason = text.replace(/ \(os error \d+\).*$/s, "");
  return printable(reason.replace(/[\r\n]+/g, " "));
}

/**
 * Says whether a process or a machine with fewer files open would have done it.
 *
 * @param error What the system threw.
 * @returns Whether it is EMFILE or ENFILE (open(2), accept(2)).
 */
export function isOutOfDescriptors(error: unknown): boolean {
  return error instanceof Error && "code" in error &&
    (error.code === "EMFILE" || error.code === "ENFILE");
}

/**
 * Says whether an error means only that the connection is gone, not why.
 *
 * @param error Any failure of a transfer.
 * @returns Whether nobody said why.
 */
export function isCut(error: TransferError): boolean {
  return error.code === "lost" || error.code === "stalled";
}
