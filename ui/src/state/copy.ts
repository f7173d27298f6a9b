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

/** The same of a text that has to be asked for first: what is copied upon a press has to be promised at once. */
export async function copyLater(text: Promise<string>) {
  const blob = text.then((text) => new Blob([text], { type: "text/plain" }));
  try {
    await Promise.all([blob, navigator.clipboard.write([new ClipboardItem({ "text/plain": blob })])]);
    tell(t("done.copied"));
  } catch (error) {
    tell(reason(error), true);
  }
}
