import { assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { TransferError } from "../../lib/base/errors.ts";
import {
  challengeResponseOf,
  checkProof,
  type Credentials,
  nonce,
  proofOf,
} from "../../lib/security/auth_proof.ts";
import { hex } from "../support/helpers.ts";

const bytes = (length: number, value: number) =>
  new Uint8Array(length).fill(value);

const CREDENTIALS: Credentials = {
  role: "sender",
  secret: bytes(32, 1),
  binding: bytes(32, 2),
};
const SAID = [
  { hello: bytes(44, 3), nonce: bytes(32, 4) },
  { hello: bytes(44, 5), nonce: bytes(32, 6) },
];

// Computed a second time, by other means: Python's hmac over the same bytes.
Deno.test("proofOf() is HMAC-SHA-256 over label, nonces, HELLOs, certificate", () => {
  assertEquals(
    proofOf(CREDENTIALS, "sender", SAID),
    hex("89525e3572d7094d75d072a492045efe468d8f20e2a99c6dac1d7caef5435b27"),
  );
  assertEquals(
    proofOf(CREDENTIALS, "receiver", SAID),
    hex("5a503ce5f7a98eb9d3c11197378f50faac0114747fd25e4ea8e9f43b5115d0c9"),
  );
});

Deno.test("challengeResponseOf() is HMAC-SHA-256 over label and both nonces", () => {
  assertEquals(
    challengeResponseOf(bytes(32, 1), bytes(32, 4), bytes(32, 6)),
    hex("d54e199f40f7d0719bac2934782e53f465d9cc20effab246df651347e9feb355"),
  );
});

Deno.test("a proof changes with every bit of what it covers", () => {
  const right = proofOf(CREDENTIALS, "sender", SAID);
  const parts = [
    CREDENTIALS.secret,
    CREDENTIALS.binding,
    ...SAID.flatMap(({ hello, nonce }) => [hello, nonce]),
  ];
  for (const part of parts) {
    for (let bit = 0; bit < part.length * 8; bit++) {
      part[bit >> 3]! ^= 1 << (bit & 7);
      assertNotEquals(proofOf(CREDENTIALS, "sender", SAID), right);
      part[bit >> 3]! ^= 1 << (bit & 7);
    }
  }
  assertEquals(proofOf(CREDENTIALS, "sender", SAID), right);
});

Deno.test("a proof is no proof of the other side, and none in the open", () => {
  const proofs = [
    proofOf(CREDENTIALS, "sender", SAID),
    proofOf(CREDENTIALS, "receiver", SAID),
    proofOf(CREDENTIALS, "sender", SAID.toReversed()),
    challengeResponseOf(CREDENTIALS.secret, SAID[0]!.nonce, SAID[1]!.nonce),
    challengeResponseOf(CREDENTIALS.secret, SAID[1]!.nonce, SAID[0]!.nonce),
  ];
  assertEquals(new Set(proofs.map(String)).size, proofs.length);
});

Deno.test("checkProof() throws auth for anything but the right proof", () => {
  const right = bytes(32, 9);
  checkProof(right.slice(), right, "sender");
  const wrong = [new Uint8Array(0), right.subarray(1), bytes(33, 9)];
  for (let at = 0; at < 32; at++) {
    const one = right.slice();
    one[at]! ^= 0x80;
    wrong.push(one);
  }
  const messages = wrong.map((one) => {
    const error = assertThrows(
      () => checkProof(one, right, "sender"),
      TransferError,
    );
    assertEquals([error.code, error.retriable], ["auth", false]);
    return error.message;
  });
  assertEquals(new Set(messages).size, 1);
});

Deno.test("nonce() never gives the same twice", () => {
  const all = Array.from({ length: 1_000 }, () => nonce().join());
  assertEquals(new Set(all).size, 1_000);
});
