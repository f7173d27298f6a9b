import type { Ask, Edit } from "../contract";
import { askDo, askEdit, reason } from "./ask";

/** A short word on what was just done. */
export interface Note {
  id: number;
  text: string;
  bad: boolean;
}

const SHOWN_MS = 6000;

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
export function tell(text: string, bad = false) {
  clearTimeout(timer);
  last += 1;
  note = { id: last, text, bad };
  left = SHOWN_MS;
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

/** Changes the file as `edits` say and tells that it is `done`, where that is to be told, or why not; whether it was. */
export async function edit(edits: Edit[], done?: string): Promise<boolean> {
  try {
    const [problem] = await askEdit(edits, true);
    if (problem) throw problem;
    if (done !== undefined) tell(done);
    return true;
  } catch (error) {
    tell(reason(error), true);
    return false;
  }
}
