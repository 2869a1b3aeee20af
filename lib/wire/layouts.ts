/**
 * How each frame is encoded, one entry a type: its code, the bounds of its
 * payload, and the two directions side by side.
 *
 * @module
 */

import { type Algorithm, DIGEST_BYTES } from "../base/digest.ts";
import { codeOf, OUTCOMES } from "../base/errors.ts";
import { MAX_BLOCKS } from "../model/block_digests.ts";
import { MAX_NAME_BYTES } from "../model/name.ts";
import { DIGESTS } from "./algorithms.ts";
import {
  type Extensible,
  MAX_EXTENSION_BYTES,
  readExtensions,
  writeExtensions,
} from "./extensions.ts";
import type { FieldReader, FieldWriter } from "./fields.ts";
import {
  type Frame,
  type Header,
  ID_BYTES,
  MAX_DATA_BYTES,
  MAX_REASON_BYTES,
  NONCE_BYTES,
  PROOF_BYTES,
} from "./frames.ts";

/** How one type of frame is encoded. */
export interface Layout<F> {
  code: number;
  /** Shortest and longest payload in bytes. */
  min: number;
  max: number;
  write(frame: F, to: FieldWriter): void;
  read(from: FieldReader, header: Header): F;
}

const KINDS = new Map([[1, "file"], [2, "directory"]] as const);
const PHASES = new Map(
  [
    [0, "reading"],
    [1, "receiving"],
    [2, "verifying"],
    [3, "syncing"],
    [4, "committing"],
  ] as const,
);

/** Shortest and longest digest, in bytes. */
const [MIN_DIGEST, MAX_DIGEST] = shortestAndLongest(
  Object.values(DIGEST_BYTES),
);
const HAS_SIZE = 1, HAS_MTIME = 2, HAS_MODE = 4;
const DURABLE = 1, EXISTING = 2;

/** Makes the layout of a frame that has room for extensions. */
function extensible<F extends Frame & Extensible>(
  layout: Layout<F>,
): Layout<F> {
  return {
    code: layout.code,
    min: layout.min,
    max: layout.max + MAX_EXTENSION_BYTES,
    write: (frame, to) => {
      layout.write(frame, to);
      writeExtensions(frame, to);
    },
    read: (from, header) => ({
      ...layout.read(from, header),
      ...readExtensions(from),
    }),
  };
}

