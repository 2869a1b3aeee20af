/**
 * A sink with names, a look into it from outside, and ways to fill it.
 *
 * @module
 */

import type { Entry } from "../../lib/model/entry.ts";
import type { ConflictPolicy } from "../../lib/sink/conflict.ts";
import type { Committed, Draft, Sink } from "../../lib/sink/sink.ts";

/** A sink, and a look at what is in it from outside. */
export interface Place extends AsyncDisposable {
  readonly sink: Sink;
  /** Names of all entries in order, directories with `/` behind; drafts too. */
  names(): Promise<string[]>;
  /** What a file holds. */
  content(name: string): Promise<Uint8Array>;
  /** Whether a receipt from here may say durable. */
  readonly durable: boolean;
}

/** Makes an empty place where this is done about names that are taken. */
export type OpenPlace = (policy?: ConflictPolicy) => Promise<Place>;

/** Stores a file in one piece, as it is announced. */
export async function put(
  sink: Sink,
  entry: Omit<Entry, "kind">,
  bytes: Uint8Array,
): Promise<Committed> {
  const draft = await sink.open({ kind: "file", ...entry });
  await draft.write(bytes);
  return await draft.commit();
}

/** Stores a file whose size is announced. */
export function store(
  { sink }: Place,
  name: string,
  bytes: Uint8Array,
): Promise<Committed> {
  return put(sink, { name, size: bytes.length }, bytes);
}

/** Stores a directory. */
export async function makeDirectory(
  { sink }: Place,
  name: string,
): Promise<Committed> {
  return await (await sink.open({ kind: "directory", name })).commit();
}

/** So many drafts of the file `a`, written and not committed. */
export async function drafted(
  { sink }: Place,
  count: number,
  content: (turn: number) => Uint8Array,
): Promise<Draft[]> {
  const drafts: Draft[] = [];
  for (let turn = 0; turn < count; turn++) {
    const draft = await sink.open({ kind: "file", name: "a" });
    await draft.write(content(turn));
    drafts.push(draft);
  }
  return drafts;
}
