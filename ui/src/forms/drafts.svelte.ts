import type { Configuration } from "../contract";
import { Draft, type Edited } from "./draft.svelte";
import { isUnsaved, kept } from "./kept";

/** The forms that are being filled in. They outlive their page until they are saved or given up; secrets in them do not. */
export const drafts = {
  /** The form of `edited`, as it was left, upon the file as it is now; nothing if there is no such thing. */
  open(edited: Edited, configuration: Configuration): Draft | null {
    const known = kept.get(edited.key);
    if (known) {
      known.follow(configuration);
      return known;
    }
    const subject = edited.find(configuration);
    if (!subject) return null;
    const draft = new Draft(edited, subject);
    kept.set(edited.key, draft);
    return draft;
  },
  /** Its page is left: what was typed stays, if anything was. */
  leave(draft: Draft) {
    draft.forget();
    if (!draft.isChanged) kept.delete(draft.edited.key);
  },
  /** It is over: saved, given up, or what it was for is removed. */
  end(draft: Draft) {
    draft.discard();
    kept.delete(draft.edited.key);
  },
  /** What was typed into the form called `key` is taken back. */
  discard(key: string) {
    kept.get(key)?.discard();
  },
  /** Whether there is something in the form called `key` that is not saved. */
  isUnsaved,
};
