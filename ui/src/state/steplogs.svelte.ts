import { SvelteMap } from "svelte/reactivity";
import type { RunId } from "../contract";
import { type Log, StepLog } from "./log.svelte";

/** A step whose log is looked at. */
export interface Looked {
  place: number;
  /** Whether it may write more. */
  goes: boolean;
  /** Whether its log is told as it is written. */
  isFollowed: boolean;
}

/** The logs of the steps of a run, by their places: those that are looked at. */
export class StepLogs {
  private logs = new SvelteMap<number, Log>();
  /** Where more may have been written than was read. */
  private unfinished = new Set<number>();

  constructor(private readonly run: RunId) {}

  of(place: number): Log | undefined {
    return this.logs.get(place);
  }

  /** Has the logs of the steps `looked` at known, and no others. */
  want(looked: readonly Looked[]) {
    const places = new Set(looked.map(({ place }) => place));
    for (const [place, log] of this.logs) {
      if (places.has(place)) continue;
      log.close();
      this.logs.delete(place);
    }
    looked.forEach((step) => this.see(step));
  }

  close() {
    this.want([]);
  }

  private see({ place, goes, isFollowed }: Looked) {
    const known = this.logs.get(place);
    if (!known) this.logs.set(place, new StepLog({ run: this.run, place }, isFollowed));
    else if (isFollowed && !known.isFollowed) known.follow();
    else if (!goes && this.unfinished.has(place)) known.finish();
    if (goes && !isFollowed) this.unfinished.add(place);
    else this.unfinished.delete(place);
  }
}
