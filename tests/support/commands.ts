/**
 * Commands of listed programs, so that the compiler finds one that is not, and
 * lines for a shell, whose commands are looked up in the same list.
 *
 * @module
 */

import { mustBeNamed } from "./needs.ts";
import { isListed, type Program } from "./programs.ts";
import { commandsIn } from "./shell_words.ts";

/** A program and its arguments. */
export type Command = readonly [program: Program, ...args: string[]];

/**
 * Puts a command behind another that runs it, as `strace` or `unshare` do.
 *
 * @param runner What comes in front, with its own arguments.
 * @param command What it runs.
 * @returns Both in one.
 * @throws {Error} When a test that did not name either puts them together.
 */
export function under(runner: Command, command: Command): Command {
  mustBeNamed(runner[0]);
  mustBeNamed(command[0]);
  return [...runner, ...command];
}

/** A line for a shell; only {@linkcode sh} makes one. */
export type ShellLine = string & { readonly [line]: never };
declare const line: unique symbol;

/**
 * Tags a line for a shell: a backslash is a backslash, and `${…}` is put in as
 * it is.
 *
 * @throws {Error} When the line starts a program that is not listed.
 */
export function sh(
  strings: TemplateStringsArray,
  ...values: (string | number)[]
): ShellLine {
  const text = String.raw(strings, ...values);
  for (const program of commandsIn(text)) {
    if (isListed(program)) continue;
    throw new Error(
      `Cannot start "${program}": tests/support/programs.ts does not list it`,
    );
  }
  return text as ShellLine;
}

/**
 * Has a shell run a line.
 *
 * @param text The line.
 * @param args What the line has as `"$@"`.
 * @returns The command.
 * @throws {Error} When a test that did not name a program of it runs it.
 */
export function shell(text: ShellLine, ...args: string[]): Command {
  for (const program of commandsIn(text)) mustBeNamed(program as Program);
  return ["sh", "-c", text, "sh", ...args];
}

/** The same with bash. */
export function bash(...args: Parameters<typeof shell>): Command {
  return ["bash", ...shell(...args).slice(1)];
}
