import { backend } from "#backend";
import type { DesktopSettings } from "../backend/backend";
import { speak } from "../i18n/i18n.svelte";
import { reason } from "./ask";
import { tell } from "./told.svelte";

let settings = $state.raw<DesktopSettings | null>(null);
let trouble = $state<string | null>(null);

/** What belongs to this desktop, once it is known. */
export const desktop = {
  get settings() {
    return settings;
  },
  get trouble() {
    return trouble;
  },
};

export async function readDesktop() {
  try {
    take(await backend.settings());
  } catch (error) {
    trouble = reason(error);
  }
}

export async function changeDesktop(change: Partial<DesktopSettings>) {
  try {
    take(await backend.change(change));
  } catch (error) {
    tell(reason(error), true);
  }
}

/** Opens a web page, or the folder of a file, outside of this window. */
export async function openOutside(url: string) {
  try {
    await backend.open(url);
  } catch (error) {
    tell(reason(error), true);
  }
}

function take(known: DesktopSettings) {
  settings = known;
  trouble = null;
  void speak(known.language);
}
