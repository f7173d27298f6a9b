import type { ProgramChange, ProgramState } from "../contract";
import type { Stretch } from "./range";

/** A part of a program's past. */
export interface Lived extends Stretch {
  /** How often it was started. */
  starts: number;
  /** Of the ways in which it stood, the one that most wants to be known; nothing if none is. */
  state: ProgramState | null;
}

/** The states, last the one that most wants to be known: that it ran more than that it was being started. */
const ORDER: readonly ProgramState[] = [
  "looking",
  "finished",
  "stopped",
  "waiting",
  "starting",
  "stopping",
  "running",
  "backoff",
  "cooling",
  "cannot_start",
];

/** How a program stood in `count` equal parts of `stretch`, as far as `changes`, which are in order, say. */
export function lived(changes: readonly ProgramChange[], stretch: Stretch, count: number): Lived[] {
  const length = (stretch.to - stretch.from) / count;
  const made: Lived[] = Array.from({ length: count }, (_, index) => ({
    from: stretch.from + index * length,
    to: stretch.from + (index + 1) * length,
    starts: 0,
    state: null,
  }));
  const place = (at: number) => Math.min(count - 1, Math.floor((at - stretch.from) / length));
  changes.forEach((change, index) => {
    const at = Date.parse(change.at);
    const next = changes[index + 1];
    const until = next ? Date.parse(next.at) : stretch.to;
    if (until < stretch.from || at >= stretch.to) return;
    const first = made[place(at)];
    if (first && change.to === "starting") first.starts += 1;
    for (const part of made.slice(Math.max(0, place(at)), place(until) + 1)) part.state = worse(part.state, change.to);
  });
  return made;
}

/** How often it was started. */
export const starts = (past: readonly Lived[]): number => past.reduce((sum, part) => sum + part.starts, 0);

function worse(one: ProgramState | null, other: ProgramState): ProgramState {
  return one !== null && ORDER.indexOf(one) > ORDER.indexOf(other) ? one : other;
}
