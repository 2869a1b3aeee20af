import { assert, assertEquals } from "@std/assert";
import { dirname, join } from "node:path";

const ROOT = join(import.meta.dirname!, "../..");

/**
 * The arrows: what each folder of lib/ may import besides its own files. A
 * folder stands for its own files, not for the folders in it; a path with an
 * ending stands for that file alone.
 */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  base: [],
  model: words("base"),
  net: words("base"),
  wire: words("base model"),
  security: words("base net wire"),
  source: words("base model"),
  sink: words("base model"),
  "sink/disk": words("base model sink"),
  transfer: words("base model net wire security"),
  "transfer/sender": words("base model net wire security source transfer"),
  "transfer/receiver": words(
    "base model net wire security sink/sink.ts transfer",
  ),
  raw: words("base model net source sink"),
  server: words("base model net security sink/sink.ts transfer/receiver raw"),
  "cli/parse": words("base model net security/secret_rules.ts sink"),
  "cli/report": words("base model net sink raw cli/parse"),
  "cli/run/demo": words(
    "base net sink/disk transfer/sender transfer/receiver cli/report",
  ),
  "cli/run": words(
    "base model net security source sink sink/disk transfer/sender raw server " +
      "cli/parse cli/report cli/run/demo",
  ),
  cli: words("base security cli/parse cli/report cli/run"),
};

/** What any room may import from outside of lib/; a slash ends a package. */
const ANYWHERE = words(
  "@std/async/ @std/bytes/ @std/streams/ node:buffer node:crypto node:path " +
    "node:timers/promises node:zlib",
);

/** What a room may import besides: what only it must know. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  net: words("node:net node:stream"),
  security: words("@peculiar/x509 node:stream node:tls reflect-metadata"),
  "sink/disk": words("node:fs/promises"),
  "cli/parse": words("@std/cli/parse-args"),
  "cli/report": words("cli-progress"),
  cli: words("deno.json"), // the version
};

/** Folders and files whose code is a function of what it is given. */
const PURE = words(
  "model wire base/abort.ts base/callbacks.ts base/digest.ts " +
    "base/errors.ts base/escape.ts base/format_bytes.ts " +
    "base/further_attempt.ts base/task_group.ts " +
    "base/validate.ts security/auth_proof.ts security/secret_rules.ts",
);

/** Longest file; what is longer holds more than one thought. */
const MAX_LINES = 300;

function words(text: string): string[] {
  return text.split(" ");
}

interface Source {
  /** Path from the root of the repository. */
  path: string;
  /** Without comments: a rule is about what runs. */
  code: string;
  lines: number;
  /** What it imports, local files by their path from the root. */
  imports: string[];
}

