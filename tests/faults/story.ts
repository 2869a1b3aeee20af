/**
 * Stories of transfers: what is sent, over what, and to where. fast-check makes
 * them up.
 *
 * @module
 */

import fc from "fast-check";
import { directorySink } from "../../lib/sink/disk/mod.ts";
import { memorySink } from "../../lib/sink/memory_sink.ts";
import type { Sink } from "../../lib/sink/sink.ts";
import { tempDir, tree } from "../support/helpers.ts";
import type { Weather } from "./memory_conn.ts";

/** Where a transfer lands, and what is there then. */
export interface Place extends AsyncDisposable {
  sink: Sink;
  /** All files by name, without temporary ones. */
  files(): Promise<Map<string, Uint8Array>>;
  /** Temporary files. */
  temps(): Promise<string[]>;
  /** Begins again, as after a restart. */
  restart(): void;
}

/** One file or directory to send. */
export interface Thing {
  kind: "file" | "directory";
  size: number;
  /** Whether the size is announced. */
  known: boolean;
  /** What has its name before. */
  before: "nothing" | "the same" | "other bytes";
}

/** Everything that happens in one run. */
export interface Story {
  things: Thing[];
  weathers: Weather[];
  place: "memory" | "directory";
  /** Whether the receiver restarts between connections. */
  restarts: boolean;
}

/** Sizes about the bounds of what is copied, framed, resumed, proven. */
export const SIZES = [
  ...[0, 1, 1_000, 32_767, 32_768, 32_769, 65_536, 300_000],
  ...[1_048_575, 1_048_576, 1_048_577, 2_200_000],
];

/** Any thing. */
const thing: fc.Arbitrary<Thing> = fc.record({
  kind: fc.constantFrom("file" as const, "file" as const, "directory" as const),
  size: fc.constantFrom(...SIZES),
  known: fc.boolean(),
  before: fc.constantFrom(
    ...["nothing", "nothing", "the same", "other bytes"] as const,
  ),
});

/** Any weather. */
export const weather: fc.Arbitrary<Weather> = fc.record({
  segment: fc.constantFrom(1_000, 4_096, 65_536, 1_000_000),
  capacity: fc.constantFrom(2_000, 65_536, 4_000_000),
  delay: fc.nat(2),
  cut: fc.option(
    fc.record({
      way: fc.constantFrom("up" as const, "up" as const, "down" as const),
      after: fc.oneof(fc.nat(600), fc.nat(70_000), fc.nat(2_500_000)),
      how: fc.constantFrom("fin" as const, "rst" as const),
    }),
    { freq: 4, nil: undefined },
  ),
});

/** Stories of up to four connections. */
export const stories: fc.Arbitrary<Story> = fc.record({
  things: fc.array(thing, { minLength: 1, maxLength: 5 }),
  weathers: fc.array(weather, { minLength: 1, maxLength: 4 }),
  place: fc.constantFrom("memory" as const, "directory" as const),
  restarts: fc.boolean(),
});

/** Makes the place of a story. */
export async function placeOf(kind: Story["place"]): Promise<Place> {
  if (kind === "memory") {
    const sink = memorySink();
    return {
      sink,
      files: () => Promise.resolve(new Map(sink.files)),
      temps: () => Promise.resolve([]),
      restart() {},
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }
  const dir = await tempDir();
  const place = {
    sink: directorySink(dir.path),
    async files() {
      const found = new Map<string, Uint8Array>();
      for (const name of await tree(dir.path)) {
        if (name.startsWith(".halfclose-") || name.endsWith("/")) continue;
        found.set(name, await Deno.readFile(`${dir.path}/${name}`));
      }
      return found;
    },
    async temps() {
      return (await tree(dir.path)).filter((one) => one.startsWith("."));
    },
    restart() {
      place.sink = directorySink(dir.path);
    },
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  };
  return place;
}
