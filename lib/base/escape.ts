/**
 * Strings from a peer or a disk, made safe for a terminal and a log.
 *
 * A file name may hold escape sequences that move the cursor, a carriage return
 * that overwrites the line, or a bidi override that reverses it. Nothing of the
 * kind reaches a screen: such characters are shown by number. Nor does a key,
 * which somebody may type in the place of a path.
 *
 * @module
 */

// Cc controls (C0, DEL, C1), Cf formats (bidi overrides, zero width, BOM), Cs
// lone surrogates, Zl and Zp line breaks, and the quoting characters
// themselves.
const UNSAFE = /["\\\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

// The same without the quoting characters: what no sentence should hold.
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

// What security/key.ts writes, whole or in part.
const KEY = /(hck1_)\w+/gi;

// What is unsafe of all that JSON leaves as it is.
const UNSAFE_IN_JSON = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/**
 * Puts a string in double quotes and escapes what could deceive a reader.
 *
 * @param text Any string.
 * @param limit Longest result in characters before an ellipsis cuts it.
 * @returns The quoted string, on one line.
 */
export function quote(text: string, limit = 300): string {
  const cut = text.length > limit ? text.slice(0, limit) + "…" : text;
  return `"${escape(cut)}"`;
}

/**
 * Escapes what could deceive a reader, without adding quotes, and leaves out
 * what looks like a key.
 *
 * @param text Any string.
 * @returns The string on one line, printable throughout.
 */
export function escape(text: string): string {
  return text.replace(KEY, "$1…").replace(
    UNSAFE,
    (character) =>
      character === '"' || character === "\\"
        ? `\\${character}`
        : numberOf(character),
  );
}

/**
 * Escapes what could deceive a reader in a sentence, which may hold quoted
 * names: quotes and backslashes stay, and a second time changes nothing.
 *
 * @param text Any string.
 * @returns The string on one line, printable throughout.
 */
export function printable(text: string): string {
  return text.replace(KEY, "$1…").replace(UNPRINTABLE, numberOf);
}

function numberOf(character: string): string {
  return `\\u{${character.codePointAt(0)!.toString(16)}}`;
}

/**
 * Escapes in JSON what could deceive a reader; it means the same afterwards.
 *
 * @param json JSON without line breaks.
 * @returns The same JSON, printable throughout.
 */
export function escapeJson(json: string): string {
  return json.replace(UNSAFE_IN_JSON, (character) =>
    // Each UTF-16 code unit by itself, as RFC 8259 section 7 has it.
    character.replace(/[^]/g, (unit) => {
      const number = unit.charCodeAt(0).toString(16);
      return `\\u${number.padStart(4, "0")}`;
    }));
}
