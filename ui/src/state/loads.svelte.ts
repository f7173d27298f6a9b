import { SvelteMap } from "svelte/reactivity";
import type { InstanceStatus } from "../contract";

/** What was set is shown for so long at most before an instance says the same, in milliseconds. */
export const SHOWN_MS = 12_000;
/** So many instances are told at once. */
const AT_ONCE = 8;
/** A load that an instance says is the one that was set if it is as near as this. */
const NEAR = 0.006;

/** Loads of instances that are set by hand, from the moves of a slider to when the instances say them. */
export class Loads {
  private wished = new SvelteMap<string, { load: number; at: number }>();
  /** What an instance is yet to be told: the newest of it only. */
  private waiting = new Map<string, number>();
  private telling = new Set<string>();

  constructor(
    private readonly tell: (instance: string, load: number) => Promise<void>,
    private readonly failed: (error: unknown) => void,
    private readonly now: () => number = Date.now,
  ) {}

  /** What was set for the instance `name` and is not said by it yet. */
  of(name: string): number | undefined {
    return this.wished.get(name)?.load;
  }

  /** Sets the loads of the instances `names`. */
  set(names: readonly string[], load: number) {
    for (const name of names) {
      this.wished.set(name, { load, at: this.now() });
      this.waiting.set(name, load);
    }
    this.tellNext();
  }

  /** Forgets what `instances` say by now, and what was set too long ago. */
  settle(instances: readonly InstanceStatus[]) {
    const said = new Map(instances.map(({ name, load }) => [name, load]));
    for (const [name, { load, at }] of [...this.wished]) {
      const now = said.get(name);
      const isSaid = now != null && Math.abs(now - load) < NEAR;
      const isOld = this.now() - at > SHOWN_MS;
      if (!said.has(name) || ((isSaid || isOld) && !this.waiting.has(name) && !this.telling.has(name)))
        this.wished.delete(name);
    }
  }

  private tellNext() {
    for (const [name, load] of this.waiting) {
      if (this.telling.size >= AT_ONCE) return;
      if (this.telling.has(name)) continue;
      this.waiting.delete(name);
      void this.tellOne(name, load);
    }
  }

  private async tellOne(name: string, load: number) {
    this.telling.add(name);
    try {
      await this.tell(name, load);
    } catch (error) {
      // What fails for one fails for the others: that is said once.
      const isNews = this.wished.has(name);
      this.waiting.clear();
      this.wished.clear();
      if (isNews) this.failed(error);
    }
    this.telling.delete(name);
    this.tellNext();
  }
}
