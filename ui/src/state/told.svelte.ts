import type { Ask, Edit } from "../contract";
import { askDo, askEdit, reason } from "./ask";

/** A short word on what was just done. */
export interface Note {
  id: number;
  text: string;
  bad: boolean;
}

const SHOWN_MS = 6000;
const MOST = 3;

let notes = $state.raw<Note[]>([]);
let last = 0;

export const told = {
  get notes() {
    return notes;
  },
};

/** Shows `text` for a while; what went wrong stays until it is taken away. */
export function tell(text: string, bad = false) {
  last += 1;
  const id = last;
  notes = [...notes, { id, text, bad }].slice(-MOST);
  if (!bad) setTimeout(() => untell(id), SHOWN_MS);
}

export function untell(id: number) {
  notes = notes.filter((note) => note.id !== id);
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
