/**
 * How the whole suite is run: which test files share a process, and which
 * have one for themselves.
 *
 * @module
 */

import { dirname, join } from "node:path";

const LOCKS = "needs its process's file locks for itself: a program that is " +
  "started beside it holds them, too, until it is executed";

/**
 * Files that run one by one in a process of their own, beside that of the
 * others, each with its reason.
 */
export const APART: Readonly<Record<string, string>> = {
  "tests/faults/budget_test.ts": "measures a receiver's memory and CPU time",
  "tests/faults/load_test.ts": "measures a receiver's memory under load",
  "tests/faults/model_test.ts": LOCKS,
  "tests/faults/replay_test.ts": LOCKS,
  "tests/faults/resume_test.ts": LOCKS,
  "tests/faults/rival_test.ts": LOCKS,
  "tests/faults/secure_load_test.ts": "opens thousands of connections",
  "tests/lab/lab_test.ts": "counts this process's descriptors and children",
  "tests/sink/disk/existing_draft_test.ts": LOCKS,
  "tests/sink/disk/file_draft_test.ts": LOCKS,
  "tests/sink/disk/find_partial_test.ts": LOCKS,
  "tests/sink/disk/temp_files_test.ts": LOCKS,
};

/** Folders of long tests: each file is loaded on its own. */
const BY_FILE = ["tests/end_to_end", "tests/faults", "tests/lab"];

/** Where the lines of a group come from, and the files in it. */
export type Groups = Map<string, string[]>;

/**
 * Lists the test files.
 *
 * @param root The repository.
 * @returns Their paths below it, in order.
 */
export function testFiles(root: string): string[] {
  const found: string[] = [];
  const look = (folder: string) => {
    for (const { name, isDirectory } of Deno.readDirSync(join(root, folder))) {
      const path = `${folder}/${name}`;
      if (isDirectory) look(path);
      else if (name.endsWith("_test.ts")) found.push(path);
    }
  };
  look("tests");
  return found.sort();
}

/**
 * Lists where the examples are that are run as tests: all but the tests.
 *
 * @param root The repository.
 * @returns Folders and files in it.
 */
export function documented(root: string): string[] {
  return [...Deno.readDirSync(root)]
    .filter(({ name, isDirectory }) => isDirectory || /\.(md|ts)$/.test(name))
    .map(({ name }) => name)
    .filter((name) => name !== "tests" && !name.startsWith("."))
    .sort();
}

/**
 * Groups the files that run side by side, the long ones first. To load a module
 * and what it imports takes longer than most tests do, so those of a folder
 * are loaded as one.
 *
 * @param files Paths of test files.
 * @returns The groups by name.
 */
export function groupsOf(files: readonly string[]): Groups {
  const groups: Groups = new Map();
  for (const file of files.filter((file) => !(file in APART))) {
    const [tests, room] = file.split("/");
    const long = BY_FILE.includes(dirname(file));
    const name = long ? file.replace(/\.ts$/, "") : `${tests}/${room}`;
    groups.set(name, [...groups.get(name) ?? [], file]);
  }
  return groups;
}

/**
 * Writes a module a group.
 *
 * @param groups The groups.
 * @param root The repository.
 * @param dir Where to.
 * @returns The modules' paths.
 */
export function writeModules(
  groups: Groups,
  root: string,
  dir: string,
): string[] {
  return [...groups].map(([name, files]) => {
    const path = `${dir}/${name}.ts`;
    Deno.mkdirSync(dirname(path), { recursive: true });
    const imports = files.map((file) => `import "file://${root}/${file}";\n`);
    Deno.writeTextFileSync(path, imports.join(""));
    return path;
  });
}
