import { assert, assertEquals } from "@std/assert";
import { basename, join, relative } from "node:path";

const ROOT = join(import.meta.dirname!, "..");

/**
 * From the bottom up; a file may import its own layer and those below. The
 * groups of a layer say what belongs together.
 */
const LAYERS = [
  {
    basics: words("digest errors file_time format_bytes limits pending quote"),
  },
  {
    sockets: words(
      "conn connect deadline duplex idle_timer listen socket tls unread",
    ),
  },
  {
    frames: words("fields frame_formats frames preface wire"),
    talk: words("batch budget channel fail_frame frame_reader greeting"),
    security: words(
      "credentials identity key keyed knock named proving reach secure",
    ),
    sources: words(
      "blocks file_reader pace reading replay_buffer source stream_reader walk",
    ),
    disk: words(
      "absent conflict destination directory_draft directory_sync " +
        "existing_draft file_draft file_sync memory_sink names owners proof " +
        "publish sink space " +
        "store stream_sink temps",
    ),
    shared: words("block_writer receipt retry"),
  },
  {
    receive: words("entries failures incoming receive session"),
    send: words("delivery explain first_words outgoing send upload"),
    raw: words("raw raw_progress raw_receive raw_report"),
  },
  { serve: words("admission door lobby serve visits") },
] as const satisfies Record<string, string[]>[];

/** Groups that do not see each other. */
const BLIND: string[][] = Object.values(LAYERS[3]);

const FLAT: string[][] = LAYERS.map((layer) => Object.values(layer).flat());

const PURE = words("credentials digest errors fields frame_formats frames");
PURE.push(...words("knock names preface quote wire"));

function words(text: string): string[] {
  return text.split(" ");
}

/** Longest file; what is longer holds more than one thought. */
const MAX_LINES = 300;

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
    ...code.matchAll(/\bfrom\s+"([^"]+)"/g),
    ...code.matchAll(/\bimport\s*\(?\s*"([^"]+)"/g),
  ].map(([, to]) => to!.startsWith(".") ? join(path, "..", to!) : to!);
  const lines = text.trimEnd().split("\n").length;
  return { path, code, lines, imports };
}

function list(directory: string): string[] {
  try {
    return [...Deno.readDirSync(join(ROOT, directory))]
      .filter(({ name }) => name.endsWith(".ts"))
      .map(({ name }) => `${directory}/${name}`).sort();
  } catch (error) {
    // The program's own rooms need not be there for the library's rules.
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

const LIB = list("lib").map(read);
const CLI = [...list("lib/cli"), "cli.ts"].map(read);
const ALL = [...LIB, ...CLI, read("mod.ts")];

function nameOf(path: string): string {
  return basename(path, ".ts");
}

function layerOf(path: string): number {
  return FLAT.findIndex((layer) => layer.includes(nameOf(path)));
}

/** Every place where a pattern stands in a file's code. */
function uses(files: readonly Source[], pattern: RegExp): string[] {
  return files.flatMap(({ path, code }) =>
    [...code.matchAll(pattern)].map(([found]) => `${path}: ${found}`)
  );
}

function only(names: readonly string[]): Source[] {
  const found = LIB.filter(({ path }) => names.includes(nameOf(path)));
  assertEquals(found.length, names.length);
  return found;
}

Deno.test("each file of lib/ stands in exactly one layer", () => {
  assertEquals(
    LIB.map(({ path }) => nameOf(path)),
    FLAT.flat().toSorted(),
  );
});

Deno.test("imports point down: no file of lib/ imports a layer above its own", () => {
  const up = LIB.flatMap(({ path, imports }) =>
    imports.filter((to) => to.startsWith("lib/"))
      .filter((to) => to.startsWith("lib/cli/") || layerOf(to) > layerOf(path))
      .map((to) => `${path} imports ${to}`)
  );
  assertEquals(up, []);
  // The rule is about something: the imports were found.
  assert(LIB.flatMap(({ imports }) => imports).length > LIB.length);
});

Deno.test("sending, receiving and raw are blind to each other", () => {
  const seen = LIB.flatMap(({ path, imports }) => {
    const own = BLIND.find((group) => group.includes(nameOf(path)));
    if (!own) return [];
    const others = BLIND.filter((group) => group !== own).flat();
    return imports.filter((to) => others.includes(nameOf(to)))
      .map((to) => `${path} imports ${to}`);
  });
  assertEquals(seen, []);
});

Deno.test("no import goes round in a circle", () => {
  const files = new Map(ALL.map((file) => [file.path, file]));
  const done = new Set<string>();
  const visit = (path: string, way: readonly string[]) => {
    const again = way.indexOf(path);
    assert(again < 0, [...way.slice(again), path].join(" → "));
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
    .replace(/export (type )?\{[^}]*\} from "\.\/lib\/[a-z_]+\.ts";/g, "");
  assertEquals(rest.trim(), "");
});

Deno.test("only the program touches arguments, terminal and exit code", () => {
  const library = [...LIB, read("mod.ts")];
  const terminal =
    /\bconsole\b|\bDeno\.(args|exit|exitCode|stdin|stdout|stderr|consoleSize)\b/g;
  assertEquals(uses(library, terminal), []);
  assertEquals(uses(library, /"(@std\/cli|cli-progress)[^"]*"/g), []);
});

Deno.test("wire, digest, names and their like touch no system", () => {
  const pure = only(PURE);
  assertEquals(
    uses(pure, /\bDeno\b[\w.]*|\b(set|clear)(Timeout|Interval)\b/g),
    [],
  );
  // Nor through somebody else.
  const impure = pure.flatMap(({ path, imports }) =>
    imports.filter((to) => to.startsWith("lib/"))
      .filter((to) => !PURE.includes(nameOf(to)))
      .map((to) => `${path} imports ${to}`)
  );
  assertEquals(impure, []);
});

Deno.test("the store never sees a connection", () => {
  const store = only(LAYERS[2].disk);
  const network =
    /\bDeno\.(\w*Conn|\w*Listener|connect\w*|listen\w*)\b|\bDuplex\b/g;
  assertEquals(uses(store, network), []);
  const wired = store.flatMap(({ path, imports }) =>
    imports.filter((to) => layerOf(to) === 1 || to === "lib/channel.ts")
      .map((to) => `${path} imports ${to}`)
  );
  assertEquals(wired, []);
});

Deno.test("the half-close toolkit never sees a file", () => {
  const toolkit = only(LAYERS[1].sockets);
  const other = uses(toolkit, /\bDeno\.\w+/g)
    .filter((use) =>
      !/Deno\.(Conn|TcpConn|Addr|Listener|errors|connect|listen)$/.test(use)
    );
  assertEquals(other, []);
  assertEquals(uses(toolkit, /"node:(fs|fs\/promises)"/g), []);
});

Deno.test("nothing uses the streams of a connection: they close both directions", () => {
  assertEquals(uses(LIB, /\.(readable|writable)\b/g), []);
  assertEquals(uses(CLI, /\b(conn|peer|socket)\.(readable|writable)\b/g), []);
});

Deno.test("each file of lib/ has a test file of its name", () => {
  const without = LIB.map(({ path }) => `tests/${nameOf(path)}_test.ts`)
    .filter((path) => !list("tests").includes(path));
  assertEquals(without, []);
});

Deno.test("each file holds one thought: at most 300 lines", () => {
  const long = ALL.filter(({ lines }) => lines > MAX_LINES)
    .map(({ path, lines }) => `${relative(".", path)}: ${lines}`);
  assertEquals(long, []);
});
