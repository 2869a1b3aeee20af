/**
 * Numbers of bytes as people read them.
 *
 * @module
 */

const UNITS = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];

/**
 * Writes a number of bytes in three digits, in powers of 1000.
 *
 * @param bytes How many.
 * @returns For example `1.50 MB`; from 1000 EB on it has more digits.
 */
export function formatBytes(bytes: number): string {
  let power = 0;
  while (bytes >= 999.5 && power < UNITS.length - 1) {
    bytes /= 1000;
    power++;
  }
  const digits = power === 0 || bytes >= 99.95 ? 0 : bytes >= 9.995 ? 1 : 2;
  return `${bytes.toFixed(digits)} ${UNITS[power]}`;
}
