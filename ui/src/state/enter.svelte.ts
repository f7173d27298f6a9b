import { t } from "../i18n/i18n.svelte";
import { askDo, reason } from "./ask";
import { live } from "./live.svelte";
import type { Adoption, Setup } from "./survey";
import { edit } from "./edit";
import { tell } from "./told.svelte";

/** What was asked for is seen to have happened within this, in milliseconds, or something is wrong. */
const SEEN_WITHIN = 10_000;

/** Enters `setup` and tells of it, by `told` if that says more; whether nothing was wrong. */
export async function enter({ edits, monitor, adopt }: Setup, told?: string): Promise<boolean> {
  if (!adopt) return edit(edits, told ?? t("done.saved", { name: monitor }));
  const done = told ?? t("done.adopted", { name: adopt.program });
  const isTaken = (await edit(edits)) && (await take(adopt)) && (await edit(adopt.then));
  // To undo the last of several edits would leave something half done.
  if (isTaken) tell(done);
  return isTaken;
}

/** Has the program become the process; whether it did. The program that was entered for it goes again if it did not. */
async function take({ program, process }: Adoption): Promise<boolean> {
  const state = () => live.world.programs.get(program);
  const failed = () => ({ message: state()?.trouble ?? t("welcome.not_kept", { name: program }) });
  try {
    if (!(await seen(() => state() !== undefined))) throw failed();
    await askDo({ ask: "adopt_program", program, process });
    await seen(() => state()?.state === "running" || state()?.trouble != null);
    if (state()?.state !== "running") throw failed();
    return true;
  } catch (error) {
    tell(reason(error), true);
    if (state()?.pid == null) await edit([{ edit: "remove", section: "program", name: program }]);
    return false;
  }
}

/** Waits until `is` says so of what is live; whether it did in time. */
function seen(is: () => boolean): Promise<boolean> {
  return new Promise((done) => {
    const end = (so: boolean) => {
      clearTimeout(timer);
      stop();
      done(so);
    };
    const timer = setTimeout(() => end(false), SEEN_WITHIN);
    const stop = $effect.root(() => {
      $effect(() => {
        if (is()) end(true);
      });
    });
  });
}
