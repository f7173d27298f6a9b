import { Bounded } from "./bounded";

/** How much is asked for at once, remembered, and for how long. */
export interface Limits {
  /** So many questions are under way at once. */
  atOnce: number;
  /** So many answers are remembered. */
  remembered: number;
  /** After so long an answer is asked for again, in milliseconds. */
  staleAfter: number;
}

type Kept<Value> = { value: Value | undefined; at: number };

/**
 * Answers for what is in view. What left the view before its turn is never asked for; what is known is shown until
 * something newer comes.
 */
export class Wanted<Value> {
  private kept: Bounded<string, Kept<Value>>;
  private wanted: string[] = [];
  private asking = new Set<string>();

  constructor(
    private readonly ask: (key: string) => Promise<Value>,
    private readonly changed: () => void,
    private readonly limits: Limits,
    private readonly now: () => number = Date.now,
  ) {
    this.kept = new Bounded(limits.remembered);
  }

  /** What is known of `key`. */
  get(key: string): Value | undefined {
    return this.kept.get(key)?.value;
  }

  /** What is in view now; it takes the place of what was. */
  want(keys: readonly string[]) {
    this.wanted = keys.filter((key) => this.isStale(key));
    this.askNext();
  }

  /** Forgets everything. */
  clear() {
    this.kept.clear();
  }

  private isStale(key: string): boolean {
    const kept = this.kept.get(key);
    return kept === undefined || this.now() - kept.at > this.limits.staleAfter;
  }

  private askNext() {
    while (this.asking.size < this.limits.atOnce) {
      const key = this.wanted.shift();
      if (key === undefined) return;
      if (!this.asking.has(key)) void this.askFor(key);
    }
  }

  private async askFor(key: string) {
    this.asking.add(key);
    // What cannot be had is asked for again when it would be stale, not at once.
    const value = await this.ask(key).catch(() => this.kept.get(key)?.value);
    this.kept.set(key, { value, at: this.now() });
    this.asking.delete(key);
    this.changed();
    this.askNext();
  }
}
