import { t } from "../i18n/i18n.svelte";
import { reason } from "./ask";
import { tell } from "./told.svelte";

/** Copies `text`, and tells of it. */
export async function copy(text: string) {
  try {
    await navigator.clipboard.writeText(text);
    tell(t("done.copied"));
  } catch (error) {
    tell(reason(error), true);
  }
}
