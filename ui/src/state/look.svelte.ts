import { backend } from "#backend";

/** How the window looks on this desktop. */
export interface Look {
  theme: "system" | "light" | "dark";
  density: "comfortable" | "compact";
  /** Whether long lines of logs are broken. */
  wrap: boolean;
}

const USUAL: Look = { theme: "system", density: "comfortable", wrap: false };

/** Where it is kept. Also `public/look.js` reads it, before the first paint. */
const KEPT = "look";

let chosen = $state.raw<Look>(kept());
let shown = $state(document.documentElement.dataset["theme"]);

export const look = {
  get theme() {
    return chosen.theme;
  },
  get density() {
    return chosen.density;
  },
  get wrap() {
    return chosen.wrap;
  },
  /** The theme that holds, whoever wanted it. */
  get shown() {
    return shown;
  },
};

export function changeLook(change: Partial<Look>) {
  chosen = { ...chosen, ...change };
  try {
    localStorage.setItem(KEPT, JSON.stringify(chosen));
  } catch {
    // Where nothing can be kept it is as usual.
  }
  dispatchEvent(new Event("look"));
  see();
  frame();
}

function kept(): Look {
  try {
    return { ...USUAL, ...(JSON.parse(localStorage.getItem(KEPT) ?? "{}") as Partial<Look>) };
  } catch {
    return USUAL;
  }
}

function see() {
  shown = document.documentElement.dataset["theme"];
}

/** What is around the page looks like it. */
function frame() {
  backend.theme(chosen.theme === "system" ? null : chosen.theme);
}

/** Keeps [`look`] at what the system wants, too. */
export function watchLook() {
  frame();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", see);
}
