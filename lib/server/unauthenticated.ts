/**
 * Those who have connected and not shown yet that they may.
 *
 * Each of them costs a descriptor and a little memory until its deadline, and
 * anybody can become one. So their number is limited, for one address and in
 * all. Where one address has too many its next is turned away; where there are
 * too many in all the one that has waited longest goes, because an honest
 * sender is done in a few round trips.
 *
 * @module
 */

/** How many may wait. */
export interface UnauthenticatedLimits {
  /** Most from one address: others must get in beside it. @default {3_072} */
  ofOne?: number;
  /** Most in all. @default {4_096} */
  inAll?: number;
}

/** The place of one who waits. */
export interface Place {
  /** Gives it back; harmless when called twice. */
  leave(): void;
}

/** Counts those who wait, and turns away who is too many. */
export class UnauthenticatedConns {
  readonly #ofOne: number;
  readonly #inAll: number;
  /** In the order in which they came. */
  readonly #waiting = new Map<Place, () => void>();
  readonly #counts = new Map<string, number>();

  /**
   * Opens with nobody in it.
   *
   * @param options How many may wait.
   */
  constructor({ ofOne = 3_072, inAll = 4_096 }: UnauthenticatedLimits = {}) {
    this.#ofOne = ofOne;
    this.#inAll = inAll;
  }

  /** How many wait. */
  get size(): number {
    return this.#waiting.size;
  }

  /**
   * Lets one in, or not.
   *
   * @param address Where it comes from.
   * @param dismiss Ends its wait, should its place be needed.
   * @returns Its place; `undefined` where its address has too many already.
   */
  enter(address: string, dismiss: () => void): Place | undefined {
    const network = networkOf(address);
    const count = this.#counts.get(network) ?? 0;
    if (count >= this.#ofOne) return undefined;
    if (this.#waiting.size >= this.#inAll) this.dismissFirst();
    this.#counts.set(network, (this.#counts.get(network) ?? 0) + 1);
    const place = { leave: () => this.#leave(place, network) };
    this.#waiting.set(place, dismiss);
    return place;
  }

  /**
   * Ends the wait of the one who has waited longest.
   *
   * @returns Whether there was one.
   */
  dismissFirst(): boolean {
    const [first] = this.#waiting;
    if (!first) return false;
    const [place, dismiss] = first;
    place.leave();
    dismiss();
    return true;
  }

  #leave(place: Place, network: string): void {
    if (!this.#waiting.delete(place)) return;
    const count = this.#counts.get(network)! - 1;
    if (count > 0) this.#counts.set(network, count);
    else this.#counts.delete(network);
  }
}

/**
 * What one party can have many of counts as one: of IPv6 a /64 (RFC 6177).
 *
 * @param address An IP address, or anything else, which stands for itself.
 * @returns The address or its network.
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
