/**
 * What the program's tests about keys begin with.
 *
 * @module
 */

import { generateKey } from "../../lib/security/key.ts";
import { tempDir } from "./helpers.ts";

/** A directory with a key, another key, a file, and somewhere to receive. */
export async function place() {
  const dir = await tempDir();
  const path = (name: string) => `${dir.path}/${name}`;
  const key = generateKey();
  await Deno.writeTextFile(path("key"), key + "\n", { mode: 0o600 });
  await Deno.writeTextFile(path("other"), generateKey(), { mode: 0o600 });
  await Deno.writeTextFile(path("file"), "some words");
  await Deno.mkdir(path("in"));
  return {
    key,
    path,
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  };
}