/** How each type of frame is encoded. */
export const LAYOUTS: {
  [T in Frame["type"]]: Layout<Extract<Frame, { type: T }>>;
} = {
  hello: extensible({
    code: 0x01,
    min: 28,
    max: 28,
    write: (f, to) =>
      to.raw(f.id).u32(f.features).u32(f.required).u16(f.digests)
        .u16(f.codecs),
    read: (from) => ({
      type: "hello",
      id: from.raw(ID_BYTES).slice(),
      features: from.u32(),
      required: from.u32(),
      digests: from.u16(),
      codecs: from.u16(),
    }),
  }),
  nonce: {
    code: 0x04,
    min: NONCE_BYTES,
    max: NONCE_BYTES,
    write: (f, to) => to.raw(f.nonce),
    read: (from) => ({ type: "nonce", nonce: from.raw(NONCE_BYTES).slice() }),
  },
  proof: {
    code: 0x05,
    min: PROOF_BYTES,
    max: PROOF_BYTES,
    write: (f, to) => to.raw(f.proof),
    read: (from) => ({ type: "proof", proof: from.raw(PROOF_BYTES).slice() }),
  },
  open: extensible({
    code: 0x10,
    min: 26,
    max: 26 + MAX_NAME_BYTES,
    write: (f, to) => {
      const has = (f.size === undefined ? 0 : HAS_SIZE) |
        (f.mtime === undefined ? 0 : HAS_MTIME) |
        (f.mode === undefined ? 0 : HAS_MODE);
      to.u8(keyOf(KINDS, f.kind)).u8(has).u16(0).u64(f.size ?? 0)
        .i64(f.mtime ?? 0).u32(f.mode ?? 0).text(f.name);
    },
    read: (from, { entry }) => {
      const kind = from.oneOf(KINDS, "kind");
      const has = from.bits(HAS_SIZE | HAS_MTIME | HAS_MODE);
      from.zero(2);
      const size = from.u64(), mtime = from.time(), mode = from.u32();
      const name = from.text();
      if (!(has & HAS_SIZE) && size) throw from.error("it hides a size");
      if (!(has & HAS_MTIME) && mtime) throw from.error("it hides a time");
      if (!(has & HAS_MODE) && mode) throw from.error("it hides a mode");
      if (mode > 0o7777) throw from.error(`its mode is ${mode}`);
      return {
        type: "open",
        entry,
        kind,
        name,
        ...(has & HAS_SIZE ? { size } : {}),
        ...(has & HAS_MTIME ? { mtime } : {}),
        ...(has & HAS_MODE ? { mode } : {}),
      };
    },
  }),
  accept: extensible({
    code: 0x20,
    min: 16,
    max: 16 + MAX_BLOCKS * MAX_DIGEST,
    write: (f, to) =>
      to.u64(f.held).u32(f.block).u8(keyOf(DIGESTS, f.algorithm)).u8(0).u16(0)
        .raw(f.digests),
    read: (from, { entry }) => {
      const held = from.u64(), block = from.u32();
      const algorithm = from.oneOf(DIGESTS, "digest");
      from.zero(3);
      const blocks = held === 0 ? 0 : Math.ceil(held / block);
      if (blocks > MAX_BLOCKS || (held === 0 && block > 0)) {
        throw from.error(
          `its blocks of ${block} bytes do not fit ${held} held bytes`,
        );
      }
      const digests = from.raw(blocks * DIGEST_BYTES[algorithm]).slice();
      return { type: "accept", entry, held, block, algorithm, digests };
    },
  }),
  data: {
    code: 0x11,
    min: 9,
    max: 8 + MAX_DATA_BYTES,
    write: (f, to) => to.u64(f.offset).raw(f.bytes),
    read: (from, { entry }) => ({
      type: "data",
      entry,
      offset: from.u64(),
      bytes: from.raw(from.left),
    }),
  },
  end: extensible({
    code: 0x12,
    min: 12 + MIN_DIGEST,
    max: 12 + MAX_DIGEST,
    write: (f, to) =>
      to.u64(f.length).u8(keyOf(DIGESTS, f.algorithm)).u8(0).u16(0)
        .raw(whole(f)),
    read: (from, { entry }) => {
      const length = from.u64();
      const algorithm = from.oneOf(DIGESTS, "digest");
      from.zero(3);
      const digest = from.raw(DIGEST_BYTES[algorithm]).slice();
      return { type: "end", entry, length, algorithm, digest };
    },
  }),
  finish: {
    code: 0x13,
    min: 4,
    max: 4,
    write: (f, to) => to.u32(f.entries),
    read: (from) => ({ type: "finish", entries: from.u32() }),
  },
  alive: {
    code: 0x02,
    min: 9,
    max: 9,
    write: (f, to) => to.u8(keyOf(PHASES, f.phase)).u64(f.bytes),
    read: (from, { entry }) => ({
      type: "alive",
      entry,
      phase: from.oneOf(PHASES, "phase"),
      bytes: from.u64(),
    }),
  },
  fail: {
    code: 0x03,
    min: 4,
    max: 4 + MAX_REASON_BYTES,
    write: (f, to) =>
      to.u8(OUTCOMES[f.code].exit).u8(Number(f.retriable)).text(f.reason),
    read: (from, { entry }) => {
      const number = from.u8();
      const code = codeOf(number);
      if (!code) throw from.error(`its code is ${number}`);
      const retriable = from.bits(1) === 1;
      return { type: "fail", entry, code, retriable, reason: from.text() };
    },
  },
  receipt: extensible({
    code: 0x21,
    min: 38 + MIN_DIGEST,
    max: 38 + MAX_DIGEST + MAX_NAME_BYTES,
    write: (f, to) =>
      to.raw(f.id).u64(f.length).u8(keyOf(DIGESTS, f.algorithm))
        .u8((f.durable ? DURABLE : 0) | (f.existing ? EXISTING : 0)).u16(0)
        .raw(whole(f)).i64(f.committedAt).text(f.name),
    read: (from, { entry }) => {
      const id = from.raw(ID_BYTES).slice(), length = from.u64();
      const algorithm = from.oneOf(DIGESTS, "digest");
      const flags = from.bits(DURABLE | EXISTING);
      from.zero(2);
      return {
        type: "receipt",
        entry,
        id,
        length,
        algorithm,
        digest: from.raw(DIGEST_BYTES[algorithm]).slice(),
        durable: (flags & DURABLE) > 0,
        existing: (flags & EXISTING) > 0,
        committedAt: from.time(),
        name: from.text(),
      };
    },
  }),
};

/** The types by their codes. */
export const TYPES: ReadonlyMap<number, Frame["type"]> = new Map(
  Object.entries(LAYOUTS).map(([type, { code }]) => [
    code,
    type as Frame["type"],
  ]),
);

/** A frame's digest, once its length was checked: the frame does not say it. */
function whole(
  { algorithm, digest }: { algorithm: Algorithm; digest: Uint8Array },
): Uint8Array {
  if (digest.length === DIGEST_BYTES[algorithm]) return digest;
  throw new RangeError(`Cannot encode a digest of ${digest.length} bytes`);
}

function shortestAndLongest(lengths: number[]): [number, number] {
  return [Math.min(...lengths), Math.max(...lengths)];
}

function keyOf<V>(table: ReadonlyMap<number, V>, value: V): number {
  for (const [key, candidate] of table) if (candidate === value) return key;
  throw new RangeError(`Cannot encode ${value}`);
}
