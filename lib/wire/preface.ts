/**
 * The preface: the first eight bytes each way, and which program a peer is that
 * begins with others.
 *
 * Everything connects to an open port: browsers, port scans, mail servers. A peer
 * that does not speak this protocol is recognised at its first wrong byte, so
 * that neither side waits for bytes that do not come.
 *
 * @module
 */

import { TransferError } from "../base/errors.ts";
import { quote } from "../base/escape.ts";

/** The version of the protocol, the last byte of the preface: 1 to 127. */
export const VERSION = 2;

/** The name of the protocol in a TLS handshake (RFC 7301). */
export const ALPN = `halfclose/${VERSION}`;

/**
 * What both ends offer there: a peer that speaks no halfclose is refused by TLS,
 * and one of an older version by the preface inside, which says the versions.
 */
export const ALPN_OFFER: readonly string[] = Array.from(
  { length: VERSION },
  (_, older) => `halfclose/${VERSION - older}`,
);

/** The bit that a side with a key sets in it: see key_challenge.ts. */
const KEYED = 0x80;

/** The last byte of the preface of a side that has a key. */
export const KEYED_VERSION: number = VERSION | KEYED;

/**
 * The first eight bytes each way. Like PNG's, they catch a text protocol, a
 * link that is not 8-bit clean and one that rewrites line ends.
 */
export const PREFACE: Readonly<Uint8Array> = new Uint8Array(
  [0x89, 0x48, 0x43, 0x0d, 0x0a, 0x1a, 0x0a, VERSION],
);

const decoder = new TextDecoder("latin1");

/** How the programs begin that connect to an open port most often. */
const OTHER_PROTOCOLS: readonly (readonly [string, string])[] = [
  ["GET ", "an HTTP client"],
  ["HEAD ", "an HTTP client"],
  ["POST ", "an HTTP client"],
  ["OPTIONS ", "an HTTP client"],
  ["PRI * HTTP/2", "an HTTP client"],
  ["HTTP/", "an HTTP server"],
  ["SSH-", "an SSH server or client"],
  ["220 ", "a mail or FTP server"],
  ["\x16\x03", "a TLS client: this side is not encrypted"],
  ["\x15\x03", "a TLS server: this side is not encrypted"],
];

/**
 * Checks the first bytes of a peer against the preface.
 *
 * @param bytes What has arrived so far, from the very first byte.
 * @returns Whether all eight bytes are there and right; `false` asks for more.
 * @throws {TransferError} `protocol` at the first wrong byte, saying who it
 * looks like and how it began, or which version it speaks; `auth` where the peer
 * speaks this version and has a key.
 */
export function checkPreface(bytes: Uint8Array): boolean {
  const magic = VERSION_AT;
  for (let at = 0; at < Math.min(bytes.length, magic); at++) {
    if (bytes[at] !== PREFACE[at]) throw otherProtocol(bytes);
  }
  if (bytes.length <= magic) return false;
  if (bytes[magic] === VERSION) return true;
  if (bytes[magic] === KEYED_VERSION) {
    throw new TransferError(
      "auth",
      {
        doing: "talk to the peer",
        found: "one side has a key and the other has none; both must be " +
          "given the same one, or neither",
      },
    );
  }
  // With a key or without: the version comes before any question of keys.
  throw new TransferError(
    "protocol",
    {
      doing: "talk to the peer",
      found: `it speaks version ${bytes[magic]! & ~KEYED} and this program ` +
        `version ${VERSION}; both sides need the same one`,
    },
  );
}

const VERSION_AT = PREFACE.length - 1;

function otherProtocol(bytes: Uint8Array): TransferError {
  const text = decoder.decode(bytes.subarray(0, 40));
  const who = OTHER_PROTOCOLS.find(([start]) => text.startsWith(start))?.[1];
  const first = text.split(/\r?\n/, 1)[0] ?? "";
  return new TransferError(
    "protocol",
    {
      doing: "talk to the peer",
      found: "it does not speak halfclose; it began with " + quote(first) +
        (who ? `, like ${who}` : ""),
    },
  );
}
