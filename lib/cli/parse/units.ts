/**
 * Quantities as people type and read them.
 *
 * @module
 */

import { MAX_DELAY_MS } from "../../base/abort.ts";
import { TransferError } from "../../base/errors.ts";
import { quote } from "../../base/escape.ts";

const POWERS = ["", "k", "M", "G", "T", "P", "E"];

/**
 * Reads a number of bytes.
 *
 * @param text Digits, with a fraction and one of `k`, `M`, `G`, `T`, `P`, `E`
 * (powers of 1000) or `Ki` to `Ei` (of 1024) behind them if wanted: `10M`.
 * @param option Which option it is for.
 * @returns Whole bytes, at least one and at most 2^53 - 1, which is 9 PB.
 * @throws {TransferError} `usage`, saying what is accepted.
 */
export function parseBytes(text: string, option: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([kmgtpe]?)(i?)b?$/i.exec(text);
  const power = POWERS.findIndex((one) =>
    one.toLowerCase() === match?.[2]?.toLowerCase()
  );
  const bytes = Math.round(
    Number(match?.[1]) * (match?.[3] ? 1024 : 1000) ** power,
  );
  if (match && bytes >= 1 && Number.isSafeInteger(bytes)) return bytes;
  throw new TransferError(
    "usage",
    {
      doing: `read ${option} ${quote(text)}`,
      found: "it must be a number of bytes, like 500000, 10M or 2Gi",
    },
  );
}

/**
 * Reads a time.
 *
 * @param text Seconds, with a fraction if wanted.
 * @param option Which option it is for.
 * @returns Milliseconds.
 * @throws {TransferError} `usage`, saying what is accepted.
 */
export function parseSeconds(text: string, option: string): number {
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN;
  if (seconds > 0 && seconds * 1000 <= MAX_DELAY_MS) return seconds * 1000;
  throw new TransferError(
    "usage",
    {
      doing: `read ${option} ${quote(text)}`,
      found: "it must be seconds, above 0 and at most " +
        Math.floor(MAX_DELAY_MS / 1000),
    },
  );
}

/**
 * Reads a count.
 *
 * @param text Digits.
 * @param option Which option it is for.
 * @param min The least that makes sense.
 * @returns The number.
 * @throws {TransferError} `usage`, saying what is accepted.
 */
export function parseCount(text: string, option: string, min: number): number {
  const count = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
  if (count >= min) return count;
  throw new TransferError(
    "usage",
    {
      doing: `read ${option} ${quote(text)}`,
      found: `it must be a whole number from ${min} on`,
    },
  );
}

/**
 * Writes a time to wait.
 *
 * @param seconds How long; anything not finite is unknown.
 * @returns For example `1:05` or `2:00:00`.
 */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return "-:--";
  const whole = Math.ceil(seconds);
  const [h, m, s] = [whole / 3600, whole / 60 % 60, whole % 60].map(Math.floor);
  const two = (part: number) => String(part).padStart(2, "0");
  return h! > 0 ? `${h}:${two(m!)}:${two(s!)}` : `${m}:${two(s!)}`;
}
