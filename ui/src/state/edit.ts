import type { Edit, Edited } from "../contract";
import { t } from "../i18n/i18n.svelte";
import { askEdit, askUndo, isOvertaken, reason } from "./ask";
import { go } from "./route.svelte";
import { sought } from "./sought.svelte";
import { type Offer, tell } from "./told.svelte";

/**
 * Changes the file as `edits` say and tells that it is `done`, where that is to be told, and can be undone; or why it was not changed.
 * Whether it was.
 */
export async function edit(edits: Edit[], done?: string): Promise<boolean> {
  try {
    const edited = await askEdit(edits, true);
    const [problem] = edited.problems;
    if (problem) throw problem;
    if (done !== undefined) tell(done, false, undoing(edited));
    return true;
  } catch (error) {
    tell(reason(error), true);
    return false;
  }
}

/** That what was saved can be undone, if it can. */
export const undoing = (edited: Pick<Edited, "version">): Offer | null => offer(edited, "undo");

/** To undo an edit or, after that, to do it again, which is to undo that it was undone. */
function offer({ version }: Pick<Edited, "version">, what: "undo" | "redo"): Offer | null {
  const text = what === "undo" ? t("do.undo") : t("do.redo");
  return version == null ? null : { text, act: () => void takeBack(version, what) };
}

/** Takes back what the version `id` changed, and tells of it; where that cannot be, the versions are offered. */
async function takeBack(id: number, what: "undo" | "redo") {
  try {
    const edited = await askUndo(id);
    const [problem] = edited.problems;
    if (problem) tell(t("undo.refused", { why: problem.message }), true, toVersions());
    else if (what === "undo") tell(t("done.undone"), false, offer(edited, "redo"));
    else tell(t("done.redone"), false, offer(edited, "undo"));
  } catch (error) {
    tell(reason(error), true, isOvertaken(error) ? toVersions() : null);
  }
}

const toVersions = (): Offer => ({
  text: t("do.show_versions"),
  act() {
    sought.part = "versions";
    go({ page: "settings" });
  },
});
