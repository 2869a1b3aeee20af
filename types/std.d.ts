// Types of the @std functions this project uses. The package that the import
// map names ships none; a project on JSR drops this file together with the map.

declare module "@std/assert" {
  export class AssertionError extends Error {}
  export function assert(expr: unknown, msg?: string): asserts expr;
  export function assertEquals<T>(actual: T, expected: T, msg?: string): void;
  export function assertNotEquals<T>(
    actual: T,
    expected: T,
    msg?: string,
  ): void;
  export function assertStrictEquals<T>(
    actual: unknown,
    expected: T,
    msg?: string,
  ): asserts actual is T;
  export function assertInstanceOf<
    // deno-lint-ignore no-explicit-any
    T extends abstract new (...args: any[]) => any,
  >(
    actual: unknown,
    expectedType: T,
    msg?: string,
  ): asserts actual is InstanceType<T>;
  export function assertMatch(
    actual: string,
    expected: RegExp,
    msg?: string,
  ): void;
  export function assertStringIncludes(
    actual: string,
    expected: string,
    msg?: string,
  ): void;
  export function assertGreaterOrEqual<T>(
    actual: T,
    expected: T,
    msg?: string,
  ): void;
  export function assertLess<T>(actual: T, expected: T, msg?: string): void;
  export function assertThrows<E extends Error = Error>(
    fn: () => unknown,
    // deno-lint-ignore no-explicit-any
    ErrorClass: abstract new (...args: any[]) => E,
    msgIncludes?: string,
    msg?: string,
  ): E;
  export function assertRejects<E extends Error = Error>(
    fn: () => PromiseLike<unknown>,
    // deno-lint-ignore no-explicit-any
    ErrorClass: abstract new (...args: any[]) => E,
    msgIncludes?: string,
    msg?: string,
  ): Promise<E>;
}

declare module "@std/async/abortable" {
  export function abortable<T>(p: Promise<T>, signal: AbortSignal): Promise<T>;
}

declare module "@std/async/delay" {
  export function delay(
    ms: number,
    options?: { signal?: AbortSignal | undefined; persistent?: boolean },
  ): Promise<void>;
}

declare module "@std/bytes/concat" {
  export function concat(
    buffers: readonly Uint8Array[],
  ): Uint8Array<ArrayBuffer>;
}

declare module "@std/cli/parse-args" {
  /** The options of {@linkcode parseArgs} that this project uses. */
  export interface ParseOptions<B extends string, S extends string> {
    boolean?: readonly B[];
    string?: readonly S[];
    alias?: Readonly<Record<string, string>>;
    negatable?: readonly NoInfer<B>[];
    stopEarly?: boolean;
    unknown?: (arg: string, key?: string, value?: unknown) => unknown;
  }
  /** With `string: ["_"]` positional arguments stay as they were typed. */
  export type Args<B extends string, S extends string> =
    & { [K in B]: boolean }
    & { [K in Exclude<S, "_">]?: string }
    & { _: "_" extends S ? string[] : (string | number)[] };
  export function parseArgs<
    const B extends string = never,
    const S extends string = never,
  >(args: readonly string[], options?: ParseOptions<B, S>): Args<B, S>;
}

declare module "@std/streams/text-line-stream" {
  /** Splits a stream of text at `\n` and `\r\n`. */
  export class TextLineStream extends TransformStream<string, string> {
    constructor(options?: { allowCR?: boolean });
  }
}

declare module "@std/streams/to-bytes" {
  export function toBytes(
    stream: ReadableStream<Uint8Array>,
  ): Promise<Uint8Array<ArrayBuffer>>;
}

declare module "@std/streams/to-text" {
  export function toText(stream: ReadableStream): Promise<string>;
}
