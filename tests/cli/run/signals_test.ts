import { assertEquals } from "@std/assert";
import { type Interrupted, Signals } from "../../../lib/cli/run/signals.ts";

type Name = "SIGINT" | "SIGTERM";

/** Signals and a clock that come when a test says so. */
class Stage implements Disposable {
  readonly signals: Signals;
  readonly left: string[] = [];
  readonly handlers = new Map<Deno.Signal, () => void>();
  /** What the timer waits for, in milliseconds, and does then. */
  timer: { wait: number; act: () => void } | undefined;
  readonly #real = {
    add: Deno.addSignalListener,
    remove: Deno.removeSignalListener,
    set: globalThis.setTimeout,
    clear: globalThis.clearTimeout,
    unref: Deno.unrefTimer,
  };

  constructor() {
    Deno.addSignalListener = (name, act) => this.handlers.set(name, act);
    Deno.removeSignalListener = (name) => this.handlers.delete(name);
    Object.assign(globalThis, {
      setTimeout: (act: () => void, wait: number) => {
        this.timer = { act, wait };
        return 1;
      },
      clearTimeout: () => this.timer = undefined,
    });
    Deno.unrefTimer = () => {};
    this.signals = new Signals(({ message, exit }: Interrupted) => {
      this.left.push(`${message}: ${exit}`);
    });
  }

  raise(name: Name): void {
    this.handlers.get(name)!();
  }

  [Symbol.dispose](): void {
    Deno.addSignalListener = this.#real.add;
    Deno.removeSignalListener = this.#real.remove;
    Deno.unrefTimer = this.#real.unref;
    globalThis.setTimeout = this.#real.set;
    globalThis.clearTimeout = this.#real.clear;
  }
}

for (const [name, exit] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
  Deno.test(`${name} aborts, and what does not end by then is left after 1.5 s`, () => {
    using stage = new Stage();
    const { signal } = stage.signals;
    assertEquals([signal.aborted, stage.timer], [false, undefined]);
    stage.raise(name);
    assertEquals(signal.reason.exit, exit);
    assertEquals([stage.timer?.wait, stage.left], [1_500, []]);
    stage.timer!.act();
    assertEquals(stage.left, [`Interrupted by ${name}: ${exit}`]);
  });
}

Deno.test("a second signal leaves at once, with its own code", () => {
  using stage = new Stage();
  stage.raise("SIGTERM");
  stage.raise("SIGINT");
  assertEquals(stage.left, ["Interrupted by SIGINT: 130"]);
});

Deno.test("SIGTERM lets a server finish in the time it asks for; the next one aborts", () => {
  using stage = new Stage();
  const { signals } = stage;
  signals.terminate = () => 30_000;
  stage.raise("SIGTERM");
  assertEquals([signals.signal.aborted, stage.timer?.wait], [false, 31_500]);
  stage.raise("SIGTERM");
  assertEquals([signals.signal.aborted, stage.timer?.wait], [true, 1_500]);
});

Deno.test("a grace beyond what a timer can hold is as long as one can", () => {
  using stage = new Stage();
  stage.signals.terminate = () => 2 ** 31 - 1;
  stage.raise("SIGTERM");
  assertEquals(stage.timer?.wait, 2 ** 31 - 1);
});

Deno.test("Signals listens and waits no more once it is disposed", () => {
  using stage = new Stage();
  stage.raise("SIGINT");
  stage.signals[Symbol.dispose]();
  assertEquals([stage.handlers.size, stage.timer], [0, undefined]);
});
