/**
 * The protocol, byte by byte: version 2.
 *
 * ## Participants
 *
 * The sender connects, the receiver listens. Both first say eight bytes that
 * nothing else says, the preface, its last byte the version; the
 * sender speaks first, so that a receiver shows nothing to a port scan. Then
 * both say HELLO, and from there on only frames pass.
 *
 * ```text
 * sender                                receiver
 *   preface, HELLO        ───▶
 *                         ◀───          preface, HELLO
 *   OPEN 0, OPEN 1, …     ───▶                            names, sizes, times
 *                         ◀───          ACCEPT 0, ACCEPT 1, …
 *   DATA 0, DATA 0, …     ───▶
 *                         ◀───          ALIVE 0 (phase, bytes it has)
 *   END 0, DATA 1, END 1  ───▶                            length and SHA-256
 *                         ◀───          RECEIPT 0         checked, synced, named
 *   FINISH, half-close    ───▶
 *                         ◀───          RECEIPT 1, half-close
 * ```
 *
 * ## Frames
 *
 * All numbers are big-endian. A frame is a header of 16 bytes and a payload
 * whose length has a bound for each type, checked before a byte is allocated:
 *
 * ```text
 *  0      1      2             4                8                12
 * ┌──────┬──────┬─────────────┬────────────────┬────────────────┬────────────┐
 * │ type │ codec│ check       │ entry          │ payload length │ CRC-32     │
 * └──────┴──────┴─────────────┴────────────────┴────────────────┴────────────┘
 * ```
 *
 * `check` is the lower half of the CRC-32 of type, codec, entry and length. It
 * is verified before any of those four is looked at: a header that was damaged
 * on the way is damage, whatever type or length it shows, and nobody waits for
 * the bytes of a damaged length. The CRC-32 covers the 12 bytes before it and
 * the payload: damage is found in the frame where it happened. `codec` is 0 outside DATA, and in DATA one that
 * both HELLOs offered. `entry` numbers the files and directories of a transfer
 * from 0; SESSION in its place means the connection as a whole.
 *
 * ## Rules
 *
 * - Several OPENs may be on the way at once, MAX_AHEAD at most that
 *   are not settled. A receiver answers each with ACCEPT or FAIL, and DATA may
 *   follow only an ACCEPT.
 * - Entries come one after the other: between an entry's first DATA and its END
 *   or FAIL there is no other entry's DATA.
 * - ACCEPT says how many bytes of the entry the receiver holds already, with
 *   the SHA-256 of its prefixes, one at the end of each block. The sender takes
 *   its own bytes in, compares, and starts at the end of the last prefix that
 *   agrees, which is what the offset in the first DATA (or, without DATA, the
 *   length in END) says; the receiver drops what lies beyond. It may always
 *   start at 0.
 * - An end of the stream never means that an entry is complete: only END does,
 *   with the length and the SHA-256 of all of it. FINISH says that no OPEN will
 *   follow; an end before it means that the sender was cut off.
 * - A RECEIPT is sent after the bytes were checked, synced and named. It holds
 *   the transfer's id, so one connection's receipt settles no other transfer;
 *   the id is the sender's and the same on every connection of a transfer. The
 *   receiver repeats it in its HELLO, or says zeros there where it could not read
 *   the sender's HELLO; a FAIL that says why comes next.
 * - FAIL ends one entry or the whole session and holds a code of the table in
 *   base/errors.ts that its speaker can know (transfer/fail.ts) and a reason. Who says it for the session half-closes and drains;
 *   a receiver says it after the receipts of the commits under way, so what has
 *   no receipt by then was not committed.
 * - A side that is busy for longer than a moment says ALIVE, with what it is
 *   doing.
 * - HELLO offers features, digests and codecs as sets of bits; only what both
 *   offer is used, and a bit in `required` that the other side does not know
 *   ends the conversation. Version 2 has SHA-256 (bit 0 of `digests`), data as
 *   it is (bit 0 of `codecs`), and no optional feature.
 *
 * ## With a secret
 *
 * Where both sides have a key, the sender knocks before all this and the rest
 * passes inside TLS 1.3: key_challenge.ts holds those bytes. Where the receiver has a
 * certificate with a name, TLS 1.3 comes first, the receiver its server. Either
 * way the first thing inside is what is said above, and right after the HELLOs
 * both sides prove that they have the key, or the token:
 *
 * ```text
 * sender                                receiver
 *   preface, HELLO, NONCE ───▶
 *                         ◀───          preface, HELLO, NONCE
 *   PROOF                 ───▶                            checked first
 *                         ◀───          PROOF             only if that was right
 *   OPEN 0, …             ───▶                            only if this was right
 * ```
 *
 * A PROOF is an HMAC over a label with the role of who says it, both NONCEs,
 * both HELLO frames and the SHA-256 of the certificate: security/auth_proof.ts. Until both
 * are right neither side takes another frame, none longer than a FAIL may be, and
 * no disk is touched; a sender takes a FAIL in place of a PROOF for a wrong one.
 * So a receiver that refuses for another reason says its PROOF first.
 *
 * This module is pure: bytes in, values out.
 *
 * @module
 */

export {
  decodeFrame,
  decodeHeader,
  encodeFrame,
  sealData,
} from "./encoding.ts";
