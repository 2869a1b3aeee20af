import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { tempDir } from "../support/helpers.ts";

const ROOT = join(import.meta.dirname!, "../..");
const DECLARATIONS = await Deno.readTextFile(join(ROOT, "types/std.d.ts"));

/** What the declaration file says there is: values only, no types. */
const DECLARED = [
  ...DECLARATIONS.matchAll(/^declare module "([^"]+)" \{\n([\s\S]*?)^\}/gm),
].map(([, specifier, body]) => ({
  specifier: specifier!,
  names: [...body!.matchAll(/^ {2}export (?:function|class|const) (\w+)/gm)]
    .map(([, name]) => name!),
}));

Deno.test("every name that std.d.ts declares is there when the program runs", async () => {
  assert(DECLARED.length >= 5, "Nothing found: mend the pattern DECLARED.");
  for (const { specifier, names } of DECLARED) {
    assert(names.length > 0, `types/std.d.ts: ${specifier} exports nothing`);
    const module: Record<string, unknown> = await import(specifier);
    for (const name of names) {
      assertEquals(
        typeof module[name],
        "function",
        `${specifier} has no ${name}: take it out of types/std.d.ts`,
      );
    }
  }
});

Deno.test("std.d.ts declares every @std module of the import map and no other", async () => {
  const config = await readJson("import_map.json");
  const mapped = Object.keys(config.imports)
    .filter((specifier) => specifier.startsWith("@std/"));
  assertEquals(
    DECLARED.map(({ specifier }) => specifier),
    mapped.sort(),
    "Declare in types/std.d.ts, in the order of the alphabet, what " +
      "import_map.json maps, and nothing else.",
  );
});

const IMPORTS = `
import * as std from "@std/assert";
import { abortable } from "@std/async/abortable";
import { delay } from "@std/async/delay";
import { concat } from "@std/bytes/concat";
import { parseArgs } from "@std/cli/parse-args";
import { TextLineStream } from "@std/streams/text-line-stream";
import { toBytes } from "@std/streams/to-bytes";
import { toText } from "@std/streams/to-text";
const lines: ReadableStream<string> = new ReadableStream();
const bytes: ReadableStream<Uint8Array> = new ReadableStream();
const options = { boolean: ["json"], string: ["dir", "_"] } as const;
const args = parseArgs([], options);
declare const unknown: unknown;
`;

/** Uses that are right, one a line. */
const RIGHT = `
std.assert(1 < 2, "message");
std.assertEquals([1, 2], [1, 2]);
std.assertNotEquals("a", "b", "message");
std.assertMatch("text", /t/);
std.assertStringIncludes("text", "t");
std.assertGreaterOrEqual(2, 1);
std.assertLess(1n, 2n);
const error: RangeError = std.assertThrows(() => 1, RangeError, "found");
const rejected: Promise<TypeError> = std.assertRejects(async () => {}, TypeError);
std.assertInstanceOf(unknown, RangeError); unknown.message.trim();
const failure: Error = new std.AssertionError("message");
const json: boolean = args.json;
const dir: string | undefined = args.dir;
const paths: string[] = args._;
const mixed: (string | number)[] = parseArgs(["a"])._;
parseArgs([], { alias: { q: "quiet" }, boolean: ["quiet"], negatable: ["quiet"] });
parseArgs([], { stopEarly: true, unknown: (arg, key) => arg + key });
const first: Promise<number> = abortable(Promise.resolve(7), AbortSignal.abort());
const later: Promise<void> = delay(10, { signal: undefined, persistent: false });
const whole: Uint8Array<ArrayBuffer> = concat([new Uint8Array(1)]);
const split: ReadableStream<string> = lines.pipeThrough(new TextLineStream());
new TextLineStream({ allowCR: true });
const all: Promise<Uint8Array<ArrayBuffer>> = toBytes(bytes);
const text: Promise<string> = toText(bytes);
const text2: Promise<string> = toText(lines);
`.trim();

