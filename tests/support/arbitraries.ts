/**
 * Frames of every type with arbitrary content, for property tests.
 *
 * @module
 */

import fc from "fast-check";
import { type Code, OUTCOMES } from "../../lib/base/errors.ts";
import type { Frame } from "../../lib/wire/frames.ts";

const entry = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const u32 = entry;
const u16 = fc.integer({ min: 0, max: 65_535 });
const size = fc.maxSafeNat();
/** Milliseconds that a `Date` can hold. */
const time = fc.integer({ min: -8.64e15, max: 8.64e15 });
const id = bytes(16), digest = bytes(32);
const phase = fc.constantFrom(
  ...["reading", "receiving", "verifying", "syncing", "committing"] as const,
);
const code = fc.constantFrom(...Object.keys(OUTCOMES) as Code[]);

function bytes(length: number): fc.Arbitrary<Uint8Array> {
  return fc.uint8Array({ minLength: length, maxLength: length });
}

function text(maxLength: number): fc.Arbitrary<string> {
  // Four bytes of UTF-8 for a character at most.
  return fc.string({ unit: "binary", maxLength: maxLength / 4 })
    .filter((one) => one.isWellFormed());
}

const algorithm = fc.constant("sha256" as const);

/** A list of extensions that fits into any frame with room for one. */
const extensions = fc.uniqueArray(
  fc.record({
    number: fc.integer({ min: 0, max: 0x7fff }),
    critical: fc.constant(false), // this version knows none
    value: fc.uint8Array({ maxLength: 60 }),
  }),
  { minLength: 1, maxLength: 16, selector: ({ number }) => number },
).map((list) => list.toSorted((one, other) => one.number - other.number));

/** A frame that has room for extensions, with some in it or without. */
function extensible<F extends Frame>(frame: fc.Arbitrary<F>): fc.Arbitrary<F> {
  return fc.oneof(
    frame,
    fc.tuple(frame, extensions).map(([frame, extensions]) => (
      { ...frame, extensions }
    )),
  );
}

const accept = fc.record({
  block: fc.integer({ min: 1, max: 2 ** 32 - 1 }),
  all: fc.uint8Array({ maxLength: 3 * 32 }),
  part: fc.integer({ min: 1, max: 1000 }),
}).map(({ block, all, part }) => {
  const algorithm = "sha256" as const;
  const blocks = Math.floor(all.length / 32);
  const digests = all.slice(0, blocks * 32);
  if (blocks === 0) return { held: 0, block: 0, algorithm, digests };
  const held = (blocks - 1) * block + Math.min(part, block);
  return { held, block, algorithm, digests };
});

/** Every frame that may be said. */
export const frames: fc.Arbitrary<Frame> = fc.oneof(
  extensible(fc.record({
    type: fc.constant("hello" as const),
    id,
    features: u32,
    required: u32,
    digests: u16,
    codecs: u16,
  })),
  fc.record({ type: fc.constant("nonce" as const), nonce: digest }),
  fc.record({ type: fc.constant("proof" as const), proof: digest }),
  extensible(fc.record({
    type: fc.constant("open" as const),
    entry,
    kind: fc.constantFrom("file" as const, "directory" as const),
    name: text(4096),
    size,
    mtime: time,
    mode: fc.integer({ min: 0, max: 0o7777 }),
  }, { requiredKeys: ["type", "entry", "kind", "name"] })),
  extensible(
    fc.record({ entry, rest: accept }).map(({ entry, rest }) => (
      { type: "accept" as const, entry, ...rest }
    )),
  ),
  fc.record({
    type: fc.constant("data" as const),
    entry,
    offset: size,
    bytes: fc.uint8Array({ minLength: 1, maxLength: 5000 }),
  }),
  extensible(fc.record({
    type: fc.constant("end" as const),
    entry,
    length: size,
    algorithm,
    digest,
  })),
  fc.record({ type: fc.constant("finish" as const), entries: u32 }),
  fc.record({ type: fc.constant("alive" as const), entry, phase, bytes: size }),
  fc.record({
    type: fc.constant("fail" as const),
    entry,
    code,
    retriable: fc.boolean(),
    reason: text(1024),
  }),
  extensible(fc.record({
    type: fc.constant("receipt" as const),
    entry,
    id,
    length: size,
    algorithm,
    digest,
    durable: fc.boolean(),
    existing: fc.boolean(),
    committedAt: time,
    name: text(4096),
  })),
);
