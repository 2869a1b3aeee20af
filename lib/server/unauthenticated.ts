/**
 * Connections whose peers are not authenticated yet.
 *
 * Each of them costs a descriptor and a little memory until its deadline, and
 * anybody can open one. So their number is limited, for one address and in all,
 * as sshd's MaxStartups does. Where one address has too many, its next
 * connection is closed; where there are too many in all, the oldest one is,
 * because an honest sender is authenticated within a few round trips.
 *
 * @module
 */

/** How many there may be. */
export interface UnauthenticatedLimits {
  /** Most from one address: others need room beside it. @default {3_072} */
  ofOne?: number;
  /** Most in all. @default {4_096} */
  inAll?: number;
}

/** What a connection holds while it is one of them. */
export interface Slot {
  /** Gives it back; harmless when called twice. */
  leave(): void;
}

/** Counts them, and closes those that are too many. */
export class UnauthenticatedConns {
  readonly #ofOne: number;
  readonly #inAll: number;
  /** How to close each, in the order in which they came. */
  readonly #closers = new Map<Slot, () => void>();
  readonly #counts = new Map<string, number>();

  /**
   * Begins with none.
   *
   * @param limits How many there may be.
   */
  constructor({ ofOne = 3_072, inAll = 4_096 }: UnauthenticatedLimits = {}) {
    this.#ofOne = ofOne;
    this.#inAll = inAll;
  }

  /** How many there are. */
  get size(): number {
    return this.#closers.size;
  }

  /**
   * Counts one more, and closes the oldest where there are too many in all.
   *
   * @param address Where it comes from.
   * @param close Closes it, should its slot be needed.
   * @returns Its slot; `undefined` where its address has too many already.
   */
  enter(address: string, close: () => void): Slot | undefined {
    const network = networkOf(address);
    const count = this.#counts.get(network) ?? 0;
    if (count >= this.#ofOne) return undefined;
    if (this.#closers.size >= this.#inAll) this.closeOldest();
    this.#counts.set(network, (this.#counts.get(network) ?? 0) + 1);
    const slot = { leave: () => this.#leave(slot, network) };
    this.#closers.set(slot, close);
    return slot;
  }

  /**
   * Closes the oldest of them.
   *
   * @returns Whether there was one.
   */
  closeOldest(): boolean {
    const [oldest] = this.#closers;
    if (!oldest) return false;
    const [slot, close] = oldest;
    slot.leave();
    close();
    return true;
  }

  #leave(slot: Slot, network: string): void {
    if (!this.#closers.delete(slot)) return;
    const count = this.#counts.get(network)! - 1;
    if (count > 0) this.#counts.set(network, count);
    else this.#counts.delete(network);
  }
}

/**
 * The network that counts as one address: one party can have all of an IPv6 /64
 * (RFC 6177).
 *
 * @param address An IP address, or anything else, which is returned as it is.
 * @returns The address, or the /64 that it is in.
 */
export function networkOf(address: string): string {
  const v4 = /^(?:::ffff:)?(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (v4 || !address.includes(":")) return v4 ?? address;
  const [head = "", tail] = address.split("%")[0]!.split("::");
  const front = head === "" ? [] : head.split(":");
  const back = tail ? tail.split(":") : [];
  const zeros = tail === undefined ? 0 : 8 - front.length - back.length;
  const groups = [
    ...front,
    ...Array<string>(Math.max(zeros, 0)).fill("0"),
    ...back,
  ];
  return groups.slice(0, 4).join(":") + "::/64";
}
