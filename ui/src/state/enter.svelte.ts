import { t } from "../i18n/i18n.svelte";
import { askDo, askEdit, reason } from "./ask";
import { live } from "./live.svelte";
import type { Adoption, Setup } from "./survey";
import { tell } from "./told.svelte";

/** What was asked for is seen to have happened within this, in milliseconds, or something is wrong. */
const SEEN_WITHIN = 10_000;

/** Enters `setup` and tells of it, by `told` if that says more; whether nothing was wrong. */
export async function enter({ edits, monitor, adopt }: Setup, told?: string): Promise<boolean> {
  try {
    const [problem] = await askEdit(edits, true);
    if (problem) throw problem;
    if (adopt) await take(adopt);
    tell(told ?? (adopt ? t("done.adopted", { name: adopt.program }) : t("done.saved", { name: monitor })));
    return true;
  } catch (error) {
    tell(reason(error), true);
    return false;
  }
}

/** The program that was entered for it goes again if nothing was taken over. */
async function take({ program, process, then }: Adoption) {
  const state = () => live.world.programs.get(program);
  const failed = () => ({ message: state()?.trouble ?? t("welcome.not_kept", { name: program }) });
  try {
    if (!(await seen(() => state() !== undefined))) throw failed();
    await askDo({ ask: "adopt_program", program, process });
    await seen(() => state()?.state === "running" || state()?.trouble != null);
    if (state()?.state !== "running") throw failed();
  } catch (error) {
    if (state()?.pid == null) await askEdit([{ edit: "remove", section: "program", name: program }], true);
    throw error;
  }
  const [problem] = await askEdit(then, true);
  if (problem) throw problem;
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
