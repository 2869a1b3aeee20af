/**
 * Finds programs that a source starts and that are not in the list of
 * tests/support/programs.ts, and ways to start one past that list.
 *
 * @module
 */

import { ALWAYS, isListed } from "../support/programs.ts";
import { commandsIn } from "../support/shell_words.ts";

/** A file of tests/, lab/ or bench/. */
export interface Source {
  /** Path from the root of the repository. */
  path: string;
  text: string;
}

/** These start what they are given, which the compiler holds to `Program`. */
const STARTERS = [
  "bench/contest.ts",
  "tests/support/children.ts",
  "tests/support/programs.ts",
];

/** Ways past the starters, and the files that may use each. */
const PAST: readonly (readonly [pattern: RegExp, ...allowed: string[]])[] = [
  [/child_process/],
  [/(?<!new )Deno\.Command|Deno\["C|\bCommand\b[^{}\n]*\} = Deno\b/],
  [/\bposix_spawn\b/, "lab/process.ts", "lab/symbols.ts"],
  [
    /\bas (?:Program|Command|ShellLine)\b/,
    "tests/support/commands.ts",
    "tests/support/programs.ts",
  ],
  // What these run is an argument: under() and shell() look at that.
  [
    /(?<!(?:under|needs)\(\s*\[\s*)"(?:env|nsenter|strace|timeout|unshare)"/,
    "tests/support/programs.ts",
  ],
  [/(?<!under\(\s*\[\s*)"ip", "netns", "exec"/, "tests/faults/link.ts"],
  [/"(?:ba)?sh",\s*\[?\s*"-c"/, "tests/support/commands.ts"],
  [/(?<!\bsh)["'`]#!/],
  [
    /\bsubprocess\b|\bos\.(?:exec|popen|posix_spawn|spawn|system)/,
    "tests/support/peers/terminal.py",
  ],
];

/**
 * Looks through a file.
 *
 * @param source The file.
 * @returns A line for each program that is not listed, and for each way past
 * the list.
 */
export function unlisted({ path, text }: Source): string[] {
  const code = text.replace(/^\s*(?:\/\/|\/\*|\*).*$/gm, "");
  const names = [...literals(path, code), ...lines(code).flatMap(commandsIn)]
    .filter((name) => !isListed(name))
    .map((name) => `"${name}" is not listed`);
  const ways = [...commands(path, code), ...past(path, code)]
    .map((way) => `${way} goes past the list`);
  return [...names, ...ways].map((found) => `${path}: ${found}`);
}

/** Names that are given to what starts programs. */
function literals(path: string, code: string): string[] {
  const own = path.startsWith("bench/") ? "output|start" : "run|runBlocking";
  const starters = new RegExp(
    `(?:(?<![.\\w])(?:${own})\\(|new (?:Running|Deno\\.Command)\\(|` +
      'under\\(\\s*\\[)\\s*"([^"]*)"',
    "g",
  );
  return [...code.matchAll(starters)].map(([, name]) => name!);
}

/** The lines for a shell, with a variable for what is put into each. */
function lines(code: string): string[] {
  return [...code.matchAll(/(?<![\w.])sh`/g)].map(({ index }) => {
    let line = "", depth = 0;
    for (let at = index + 3; at < code.length; at++) {
      if (depth === 0 && code[at] === "`") break;
      if (code.startsWith("${", at)) depth++;
      if (depth === 0) line += code[at];
      else if (code[at] === "}" && --depth === 0) line += "$_";
    }
    return line;
  });
}

/** Uses of `Deno.Command` that the compiler does not hold to the list. */
function commands(path: string, code: string): string[] {
  const found = code.matchAll(/new Deno\.Command\(\s*([^,)]*)/g);
  return [...found].filter(([, program]) => {
    const name = /^"(.*)"$/.exec(program!)?.[1];
    if (name === undefined) {
      return program !== "Deno.execPath(" && !STARTERS.includes(path);
    }
    // A test names the others through needs(), which Running sees to.
    return path.startsWith("tests/") && name !== "deno" && !(name in ALWAYS);
  }).map(([use]) => use);
}

function past(path: string, code: string): string[] {
  return PAST.filter(([, ...allowed]) => !allowed.includes(path))
    .flatMap(([pattern]) => pattern.exec(code)?.[0] ?? []);
}
