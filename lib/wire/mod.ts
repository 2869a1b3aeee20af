/**
 * The protocol, byte by byte: version 2.
 *
 * ## Participants
 *
 * The sender connects, the receiver listens. Both begin with the preface: eight
 * bytes that no other protocol begins with, the last of them the version
 * (preface.ts). The sender goes first, so that a receiver shows nothing to a
 * port scan. Then both say HELLO, and from there on only frames pass.
 *
 * ```text
 * sender                                receiver
 *   preface, HELLO        ───▶
 *                         ◀───          preface, HELLO
 *   OPEN 0, OPEN 1, …     ───▶                            names, sizes, times
 *                         ◀───          ACCEPT 0, ACCEPT 1, …
 *   DATA 0, DATA 0, …     ───▶
 *                         ◀───          ALIVE 0 (phase, bytes it has)
 *   END 0, DATA 1, END 1  ───▶                            length and digest
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
 * is verified before any of those four is judged: a header that was damaged on
 * the way is damage, whatever type or length it shows, and the bytes of a
 * damaged length are not waited for. The CRC-32 covers the 12 bytes before it
 * and the payload, so damage is found in the frame where it happened. `codec` is
 * 0. `entry` numbers the files and directories of a transfer from 0; SESSION,
 * all bits set, means the connection as a whole.
 *
 * ## Payloads
 *
 * | type | frame   | said by  | payload                                        |
 * | ---- | ------- | -------- | ---------------------------------------------- |
 * | 0x01 | HELLO   | both     | id 16, features 4, required 4, digests 2, codecs 2 |
 * | 0x02 | ALIVE   | both     | phase 1, bytes 8                               |
 * | 0x03 | FAIL    | both     | code 1, retriable 1, reason text               |
 * | 0x04 | NONCE   | both     | random bytes 32                                |
 * | 0x05 | PROOF   | both     | HMAC 32                                        |
 * | 0x10 | OPEN    | sender   | kind 1, has 1, zero 2, size 8, mtime 8, mode 4, name text |
 * | 0x11 | DATA    | sender   | offset 8, the data                             |
 * | 0x12 | END     | sender   | length 8, algorithm 1, zero 3, digest          |
 * | 0x13 | FINISH  | sender   | number of entries 4                            |
 * | 0x20 | ACCEPT  | receiver | held 8, block length 4, algorithm 1, zero 3, digests |
 * | 0x21 | RECEIPT | receiver | id 16, length 8, algorithm 1, flags 1, zero 2, digest, time 8, name text |
 *
 * A number behind a field is its length in bytes; a text is UTF-8 behind its
 * length in two bytes; `zero` bytes are reserved. HELLO, NONCE, PROOF and FINISH
 * have SESSION as their entry. The algorithm of a digest stands beside it and
 * gives its length: 1 is SHA-256, 32 bytes. It is the one that both sides agreed
 * on. HELLO, OPEN, ACCEPT, END and RECEIPT end with a list of extensions, empty
 * in this version (extensions.ts): each has a type 2 with a top bit that says
 * whether it must be understood, a length 2, and a value. frames.ts says what
 * each field means, layouts.ts how it is encoded.
 *
 * ## Rules
 *
 * - HELLO offers features, digest algorithms and codecs as sets of bits. From
 *   both offers each side computes the same agreement (hello.ts): the best digest
 *   algorithm and the best codec that both offer, and the features that both
 *   offer. A bit in `required` that the other side does not offer ends the
 *   conversation. Version 2 has SHA-256 (bit 0 of `digests`), data as it is (bit
 *   0 of `codecs`), and no feature.
 * - Several OPENs may be on the way at once, MAX_AHEAD at most that are not
 *   settled. A receiver answers each with ACCEPT or FAIL, and DATA may follow
 *   only an ACCEPT.
 * - Entries come one after the other: between an entry's first DATA and its END
 *   or FAIL there is no other entry's DATA.
 * - ACCEPT says how many bytes of the entry the receiver holds already, with the
 *   digests of its prefixes, one at the end of each block. The sender reads its
 *   own bytes, compares, and starts at the end of the last prefix that agrees,
 *   which is what the offset in the first DATA (or, without DATA, the length in
 *   END) says; the receiver drops what lies beyond. The sender may always start
 *   at 0.
 * - An end of the stream never means that an entry is complete: only END does,
 *   with the length and the digest of all of it. FINISH says that no OPEN will
 *   follow; an end before it means that the sender was cut off.
 * - A RECEIPT is sent after the bytes were checked, synced and named. It holds
 *   the transfer's id, so one connection's receipt settles no other transfer;
 *   the sender chooses the id, the same on every connection of a transfer. The
 *   receiver repeats it in its HELLO. Where it could not read the sender's HELLO
 *   it says zeros instead, and a FAIL with the reason comes next.
 * - FAIL ends one entry or the whole session. It holds a reason and a code of the
 *   table in base/errors.ts that its side can know (transfer/fail.ts). The side
 *   that says it for the session half-closes and drains; a receiver says it after
 *   the receipts of the commits under way, so what has no receipt by then was not
 *   committed.
 * - A side that is busy for longer than a moment says ALIVE, with what it is
 *   doing.
 * - A peer with another version is told both versions in a FAIL, after a preface
 *   and a HELLO of this version, and the connection ends.
 *
 * ## With a secret
 *
 * Where both sides have a key, a key challenge comes before all this, and the
 * rest passes inside TLS 1.3: key_challenge.ts specifies those bytes. Where the
 * receiver has a certificate for a name, TLS 1.3 comes first, with the receiver
 * as its server. In both cases the first bytes inside are those above, and right
 * after the HELLOs both sides prove that they have the key, or the token:
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
 * A PROOF is an HMAC over a label with the role of its side, both NONCEs, both
 * HELLO frames and the SHA-256 of the certificate (security/auth_proof.ts).
 * Until both are right neither side accepts another frame, nor a payload that is
 * longer than MAX_GREETING_BYTES, and no disk is touched. A sender treats a FAIL
 * in place of a PROOF as a wrong PROOF, so a receiver that refuses for another
 * reason says its PROOF first.
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
