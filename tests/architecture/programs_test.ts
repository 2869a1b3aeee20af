// Every program that the tests, the lab and the benchmarks start is listed in
// tests/support/programs.ts, with the Debian package that has it.

import { assert, assertEquals, assertThrows } from "@std/assert";
import { join } from "node:path";
// So that the compiler, which knows the list as a type, reads these here too.
import type {} from "../../bench/keyed.ts";
import type {} from "../../bench/throughput.ts";
import type {} from "../../lab/main.ts";
import { ROOT, Running } from "../support/children.ts";
import { sh, shell, under } from "../support/commands.ts";
import { needs } from "../support/needs.ts";
import { packagesOf } from "../support/programs.ts";
import { commandsIn } from "../support/shell_words.ts";
import { type Source, unlisted } from "./program_scan.ts";

/** All files of some folders. */
async function* filesIn(folders: string[]): AsyncGenerator<Source> {
  for (const folder of folders) {
    for await (const entry of Deno.readDir(join(ROOT, folder))) {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory) yield* filesIn([path]);
      else yield { path, text: await Deno.readTextFile(join(ROOT, path)) };
    }
  }
}

/** They are about what others must not do, and show it. */
const ABOUT = ["program_scan.ts", "programs_test.ts"]
  .map((name) => `tests/architecture/${name}`);

Deno.test("tests, lab and bench start no program that is not listed", async () => {
  const found: string[] = [];
  let files = 0;
  for await (const source of filesIn(["tests", "lab", "bench"])) {
    if (ABOUT.includes(source.path)) continue;
    files++;
    assert(/\.(?:ts|py)$/.test(source.path), `${source.path} is not looked at`);
    found.push(...unlisted(source));
  }
  assert(files > 100);
  assertEquals(
    found,
    [],
    "Add the program to tests/support/programs.ts with its Debian package, and " +
      "start it with run() or Running of tests/support/children.ts, start() " +
      "of bench/contest.ts, or a line for a shell that sh`…` tags.",
  );
});

Deno.test("a program that is not listed is found, however it is started", () => {
  for (
    const [text, found, path = "tests/x_test.ts"] of [
      ['await run("fakeprog", "-x");', '"fakeprog" is not listed'],
      ['new Running(\n  "fakeprog", [])', '"fakeprog" is not listed'],
      ['start("fakeprog")', '"fakeprog" is not listed', "bench/x_test.ts"],
      ['under(["fakeprog"], a)', '"fakeprog" is not listed'],
      ["sh`cat ${a} | fakeprog`", '"fakeprog" is not listed'],
      ["sh`${sh`cd /`}; n=$(fakeprog)`", '"fakeprog" is not listed'],
      [
        "new Deno.Command(name, {})",
        "new Deno.Command(name goes past the list",
      ],
      [
        'new Deno.Command("strace")',
        'new Deno.Command("strace" goes past the list',
      ],
      ["const { Command } = Deno;", "Command } = Deno goes past the list"],
      ["const C = Deno.Command;", "Deno.Command goes past the list"],
      ['from "node:child_process"', "child_process goes past the list"],
      ['run("sh", "-c", x)', '"sh", "-c" goes past the list'],
      ['["unshare", "-n", x]', '"unshare" goes past the list'],
      ["name as Program", "as Program goes past the list"],
      ["import subprocess", "subprocess goes past the list"],
      ["write(`#!/bin/sh`)", "`#! goes past the list"],
    ] as const
  ) {
    assertEquals(unlisted({ path, text })[0], `${path}: ${found}`);
  }
  const fine =
    'run("cat"); new Running(name, []); under(["strace"], ["deno"]);' +
    'needs(["strace"], "", f); new Deno.Command(Deno.execPath(), {});' +
    "sh`exec cat`; // fakeprog";
  assertEquals(unlisted({ path: "tests/x_test.ts", text: fine }), []);
});

Deno.test("commandsIn() finds what a shell would start, and nothing else", () => {
  for (
    const [line, ...commands] of [
      ["a 'b; c' | d \"e $(f g) | h\" && i; j", "a", "d", "f", "i", "j"],
      ["n=$(a); echo $((1 + 2)); exec b >c 2>&1", "a", "b"],
      ["for n in $(a 5); do b $n && exit; done; exit 1", "a", "b"],
      ["if ! a; then b; else c; fi; { d; } & (e)", "a", "b", "c", "d", "e"],
      ["bash -c 'echo \"$$\"; a b'; c # d", "bash", "a", "c"],
      ["find . ! -name x -exec a {} +\nb\\\n c", "find", "a", "b"],
      ['trap : INT; ulimit -n 64; exec 2>&-; exec "$@"'],
      ["awk '/x/ { print $2 }' f; head -c 20 >f", "awk", "head"],
    ] as [string, ...string[]][]
  ) {
    assertEquals(commandsIn(line), commands, line);
  }
});

Deno.test("a line that starts what is not listed cannot be made", () => {
  assertThrows(() => sh`cat; fakeprog`, Error, '"fakeprog"');
});

Deno.test("what is not on every machine is started by a test that names it alone", () => {
  for (
    const act of [
      () => new Running("socat", []),
      () => under(["ip", "netns", "exec", "a"], ["cat"]),
      () => under(["unshare", "-n"], ["nft"]),
      () => shell(sh`cat; openssl version`),
    ]
  ) assertThrows(act, Error, "the test has not named it");
});

needs(["socat"], "a test that names a program may start it", async () => {
  await using socat = new Running("socat", ["-V"]);
  assertEquals(await socat.code(), 0);
});

Deno.test("packagesOf() has each package once, and none for a right", () => {
  const found = packagesOf(["scp", "tcpdump", "ssh-keygen", "root"]);
  assertEquals(found, ["openssh-client", "tcpdump"]);
});
