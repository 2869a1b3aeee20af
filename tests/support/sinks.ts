/**
 * Sinks that wait and fail when a test wants them to.
 *
 * @module
 */

import type { Entry } from "../../lib/model/entry.ts";
import { type MemorySink, memorySink } from "../../lib/sink/memory_sink.ts";
import type { CommitPhase, Draft } from "../../lib/sink/sink.ts";

/** What happens at a sink, before it does what it is asked for. */
export interface Hooks {
  open?(entry: Entry): void | Promise<void>;
  write?(entry: Entry, piece: Uint8Array): void | Promise<void>;
  commit?(
    entry: Entry,
    onPhase: (phase: CommitPhase) => void,
  ): void | Promise<void>;
  abort?(entry: Entry): void | Promise<void>;
}

/** A sink in memory that counts its drafts. */
export interface WatchedSink extends MemorySink {
  /** Names of the drafts that are neither committed nor dropped. */
  readonly drafts: ReadonlySet<string>;
  /** Names of the drafts that were dropped. */
  readonly dropped: readonly string[];
}

/** Makes a sink in memory that asks the hooks first. */
export function watchedSink(hooks: Hooks = {}): WatchedSink {
  const memory = memorySink();
  const drafts = new Set<string>();
  const dropped: string[] = [];
  return {
    ...memory,
    drafts,
    dropped,
    async open(entry, transfer): Promise<Draft> {
      await hooks.open?.(entry);
      const draft = await memory.open(entry, transfer);
      drafts.add(entry.name);
      return {
        async write(piece) {
          await hooks.write?.(entry, piece);
          await draft.write(piece);
        },
        async commit(onPhase) {
          await hooks.commit?.(entry, onPhase ?? (() => {}));
          const committed = await draft.commit();
          drafts.delete(entry.name);
          return committed;
        },
        async abort() {
          await hooks.abort?.(entry);
          await draft.abort();
          if (drafts.delete(entry.name)) dropped.push(entry.name);
        },
      };
    },
  };
}

/** A commit that says what it is doing, and ends when it is told to. */
export function slowCommit(phase: CommitPhase = "syncing"): {
  commit: NonNullable<Hooks["commit"]>;
  /** Resolves when the commit is under way. */
  begun: Promise<void>;
  finish(): void;
} {
  const begun = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  return {
    async commit(_entry, onPhase) {
      onPhase(phase);
      begun.resolve();
      await gate.promise;
    },
    begun: begun.promise,
    finish: gate.resolve,
  };
}