function read(path: string): Source {
  const text = Deno.readTextFileSync(join(ROOT, path));
  const code = text.replace(/^\s*\/\*[\s\S]*?\*\//gm, "")
    .replace(/(^|\s)\/\/.*$/gm, "");
  const imports = [
    ...code.matchAll(/\bfrom\s+["']([^"']+)["']/g),
    ...code.matchAll(/\bimport\s*\(?\s*["'`]([^"'`]+)["'`]/g),
  ].map(([, to]) => to!.startsWith(".") ? join(path, "..", to!) : to!);
  const lines = text.trimEnd().split("\n").length;
  return { path, code, lines, imports };
}

/** All TypeScript files below a folder. */
function list(folder: string): string[] {
  return [...Deno.readDirSync(join(ROOT, folder))].flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) return list(path);
    return path.endsWith(".ts") ? [path] : [];
  }).sort();
}

const FILES = list("lib").map(read);
const LIB = FILES.filter(({ path }) => !path.startsWith("lib/cli/"));
const CLI = FILES.filter(({ path }) => path.startsWith("lib/cli/"));
const ALL = [...FILES, read("cli.ts"), read("mod.ts")];

/** The folder of a file, without `lib/`. */
function roomOf(path: string): string {
  return dirname(path).slice("lib/".length);
}

/** Whether a list of folders and files holds a file of lib/. */
function holds(places: readonly string[], path: string): boolean {
  return places.includes(roomOf(path)) ||
    places.includes(path.slice("lib/".length));
}

/** Every place where a pattern stands in a file's code. */
function uses(files: readonly Source[], pattern: RegExp): string[] {
  return files.flatMap(({ path, code }) =>
    [...code.matchAll(pattern)].map(([found]) => `${path}: ${found}`)
  );
}

function inRooms(...rooms: string[]): Source[] {
  const found = FILES.filter(({ path }) => rooms.includes(roomOf(path)));
  assert(found.length > 0, `no file in ${rooms.join(", ")}`);
  return found;
}

/** Whether a room may import a file of the repository, or a package. */
function mayImport(room: string, to: string): boolean {
  if (to.startsWith("lib/")) {
    return roomOf(to) === room || holds(ARROWS[room] ?? [], to);
  }
  return [...ANYWHERE, ...PACKAGES[room] ?? []].some((name) =>
    name.endsWith("/") ? to.startsWith(name) : to === name
  );
}

/** The imports that no arrow allows. */
function wrongArrows(files: readonly Source[]): string[] {
  return files.flatMap(({ path, imports }) =>
    imports.filter((to) => !mayImport(roomOf(path), to))
      .map((to) => `${path} imports ${to}`)
  );
}

Deno.test("each file of lib/ is in a room of the table of arrows", () => {
  const outside = FILES.map(({ path }) => path)
    .filter((path) => ARROWS[roomOf(path)] === undefined);
  assertEquals(
    outside,
    [],
    "Move it into the room that knows what it knows (CONTRIBUTING.md has the " +
      "table), or add a room to ARROWS here and to that table.",
  );
  const empty = Object.keys(ARROWS)
    .filter((room) => !FILES.some(({ path }) => roomOf(path) === room));
  assertEquals(empty, [], "A room without a file: take it out of ARROWS.");
});

Deno.test("imports follow the arrows: no room imports one that it must not know", () => {
  assertEquals(
    wrongArrows(FILES),
    [],
    "Move what is needed down into a room that both may import, or hand it " +
      "over as an argument. An arrow more is the last resort: it must not " +
      "point up.",
  );
  // The rule is about something: the imports were found.
  assert(FILES.flatMap(({ imports }) => imports).length > FILES.length);
});

Deno.test("the arrows allow neither the way up nor the way across", () => {
  const wrong = [
    ["lib/wire/encoding.ts", "lib/security/key.ts"],
    ["lib/raw/send_raw.ts", "lib/wire/encoding.ts"],
    ["lib/sink/sink.ts", "lib/net/half_close.ts"],
    ["lib/transfer/sender/send.ts", "lib/transfer/receiver/receive.ts"],
    ["lib/transfer/receiver/receive.ts", "lib/transfer/sender/send.ts"],
    ["lib/transfer/receiver/receive.ts", "lib/sink/disk/mod.ts"],
    ["lib/cli/parse/parse.ts", "lib/cli/report/report.ts"],
    ["lib/base/errors.ts", "lib/cli/main.ts"],
    ["lib/sink/sink.ts", "@halfclose/halfclose"], // all rooms by one name
    ["lib/sink/sink.ts", "mod.ts"],
    ["lib/sink/sink.ts", "node:net"],
    ["lib/wire/encoding.ts", "tests/support/helpers.ts"],
  ] as const;
  for (const [path, to] of wrong) {
    const file = { path, code: "", lines: 1, imports: [to] };
    assertEquals(wrongArrows([file]), [`${path} imports ${to}`]);
  }
});

Deno.test("CONTRIBUTING.md's table of rooms has the same arrows", () => {
  const map = Deno.readTextFileSync(join(ROOT, "CONTRIBUTING.md"));
  const rows = [...map.matchAll(/^\| `([a-z/]+)` .*\| ([^|]*) \|$/gm)]
    .map(([, room, may]) => [
      room!,
      [...may!.matchAll(/`([^`]+)`/g)].map(([, to]) => to!),
    ]);
  assertEquals(
    Object.fromEntries(rows),
    { ...ARROWS },
    "Change the last column there and ARROWS here together.",
  );
});

Deno.test("the table of arrows has no circle", () => {
  const done = new Set<string>();
  const visit = (room: string, way: readonly string[]) => {
    assert(
      !way.includes(room),
      `${
        [...way, room].join(" → ")
      }: take one of these arrows away; what both ` +
        "rooms need belongs in a room below them.",
    );
    if (done.has(room)) return;
    for (const to of ARROWS[room] ?? []) visit(to, [...way, room]);
    done.add(room);
  };
  for (const room of Object.keys(ARROWS)) visit(room, []);
});

Deno.test("no import goes round in a circle", () => {
  const files = new Map(ALL.map((file) => [file.path, file]));
  const done = new Set<string>();
  const visit = (path: string, way: readonly string[]) => {
    const again = way.indexOf(path);
    assert(
      again < 0,
      `${[...way.slice(again), path].join(" → ")}: move what two of these ` +
        "files share into a third one.",
    );
    if (done.has(path)) return;
    for (const to of files.get(path)?.imports ?? []) {
      visit(to, [...way, path]);
    }
    done.add(path);
  };
  for (const path of files.keys()) visit(path, []);
});

Deno.test("mod.ts re-exports and does nothing else", () => {
  const rest = read("mod.ts").code
    .replace(/export (type )?\{[^}]*\} from "\.\/lib\/[a-z_/]+\.ts";/g, "");
  assertEquals(rest.trim(), "", "Put code into a room of lib/ and export it.");
});

Deno.test("only the program touches arguments, terminal and exit code", () => {
  const library = [...LIB, read("mod.ts")];
  const terminal =
    /\bconsole\b|\bDeno\.(args|exit|exitCode|stdin|stdout|stderr|consoleSize)\b/g;
  const why = "Return it, throw it or tell a callback; lib/cli/ prints.";
  assertEquals(uses(library, terminal), [], why);
  assertEquals(uses(library, /"(@std\/cli|cli-progress)[^"]*"/g), [], why);
});

Deno.test("what is pure touches no system, itself or through somebody else", () => {
  const pure = FILES.filter(({ path }) => holds(PURE, path));
  assertEquals(
    uses(pure, /\bDeno\b[\w.]*|\b(set|clear)(Timeout|Interval)\b/g),
    [],
    "Do it in the room that calls this one, and hand the result in.",
  );
  const impure = pure.flatMap(({ path, imports }) =>
    imports.filter((to) => to.startsWith("lib/") && !holds(PURE, to))
      .map((to) => `${path} imports ${to}`)
  );
  assertEquals(
    impure,
    [],
    "A pure file imports pure ones alone. Hand the rest in as an argument, or " +
      "take the file off PURE if it is not meant to be pure.",
  );
});

Deno.test("no sink ever sees a connection", () => {
  const network =
    /\bDeno\.(\w*Conn|\w*Listener|connect\w*|listen\w*)\b|\bDuplex\b/g;
  assertEquals(
    uses(inRooms("sink", "sink/disk"), network),
    [],
    "A sink takes bytes; who sent them is transfer's and server's business.",
  );
});

Deno.test("the half-close toolkit never sees a file", () => {
  const toolkit = inRooms("net");
  const other = uses(toolkit, /\bDeno\.\w+/g)
    .filter((use) =>
      !/Deno\.(Conn|TcpConn|Addr|Listener|errors|connect|listen)$/.test(use)
    );
  assertEquals(other, [], "Files are read in source and written in sink/disk.");
  assertEquals(
    uses(toolkit, /"node:(fs|fs\/promises)"/g),
    [],
    "Files are read in source and written in sink/disk.",
  );
});

Deno.test("nothing uses the streams of a connection: they close both directions", () => {
  const why = "Use read(), write() and closeWrite() (net/duplex.ts says why).";
  assertEquals(uses(LIB, /\.(readable|writable)\b/g), [], why);
  const conns = /\b(conn|peer|socket)\.(readable|writable)\b/g;
  assertEquals(uses(CLI, conns), [], why);
});

Deno.test("each file of lib/ has a test file of its name, in the same room", () => {
  const tests = list("tests");
  const without = FILES.filter(({ code }) => DOES_SOMETHING.test(code))
    .map(({ path }) => path)
    .filter((path) => !path.startsWith("lib/cli/run/demo/"))
    .map((path) => path.replace(/^lib\/(.*)\.ts$/, "tests/$1_test.ts"))
    .filter((path) => !tests.includes(path) && !TESTED_ELSEWHERE.has(path));
  assertEquals(
    without,
    [],
    "Write this test: at least the file's one promise. A file of the program " +
      "that only whole-program tests reach goes on TESTED_ELSEWHERE.",
  );
});

/** Code in a file; one without any holds types and constants alone. */
const DOES_SOMETHING = /\b(function|class)\b/;

/** Files of the program whose tests are those of the whole program. */
const TESTED_ELSEWHERE: ReadonlySet<string> = new Set([
  "tests/cli/parse/options_test.ts", // parse_test.ts
  "tests/cli/run/send_test.ts", // end_to_end/
  "tests/cli/run/receive_test.ts", // end_to_end/
  "tests/cli/run/secret_test.ts", // end_to_end/secure_cli_test.ts
  "tests/cli/run/exposure_test.ts", // end_to_end/secure_cli_test.ts
  "tests/cli/run/prompt_test.ts", // end_to_end/secure_terminal_test.ts
]);

Deno.test("each file holds one thought: at most 300 lines", () => {
  const long = ALL.filter(({ lines }) => lines > MAX_LINES)
    .map(({ path, lines }) => `${path}: ${lines}`);
  assertEquals(
    long,
    [],
    `At most ${MAX_LINES} lines: find the second thought in it, and give that ` +
      "a file with a name of its own.",
  );
});
