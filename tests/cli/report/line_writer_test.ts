import { assert, assertEquals } from "@std/assert";
import {
  LineWriter,
  Turns,
  within,
  writeWhole,
} from "../../../lib/cli/report/line_writer.ts";
import { utf8 } from "../../support/helpers.ts";

/** What a stream does at each write: takes so many bytes, or fails. */
type Move = number | Error;

/** A stream that does what is written down, and takes everything afterwards. */
class Scripted {
  text = "";
  writes = 0;
  constructor(readonly moves: Move[] = []) {}

  write(piece: Uint8Array): Promise<number> {
    this.writes++;
    const move = this.moves.shift() ?? piece.length;
    if (move instanceof Error) return Promise.reject(move);
    const taken = Math.min(move, piece.length);
    this.text += new TextDecoder().decode(piece.subarray(0, taken));
    return Promise.resolve(taken);
  }
}

/** A stream that takes nothing until it is told to. */
class Stuck extends Scripted {
  readonly #free = Promise.withResolvers<void>();
  readonly free = this.#free.resolve;

  override async write(piece: Uint8Array): Promise<number> {
    await this.#free.promise;
    return await super.write(piece);
  }
}

const FULL = new Deno.errors.WouldBlock("Resource temporarily unavailable");
const NO_SPACE = new Error("No space left on device (os error 28)");
const GONE = new Deno.errors.BrokenPipe("Broken pipe (os error 32)");

/** LineWriter with room for a thousand bytes, and what was lost of them. */
function linesTo(to: Scripted, turns = new Turns()) {
  const lost: string[] = [];
  const onLoss = (why: unknown) => lost.push((why as Error).message);
  return { lines: new LineWriter(to, { room: 1_000, turns, onLoss }), lost };
}

/** Waits for as long as it takes. */
const FOREVER = () => Infinity;

Deno.test("writeWhole() writes in pieces, and waits for room in a full pipe", async () => {
  const to = new Scripted([2, FULL, FULL, 1]);
  assertEquals(await writeWhole(to, utf8("abcdef")), { written: 6 });
  assertEquals(to.text, "abcdef");
});

Deno.test("writeWhole() says what else is wrong at once", async () => {
  const to = new Scripted([1, NO_SPACE]);
  const found = await writeWhole(to, utf8("ab"));
  assertEquals(found, { written: 1, error: NO_SPACE });
});

Deno.test("within() gives what comes in time, and up on what does not", async () => {
  assertEquals(await within(60_000, Promise.resolve(1)), 1);
  assertEquals(await within(1, new Promise(() => {})), undefined);
});

Deno.test("LineWriter prints in order to a stream that is slow, and keeps nobody waiting", async () => {
  const to = new Stuck();
  const { lines, lost } = linesTo(to);
  for (const line of ["one", "two", "three"]) lines.print(line);
  assertEquals([to.text, lines.waiting], ["", 14]);
  to.free();
  assert(await lines.settled(FOREVER));
  assertEquals([to.text, lines.waiting], ["one\ntwo\nthree\n", 0]);
  assertEquals(lost, []);
});

Deno.test("LineWriter keeps no more than there is room for, and says once that the rest is lost", async () => {
  const to = new Stuck();
  const { lines, lost } = linesTo(to);
  for (let at = 0; at < 12; at++) lines.print("x".repeat(99));
  assertEquals([lines.waiting, lost], [1_000, ["nobody reads them"]]);
  to.free();
  assertEquals(await lines.settled(FOREVER), false);
  assertEquals(to.text, `${"x".repeat(99)}\n`.repeat(10));
});

Deno.test("LineWriter leaves out a passing line where others are waiting, and loses nothing by it", async () => {
  const to = new Stuck();
  const lines = new LineWriter(to, { room: 10_000 });
  lines.print("a".repeat(4_094));
  for (const line of ["b", "c"]) lines.print(line, { passing: true });
  lines.print("d");
  to.free();
  assert(await lines.settled(FOREVER));
  assertEquals(to.text, `${"a".repeat(4_094)}\nb\nd\n`);
});

Deno.test("LineWriter gives up on a reader that has stopped, once patience is over", async () => {
  const { lines, lost } = linesTo(new Stuck());
  lines.print("one");
  assertEquals(await lines.settled(() => 20), false);
  assertEquals(lost, ["nobody reads them"]);
});

Deno.test("LineWriter has patience with a reader for as long as something moves", async () => {
  const { now } = performance;
  let at = 0;
  performance.now = () => at;
  let looked = Promise.withResolvers<void>();
  const to = new Scripted();
  const lines = new LineWriter({
    async write(piece) {
      looked = Promise.withResolvers();
      await looked.promise;
      at += 150;
      return await to.write(piece);
    },
  }, { room: 1_000 });
  try {
    for (const line of ["one", "two", "three"]) lines.print(line);
    assert(await lines.settled(() => (looked.resolve(), 200)));
  } finally {
    performance.now = now;
  }
  assertEquals([to.text, at], ["one\ntwo\nthree\n", 450]);
});

Deno.test("LineWriter can be hurried while it waits", async () => {
  const { lines } = linesTo(new Stuck());
  lines.print("one");
  let patience = Infinity;
  const settling = lines.settled(() => patience);
  patience = 0;
  assertEquals(await settling, false);
});

Deno.test("LineWriter of two streams that share the turns come in one order", async () => {
  const first = new Stuck(), second = new Scripted();
  const turns = new Turns();
  const one = linesTo(first, turns).lines, other = linesTo(second, turns).lines;
  one.print("one");
  other.print("two");
  assertEquals(await other.settled(() => 20), false);
  assertEquals(second.text, "");
  first.free();
  await other.settled(FOREVER);
  assertEquals([first.text, second.text], ["one\n", "two\n"]);
});

Deno.test("LineWriter loses the lines for which there is no space, and says why once", async () => {
  const to = new Scripted([9, NO_SPACE, NO_SPACE]);
  const { lines, lost } = linesTo(to);
  for (const line of ["one", "two", "three", "four"]) lines.print(line);
  assertEquals(await lines.settled(FOREVER), false);
  assertEquals([to.text, lost], ["one\nfour\n", [NO_SPACE.message]]);
});

Deno.test("LineWriter ends a line that was cut short before the next one", async () => {
  const to = new Scripted([1, NO_SPACE, NO_SPACE]);
  const { lines } = linesTo(to);
  for (const line of ["one", "two", "three"]) lines.print(line);
  await lines.settled(FOREVER);
  assertEquals(to.text, "o\nthree\n");
});

Deno.test("LineWriter takes a reader that left for nothing wrong", async () => {
  const { lines, lost } = linesTo(new Scripted([GONE]));
  lines.print("one");
  assert(await lines.settled(FOREVER));
  assertEquals(lost, []);
});
