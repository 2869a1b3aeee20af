/**
 * What a person sees of what a program writes to a terminal: enough of one for
 * lines and a progress bar, and an error for anything else.
 *
 * @module
 */

// deno-lint-ignore no-control-regex -- a terminal is told by control characters
const PART = /\x1b\[\??[\d;]*[A-Za-z]|\x1b[78]|[\r\n]|[^\x1b\r\n]/g;

interface Row {
  text: string;
  /** Whether the next row goes on with the same line. */
  goesOn: boolean;
}

/** A terminal's screen; the cursor starts at its top. */
export class Screen {
  /** Every row from which the rest was erased, as it was then. */
  readonly drawn: string[] = [];
  readonly #columns: number;
  readonly #height: number;
  readonly #above: Row[] = [];
  #rows: Row[];
  #at = { x: 0, y: 0 };
  #saved = { x: 0, y: 0 };
  #wraps = true;

  constructor(columns: number, height: number) {
    this.#columns = columns;
    this.#height = height;
    this.#rows = Array.from({ length: height }, blank);
  }

  /** Whether lines go on in the next row. */
  get wraps(): boolean {
    return this.#wraps;
  }

  /** The lines that are not empty, those included that scrolled away. */
  lines(): string[] {
    const lines: string[] = [];
    let goesOn = false;
    for (const row of [...this.#above, ...this.#rows]) {
      if (goesOn) lines.push(lines.pop() + row.text);
      else lines.push(row.text.trimEnd());
      goesOn = row.goesOn;
    }
    return lines.filter(Boolean);
  }

  /** Shows what a program wrote. */
  write(text: string): void {
    const parts = text.match(PART) ?? [];
    if (parts.join("") !== text) throw new Error("not for this terminal");
    for (const part of parts) this.#show(part);
  }

  #show(part: string): void {
    if (!part.startsWith("\x1b")) return this.#print(part);
    // deno-lint-ignore no-control-regex -- as above
    const [, count, what] = /^\x1b\[?(\??\d*)(.)$/.exec(part)!;
    const row = this.#rows[this.#at.y]!;
    switch (`${count}${what}`) {
      case "?25h":
      case "?25l":
        return; // the cursor itself is not seen here
      case "?7h":
      case "?7l":
        this.#wraps = what === "h";
        return;
      case "7":
        this.#saved = { ...this.#at };
        return;
      case "8":
        this.#at = { ...this.#saved };
        return;
      case "1G":
        this.#at.x = 0;
        return;
      case "2K":
        Object.assign(row, blank());
        return;
      case "K":
      case "0K":
        row.text = row.text.slice(0, this.#at.x);
        this.drawn.push(row.text);
        return;
      default:
        throw new Error(`not for this terminal: ${JSON.stringify(part)}`);
    }
  }

  #print(part: string): void {
    if (part === "\r") this.#at.x = 0;
    else if (part === "\n") this.#down(false);
    else this.#put(part);
  }

  #put(letter: string): void {
    if (this.#at.x === this.#columns) {
      if (this.#wraps) {
        this.#down(true);
        this.#at.x = 0;
      } else {
        this.#at.x--; // all that is too much ends up in the last column
      }
    }
    const row = this.#rows[this.#at.y]!;
    const before = row.text.padEnd(this.#at.x).slice(0, this.#at.x);
    row.text = before + letter + row.text.slice(this.#at.x + 1);
    this.#at.x++;
  }

  #down(goesOn: boolean): void {
    this.#rows[this.#at.y]!.goesOn = goesOn;
    if (++this.#at.y < this.#height) return;
    this.#at.y--;
    this.#above.push(...this.#rows.splice(0, 1));
    this.#rows.push(blank());
  }
}

function blank(): Row {
  return { text: "", goesOn: false };
}
