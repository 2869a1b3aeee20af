/**
 * Tables of command lines: how they are read, and what is said of those that
 * cannot be.
 *
 * @module
 */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { TransferError } from "../../lib/base/errors.ts";
import { parseCommand } from "../../lib/cli/parse/parse.ts";

/**
 * Registers a test for each row.
 *
 * @param rows What is typed, and some fields of the command that it becomes.
 */
export function reads(rows: readonly [string, Record<string, unknown>][]) {
  for (const [typed, found] of rows) {
    const what = JSON.stringify(found).slice(0, 60);
    Deno.test(`halfclose ${typed}: ${what}`, () => {
      const command: object = parseCommand(typed.split(" "));
      const asked = Object.keys(found).map((key) => [
        key,
        command[key as keyof typeof command],
      ]);
      assertEquals(Object.fromEntries(asked), found);
    });
  }
}

/**
 * Registers a test for each row.
 *
 * @param rows What is typed, and a part of the message.
 */
export function refuses(rows: readonly [string[], string][]) {
  for (const [args, found] of rows) {
    Deno.test(`halfclose ${args.join(" ")}: ${found}`, () => {
      const error = assertThrows(
        () => parseCommand(args),
        TransferError,
        found,
      );
      assertEquals([error.code, error.exit], ["usage", 2]);
      assert(error.message.startsWith("Cannot read "), error.message);
      assert(!error.message.includes("\n"), "more than one line");
    });
  }
}
