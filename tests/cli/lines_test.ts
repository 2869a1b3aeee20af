import { assertEquals } from "@std/assert";
import { Lines, type SyncWriter, writeWhole } from "../../lib/cli/lines.ts";
import { utf8 } from "../helpers.ts";

/** What a stream does at each write: takes so many bytes, or fails. */
type Move = number | Error;

/** A stream that does what is written down, and takes everything afterwards. */
class Scripted implements SyncWriter {
  text = "";
  writes = 0;
  constructor(readonly moves: Move[] = []) {}

  writeSync(piece: Uint8Array): number {
    this.writes++;
    const move = this.moves.shift() ?? piece.length;
    if (move instanceof Error) throw move;
    const taken = Math.min(move, piece.length);
    this.text += new TextDecoder().decode(piece.subarray(0, taken));
    return taken;
  }
}

const FULL = new Deno.errors.WouldBlock("Resource temporarily unavailable");
const NO_SPACE = new Error("No space left on device (os error 28)");
const GONE = new Deno.errors.BrokenPipe("Broken pipe (os error 32)");

Deno.test("writeWhole() writes in pieces, and waits for room in a full pipe", () => {
  const to = new Scripted([2, FULL, FULL, 1]);
  assertEquals(writeWhole(to, utf8("abcdef"), 1_000), { written: 6 });
  assertEquals(to.text, "abcdef");
});

Deno.test("writeWhole() gives up on a full pipe once its patience is over, without spinning", () => {
  const to = new Scripted([1, ...Array(100).fill(FULL)]);
  const found = writeWhole(to, utf8("ab"), 20);
  assertEquals(found, { written: 1, error: FULL });
  assertEquals(to.writes, 1 + 4 + 1);
});

Deno.test("writeWhole() says what else is wrong at once", () => {
  const to = new Scripted([1, NO_SPACE]);
  const found = writeWhole(to, utf8("ab"), 1_000);
  assertEquals(found, { written: 1, error: NO_SPACE });
});

Deno.test("Lines loses the lines for which there is no space, and remembers why", () => {
  const to = new Scripted([9, NO_SPACE, GONE]);
  const lines = new Lines(to, 0);
  for (const line of ["one", "two", "three", "four"]) lines.print(line);
  assertEquals(to.text, "one\nfour\n");
  assertEquals(lines.failure, NO_SPACE);
});

Deno.test("Lines ends a line that was cut short before the next one", () => {
  const to = new Scripted([1, NO_SPACE, NO_SPACE]);
  const lines = new Lines(to, 0);
  for (const line of ["one", "two", "three"]) lines.print(line);
  assertEquals(to.text, "o\nthree\n");
});

Deno.test("Lines takes a reader that left for nothing wrong", () => {
  const lines = new Lines(new Scripted([GONE]), 0);
  lines.print("one");
  assertEquals(lines.failure, undefined);
});

Deno.test("Lines waits once for a pipe that stays full, and again when there was room", () => {
  const to = new Scripted([...Array(3).fill(FULL), FULL, 9, FULL, 9]);
  const lines = new Lines(to, 10);
  for (const line of ["one", "two", "three", "four"]) lines.print(line);
  assertEquals(to.text, "three\nfour\n");
  assertEquals(to.writes, 3 + 1 + 1 + 2);
});