/** Uses that are wrong, one a line, each with the compiler's number for it. */
const WRONG = `
std.assert(); // TS2554
std.assert(true, 7); // TS2345
std.assertEquals(1, "1"); // TS2345
std.assertEquals([1]); // TS2554
std.assertNotEquals(1, 2, 3); // TS2345
std.assertMatch("text", "t"); // TS2345
std.assertMatch(7, /7/); // TS2345
std.assertStringIncludes(["t"], "t"); // TS2345
std.assertLess(1, "2"); // TS2345
std.assertGreaterOrEqual(1); // TS2554
std.assertThrows(() => 1); // TS2554
std.assertThrows(() => 1, "RangeError"); // TS2345
std.assertThrows(() => 1, RangeError).code; // TS2339
const wrong1: string = std.assertThrows(() => 1, TypeError); // TS2322
std.assertRejects("no function", TypeError); // TS2345
std.assertRejects(async () => {}); // TS2554
const wrong2: TypeError = std.assertRejects(async () => {}, TypeError); // TS2739
unknown.message; // TS18046
std.assertInstanceOf(unknown, 7); // TS2345
std.fail("never declared"); // TS2339
args.jsn; // TS2551
args.json.trim(); // TS2339
const wrong3: string = args.dir; // TS2322
const wrong4: number[] = args._; // TS2322
const wrong5: string[] = parseArgs(["a"])._; // TS2322
parseArgs("--json"); // TS2345
parseArgs([], { boolean: "json" }); // TS2322
parseArgs([], { boolean: ["a"], negatable: ["b"] }); // TS2322
parseArgs([], { strings: ["a"] }); // TS2561
parseArgs([], { alias: { q: 7 } }); // TS2322
bytes.pipeThrough(new TextLineStream()); // TS2345
new TextLineStream({ allowCr: true }); // TS2561
abortable(Promise.resolve(7)); // TS2554
const wrong8: number = abortable(Promise.resolve(7), AbortSignal.abort()); // TS2322
delay("10"); // TS2345
delay(10, AbortSignal.abort()); // TS2559
concat(new Uint8Array(1), new Uint8Array(1)); // TS2554
concat(["text"]); // TS2322
toBytes(lines); // TS2345
toBytes(new Uint8Array(1)); // TS2345
const wrong6: Uint8Array = toBytes(bytes); // TS2740
const wrong7: string = toText(bytes); // TS2322
toText("text"); // TS2345
`.trim();

async function readJson(path: string) {
  return JSON.parse(await Deno.readTextFile(join(ROOT, path)));
}

/** Type-checks a program with this project's settings. */
async function check(uses: string): Promise<string[]> {
  await using dir = await tempDir();
  const file = join(dir.path, "program.ts");
  // The settings hold for what is below them, so they come along.
  const config = await readJson("deno.json");
  const { imports } = await readJson("import_map.json");
  const types = config.compilerOptions.types
    .map((path: string) => join(ROOT, path));
  await Deno.writeTextFile(
    join(dir.path, "deno.json"),
    JSON.stringify({
      imports,
      compilerOptions: { ...config.compilerOptions, types },
    }),
  );
  await Deno.writeTextFile(file, IMPORTS + uses + "\nexport {};\n");
  const { stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["check", "--quiet", "--no-lock", file],
    cwd: dir.path,
    env: { NO_COLOR: "1" },
  }).output();
  const before = IMPORTS.split("\n").length - 1;
  const found = new TextDecoder().decode(stderr)
    .matchAll(/(TS\d+) \[ERROR\][\s\S]*?program\.ts:(\d+):\d+/g);
  const lines = uses.split("\n");
  return Array.from(found, ([, code, line]) => {
    const use = lines[Number(line) - before - 1]?.replace(/ \/\/ .*/, "");
    return `${use} // ${code}`;
  });
}

Deno.test("std.d.ts accepts every right use", async () => {
  assertEquals(
    await check(RIGHT),
    [],
    "types/std.d.ts refuses what the module takes: widen the declaration.",
  );
});

Deno.test("std.d.ts refuses every wrong use, and for the reason meant", async () => {
  assertEquals(
    await check(WRONG),
    WRONG.split("\n"),
    "A line that is missing here is accepted: narrow its declaration in " +
      "types/std.d.ts. Another number is another reason than the one meant.",
  );
});
