import type { Ask } from "../contract";
import { askDo, reason } from "./ask";

/** A short word on what was just done. */
export interface Note {
  id: number;
  text: string;
  bad: boolean;
  /** What can be done about it. */
  offer: Offer | null;
}

/** Something that can be done, as a button says it. */
export interface Offer {
  text: string;
  act: () => void;
}

const SHOWN_MS = 6000;
/** What can be done about is shown longer: somebody has to make up their mind. */
const OFFERED_MS = 15_000;

let note = $state.raw<Note | null>(null);
let last = 0;
/** What is left of its time, and since when that passes; it stands still while the note is being read. */
let left = 0;
let since = 0;
let timer: ReturnType<typeof setTimeout> | undefined;

export const told = {
  /** The newest: there is one at a time. */
  get note() {
    return note;
  },
};

/** Shows `text` for a while; what went wrong stays until it is taken away, or something newer is told. */
export function tell(text: string, bad = false, offer: Offer | null = null) {
  clearTimeout(timer);
  last += 1;
  note = { id: last, text, bad, offer };
  left = offer ? OFFERED_MS : SHOWN_MS;
  pass();
}

export function untell() {
  clearTimeout(timer);
  note = null;
}

/** Its time stands still until [`pass`]: the pointer or the focus is on it. */
export function hold() {
  if (timer === undefined) return;
  clearTimeout(timer);
  timer = undefined;
  left -= performance.now() - since;
}

/** Its time passes. */
export function pass() {
  clearTimeout(timer);
  timer = undefined;
  if (note === null || note.bad) return;
  since = performance.now();
  timer = setTimeout(untell, left);
}

/** Does what the user wants and tells that it is done, or why not. */
export async function carryOut(ask: Ask, done: string) {
  try {
    await askDo(ask);
    tell(done);
  } catch (error) {
    tell(reason(error), true);
  }
}
