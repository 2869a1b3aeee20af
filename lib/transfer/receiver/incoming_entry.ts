/**
 * One entry on the receiver's side, from its OPEN to its receipt.
 *
 * @module
 */

import {
  type Algorithm,
  Digest,
  DIGEST_NAMES,
  sameBytes,
} from "../../base/digest.ts";
import { TransferError } from "../../base/errors.ts";
import { quote } from "../../base/escape.ts";
import type { Held } from "../../model/block_digests.ts";
import type { Entry } from "../../model/entry.ts";
import type { Phase } from "../../model/progress.ts";
import type { Draft, Sink } from "../../sink/sink.ts";
import type { Data, End, Open, ReceiptFrame } from "../../wire/frames.ts";

/** An entry, and the checks of what arrives against what was announced. */
export class IncomingEntry {
  /** What the sender announced. */
  readonly open: Open;
  /** What is being done with it. */
  phase: Phase = "receiving";
  /** How many of its bytes have come. */
  received = 0;
  readonly #draft: Draft;
  readonly #maxSize: number;
  readonly #algorithm: Algorithm;
  /** Of the bytes so far; absent until the offset of the first is known. */
  #digest: Digest | undefined;

  private constructor(
    open: Open,
    draft: Draft,
    maxSize: number,
    algorithm: Algorithm,
  ) {
    this.open = open;
    this.#draft = draft;
    this.#maxSize = maxSize;
    this.#algorithm = algorithm;
    if (!draft.resumable) this.#digest = new Digest(algorithm);
  }

  /** What an earlier attempt has left of it. */
  get held(): Held {
    return this.#draft.resumable ??
      { ...NOTHING, algorithm: this.#algorithm };
  }

  /**
   * Opens a draft for an entry.
   *
   * @param open What the sender announced.
   * @param sink Where it is to land.
   * @param maxSize Largest size in bytes.
   * @param transfer The transfer's id, in hexadecimal.
   * @param algorithm The digest algorithm that both sides agreed on.
   * @returns The entry, ready for data.
   * @throws {TransferError} `rejected` when it is too large, and as
   * {@linkcode Sink.open}.
   */
  static async begin(
    open: Open,
    sink: Sink,
    maxSize: number,
    transfer: string,
    algorithm: Algorithm,
  ): Promise<IncomingEntry> {
    checkSize(open, open.size ?? 0, maxSize);
    const draft = await sink.open(entryOf(open), transfer, algorithm);
    return new IncomingEntry(open, draft, maxSize, algorithm);
  }

  /**
   * Writes the next piece to the draft.
   *
   * @param data The piece. Its bytes must not change until this resolves.
   * @throws {TransferError} `protocol` for a piece that is out of place,
   * `rejected` beyond the size limit, `local-io` when it cannot be written.
   */
  async write({ offset, bytes }: Data): Promise<void> {
    const digest = this.#digest ?? await this.#start(offset);
    if (offset !== this.received) {
      throw this.#broken(
        `data for byte ${offset} came where ${this.received} was next`,
      );
    }
    this.received += bytes.length;
    const size = this.open.size ?? Infinity;
    if (this.received > size) {
      throw this.#broken(`more came than the ${size} bytes announced`);
    }
    checkSize(this.open, this.received, this.#maxSize);
    const written = this.#draft.write(bytes);
    digest.update(bytes); // while the disk is busy with the same bytes
    await written;
  }

  /**
   * Checks length and digest against what came.
   *
   * @param end What the sender says it sent.
   * @throws {TransferError} `integrity` when anything differs.
   */
  async verify(end: End): Promise<void> {
    this.phase = "verifying";
    const digest = this.#digest ?? await this.#start(end.length);
    const found = digest.finish();
    const announced = this.open.size ?? end.length;
    for (const length of [end.length, announced]) {
      if (this.received === length) continue;
      throw this.#damaged(
        `its length must be ${length}, found ${this.received}`,
      );
    }
    if (!sameBytes(found, end.digest)) {
      throw this.#damaged(`its ${DIGEST_NAMES[end.algorithm]} differs`);
    }
  }

  /**
   * Makes the entry appear under its name.
   *
   * @param end The END that was verified.
   * @param id The transfer's id.
   * @returns The receipt: what it says is true from now on.
   * @throws {TransferError} As {@linkcode Draft.commit}.
   */
  async commit(end: End, id: Uint8Array): Promise<ReceiptFrame> {
    const committed = await this.#draft.commit((phase) => {
      this.phase = phase;
    });
    return {
      type: "receipt",
      entry: this.open.entry,
      id,
      length: end.length,
      algorithm: end.algorithm,
      digest: end.digest,
      committedAt: Date.now(),
      ...committed,
    };
  }

  /** Resumes the draft at an offset, or starts over at 0. */
  async #start(offset: number): Promise<Digest> {
    this.#digest = await this.#draft.resumable!.start(offset);
    this.received = offset;
    return this.#digest;
  }

  /** Gives up for now; another attempt may resume what is there. */
  async keep(): Promise<void> {
    await (this.#draft.keep?.() ?? this.#draft.abort());
  }

  /** Leaves nothing of it. */
  async abort(): Promise<void> {
    await this.#draft.abort();
  }

  #broken(found: string): TransferError {
    return new TransferError(
      "protocol",
      { doing: `go on with ${quote(this.open.name)}`, found },
    );
  }

  #damaged(found: string): TransferError {
    return new TransferError(
      "integrity",
      { doing: `accept ${quote(this.open.name)}`, found },
    );
  }
}

/** What is held of an entry of which nothing is. */
const NOTHING = { length: 0, block: 0, digests: new Uint8Array(0) };

function entryOf(open: Open): Entry {
  const { type: _type, entry: _entry, extensions: _more, ...entry } = open;
  return entry;
}

function checkSize(open: Open, size: number, limit: number): void {
  if (size <= limit) return;
  throw new TransferError(
    "rejected",
    {
      doing: `take ${quote(open.name)}`,
      found: `it has ${open.size ?? `at least ${size}`} ` +
        `bytes and the limit is ${limit}`,
    },
  );
}
