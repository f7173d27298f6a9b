import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Plugin } from "vite";
import { SHARED } from "./src/i18n/shared.ts";

const HEAD = "virtual:texts/";

/** The texts of the window in one language, as a module of its own: `lang` holds also what only the engine says. */
export function texts(): Plugin {
  return {
    name: "texts",
    resolveId: (id) => (id.startsWith(HEAD) ? `\0${id}.js` : undefined),
    load(id) {
      if (!id.startsWith(`\0${HEAD}`)) return;
      const language = id.slice(HEAD.length + 1, -".js".length);
      const file = fileURLToPath(new URL(`../lang/${language}.json`, import.meta.url));
      this.addWatchFile(file);
      const all = JSON.parse(readFileSync(file, "utf8")) as Record<"engine" | "window", Record<string, string>>;
      const shared = Object.entries(all.engine).filter(([key]) => SHARED.some((head) => isOf(head, key)));
      return `export default ${JSON.stringify({ ...Object.fromEntries(shared), ...all.window })}`;
    },
  };
}

const isOf = (head: string, key: string): boolean => {
  const [first, ...rest] = key.split(".");
  return first === head && rest.length === 1;
};
