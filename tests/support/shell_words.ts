/**
 * Which programs a line for a shell starts.
 *
 * It knows the part of the shell's grammar (POSIX.1-2017, XCU chapter 2) that
 * the tests use: lists, pipes, groups, loops, conditions, quotes,
 * substitutions and redirections, but no here-documents, functions or `case`.
 *
 * @module
 */

/** What the shell does itself, or has built in and as a program too. */
const BUILTIN = new Set(
  (". : [ break cd continue echo exit export false kill printf pwd read " +
    "return set shift test trap true ulimit umask unset wait").split(" "),
);

/** After these words a command follows. */
const BEFORE_COMMAND = new Set(
  "! { ( command do elif else exec if then time until while".split(" "),
);

/** Where a command was expected these end what is around it, or begin words. */
const CLOSING = new Set("} done fi for".split(" "));

/** What ends a command. */
const BETWEEN = new Set(["\n", "&", "&&", "(", ")", ";", "|", "||"]);

const OPERATOR = /^(?:\d*(?:>>|>&|<&|>|<)&?-?|&&|\|\||[\n&|;()])/;

/** A word or an operator. */
interface Token {
  text: string;
  operator: boolean;
}

/**
 * Lists the programs that a line starts.
 *
 * @param line What `sh -c` gets.
 * @returns Their names in order, without what the shell has built in and
 * without what the line does not name, as `exec "$@"`.
 */
export function commandsIn(line: string): string[] {
  const found: string[] = [];
  let expected = true; // a command, at this place
  let command = "", before = "";
  for (const { text, operator } of tokens(line, found)) {
    const last = before;
    before = text;
    if (operator) {
      expected ||= BETWEEN.has(text);
    } else if (/[<>]&?$/.test(last)) {
      before = ""; // where output goes, or input comes from
    } else if (expected) {
      if (BEFORE_COMMAND.has(text) || /^\w+=/.test(text)) continue;
      expected = false;
      command = text;
      const own = BUILTIN.has(text) || CLOSING.has(text);
      if (!own && !text.includes("$")) found.push(text);
    } else if (last === "-c" && /^(?:ba)?sh$/.test(command)) {
      found.push(...commandsIn(text));
    } else if (last === "-exec" && command === "find") {
      found.push(text);
    }
  }
  return found;
}

/** Splits a line; what its substitutions start goes to `found`. */
function* tokens(line: string, found: string[]): Generator<Token> {
  let rest = line;
  while (rest !== "") {
    const blank = /^(?:[ \t]+|\\\n|#[^\n]*)/.exec(rest);
    if (blank) {
      rest = rest.slice(blank[0].length);
      continue;
    }
    const operator = OPERATOR.exec(rest);
    if (operator) {
      yield { text: operator[0], operator: true };
      rest = rest.slice(operator[0].length);
      continue;
    }
    const { text, length } = word(rest, found);
    yield { text, operator: false };
    rest = rest.slice(length);
  }
}

/** Reads one word, without its quotes. */
function word(from: string, found: string[]): { text: string; length: number } {
  let text = "", at = 0, quoted = false;
  while (at < from.length) {
    const rest = from.slice(at);
    const single = quoted ? null : /^'([^']*)'/.exec(rest);
    const arithmetic = /^\$\(\(.*?\)\)/s.exec(rest);
    if (single) {
      text += single[1];
      at += single[0].length;
    } else if (arithmetic) {
      text += arithmetic[0];
      at += arithmetic[0].length;
    } else if (rest.startsWith("$(")) {
      const inner = rest.slice(2, closing(rest));
      found.push(...commandsIn(inner));
      text += "$()";
      at += inner.length + 3;
    } else if (rest[0] === "\\") {
      if (rest[1] !== "\n") text += rest[1] ?? "";
      at += 2;
    } else if (rest[0] === '"') {
      quoted = !quoted;
      at++;
    } else if (!quoted && /^[\s&|;()<>]/.test(rest)) {
      break;
    } else {
      text += rest[0];
      at++;
    }
  }
  return { text, length: at };
}

/** Where the parenthesis closes that `$(` opens. */
function closing(text: string): number {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === "'") at = text.indexOf("'", at + 1);
    if (at < 0) break;
    if (text[at] === "(") depth++;
    if (text[at] === ")" && --depth === 0) return at;
  }
  throw new Error(`Cannot read the line: a parenthesis is open in ${text}`);
}
