// Whatever is done with a replay buffer, in whatever order: each byte that it
// gives is the source's byte at that offset, or it says that it cannot.

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Digest } from "../../lib/base/digest.ts";
import { TransferError } from "../../lib/base/errors.ts";
import type { Reading } from "../../lib/source/reader.ts";
import { ReplayBuffer } from "../../lib/source/replay_buffer.ts";
import { noise } from "../support/helpers.ts";

const SIZE = 64;
const SOURCE = noise(8 * SIZE);

function digestBefore(offset: number): Digest {
  const digest = new Digest();
  digest.update(SOURCE.subarray(0, offset));
  return digest;
}

/** A source that writes over all the room it gets, and gives when it is told. */
class Slow {
  end = 0;
  #give: ((most: number) => void) | undefined;

  read(into: Uint8Array): Promise<number | null> {
    into.fill(0xee);
    return new Promise((resolve) => {
      this.#give = (most) => {
        this.#give = undefined;
        const piece = SOURCE.subarray(this.end, this.end + most)
          .subarray(0, into.length);
        into.set(piece);
        this.end += piece.length;
        resolve(piece.length || null);
      };
    });
  }

  /** Ends the read under way; `false` where there is none. */
  give(most: number): boolean {
    if (!this.#give) return false;
    this.#give(most);
    return true;
  }
}

/** A reading, and where it is. */
interface Used {
  reading: Reading;
  at: number;
  busy: boolean;
}

/** What may be done; readings are counted from the last one. */
type Act =
  | { do: "open" }
  | { do: "give"; length: number }
  | { do: "mark"; which: number }
  | { do: "read" | "seek"; which: number; length: number };

/** Everything that was opened on one buffer. */
class Model {
  readonly slow = new Slow();
  readonly buffer = new ReplayBuffer(this.slow, SIZE);
  readonly opened: Used[] = [];
  readonly pending: Promise<void>[] = [];
  /** The one that no other came after. */
  #last: Used | undefined;

  open(): void {
    this.#last = undefined;
    try {
      const reading = this.buffer.open("sha256");
      const { offset: at, digest } = reading.origin;
      const found = new Digest(digest).finish();
      assertEquals(found, digestBefore(at).finish());
      this.opened.push(this.#last = { reading, at, busy: false });
    } catch (error) {
      assert(error instanceof TransferError, String(error));
      assertEquals(error.code, "source");
    }
  }

  do(act: Act): void {
    if (act.do === "open") return this.open();
    if (act.do === "give") return void this.slow.give(act.length);
    const used = this.opened.at(-1 - act.which % this.opened.length);
    if (!used || used.busy) return;
    const { reading, at } = used;
    if (act.do === "mark") return reading.mark?.(at, digestBefore(at));
    used.busy = true;
    this.pending.push(
      (act.do === "read"
        ? this.#read(used, act.length)
        : this.#seek(used, Math.max(0, at - act.length)))
        .finally(() => used.busy = false),
    );
  }

  async #read(used: Used, length: number): Promise<void> {
    const { reading, at } = used;
    const into = new Uint8Array(length);
    let count;
    try {
      count = await reading.read(into);
    } catch (error) {
      return this.#mayFail(used, at, error);
    }
    if (count === null) return assertEquals(at, SOURCE.length);
    assertEquals(into.subarray(0, count), SOURCE.subarray(at, at + count));
    used.at += count;
  }

  async #seek(used: Used, to: number): Promise<void> {
    try {
      await used.reading.seek(to);
      used.at = to;
    } catch (error) {
      this.#mayFail(used, to, error);
    }
  }

  #mayFail(used: Used, at: number, error: unknown): void {
    assert(error instanceof TransferError, String(error));
    if (used !== this.#last) return;
    assertEquals(error.code, "source");
    // A quarter at most is being written over.
    assert(at < this.slow.end - SIZE * 3 / 4, `byte ${at} was remembered`);
  }
}

/** Lets everything go on that waits for nothing but its turn. */
async function whatCanGoOn(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await null;
}

const which = fc.oneof(fc.constant(0), fc.nat(3));
const length = fc.integer({ min: 1, max: SIZE });
const act: fc.Arbitrary<Act> = fc.oneof(
  fc.record({ do: fc.constant("open") }),
  fc.record({ do: fc.constant("mark"), which }),
  fc.record({ do: fc.constant("seek"), which, length }),
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant("read"), which, length }),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constant("give"), length }) },
);

Deno.test("ReplayBuffer gives the source's bytes or a typed error, whatever is done", async () => {
  const acts = fc.array(act, { maxLength: 150, size: "max" });
  await fc.assert(
    fc.asyncProperty(acts, async (acts) => {
      const model = new Model();
      model.open();
      for (const act of acts) {
        model.do(act);
        await whatCanGoOn();
      }
      while (model.slow.give(SIZE)) await whatCanGoOn();
      await Promise.all(model.pending);
    }),
    { numRuns: 500 },
  );
});
