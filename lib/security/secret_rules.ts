/**
 * Which ways of securing a connection go together: one table, for the library's
 * options and for the program's. Each of them has its own words for a conflict.
 *
 * @module
 */

/** What was asked for. */
export interface Asked {
  /** Whether there is a key. */
  key: boolean;
  /** Whether there is a token. */
  token: boolean;
  /** Whether TLS with a certificate is to be used. */
  tls: boolean;
  /** Whether the stream is to be plain TCP. @default {false} */
  raw?: boolean;
}

/** What does not go together. */
export type Conflict =
  | "raw-and-secured"
  | "key-and-token"
  | "token-without-tls"
  | "tls-without-secret";

// In the order in which they are told. The last one comes last because the
// program cannot judge it from the command line: a variable may hold a key.
const RULES: readonly (readonly [Conflict, (asked: Asked) => boolean])[] = [
  [
    "raw-and-secured",
    ({ raw, key, token, tls }) => raw === true && (key || token || tls),
  ],
  ["key-and-token", ({ key, token }) => key && token],
  ["token-without-tls", ({ token, tls }) => token && !tls],
  ["tls-without-secret", ({ key, token, tls }) => tls && !key && !token],
];

/**
 * Finds what does not go together.
 *
 * @param asked What was asked for.
 * @returns The first conflict, or `undefined` where there is none.
 */
export function conflictOf(asked: Asked): Conflict | undefined {
  return RULES.find(([, applies]) => applies(asked))?.[0];
}
