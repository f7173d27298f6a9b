import type { Edit } from "../contract";
import { t } from "../i18n/i18n.svelte";
import { askDo, askEdit, reason } from "./ask";
import { live } from "./live.svelte";
import type { Adoption, Setup } from "./survey";
import { tell } from "./told.svelte";

/** What was asked for is seen to have happened within this, in milliseconds, or something is wrong. */
const SEEN_WITHIN = 10_000;

/** Enters `setup` and tells of it; whether nothing was wrong. */
export async function enter({ edits, monitor, adopt }: Setup): Promise<boolean> {
  try {
    const [problem] = await askEdit(edits, true);
    if (problem) throw problem;
    if (adopt) await take(adopt, monitor);
    tell(adopt ? t("done.adopted", { name: adopt.program }) : t("done.saved", { name: monitor }));
    return true;
  } catch (error) {
    tell(reason(error), true);
    return false;
  }
}

/** What was entered with it goes again if nothing was taken over, so that it can be tried once more. */
async function take({ program, process, then }: Adoption, monitor: string) {
  const state = () => live.world.programs.get(program);
  try {
    if (!(await seen(() => state() !== undefined))) throw { message: t("welcome.not_kept", { name: program }) };
    await askDo({ ask: "adopt_program", program, process });
    if (!(await seen(() => state()?.state === "running"))) {
      throw { message: state()?.trouble ?? t("welcome.not_running", { name: program }) };
    }
  } catch (error) {
    if (state()?.pid == null) await askEdit(entered(program, monitor), true);
    throw error;
  }
  const [problem] = await askEdit([then], true);
  if (problem) throw problem;
}

const entered = (program: string, monitor: string): Edit[] => [
  { edit: "remove", section: "monitor", name: monitor },
  { edit: "remove", section: "program", name: program },
];

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
