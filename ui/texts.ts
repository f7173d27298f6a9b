import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Plugin } from "vite";
import { SHARED } from "./src/i18n/shared.ts";

const HEAD = "virtual:texts/";

/** Their names, in the order in which each language has them. */
const NAMES = `${HEAD}names`;

/**
 * The texts of the window in one language, as a module of its own: `lang` holds also what only the engine says. Their names, which are as
 * long, stand in another that the languages share.
 */
export function texts(): Plugin {
  return {
    name: "texts",
    resolveId: (id) => (id.startsWith(HEAD) ? `\0${id}.js` : undefined),
    load(id) {
      if (!id.startsWith(`\0${HEAD}`)) return;
      const read = (language: string): Record<string, string> => {
        const file = fileURLToPath(new URL(`../lang/${language}.json`, import.meta.url));
        this.addWatchFile(file);
        return ofWindow(JSON.parse(readFileSync(file, "utf8")) as Sections);
      };
      const names = Object.keys(read("en"));
      if (id === `\0${NAMES}.js`) return `export default ${JSON.stringify(names)}`;
      const spoken = read(id.slice(HEAD.length + 1, -".js".length));
      return (
        `import names from "${NAMES}"; const texts = ${JSON.stringify(names.map((name) => spoken[name]))};` +
        `export default Object.fromEntries(names.map((name, index) => [name, texts[index]]))`
      );
    },
  };
}

type Sections = Record<"engine" | "window", Record<string, string>>;

function ofWindow({ engine, window }: Sections): Record<string, string> {
  const shared = Object.entries(engine).filter(([key]) => SHARED.some((head) => isOf(head, key)));
  return { ...Object.fromEntries(shared), ...window };
}

const isOf = (head: string, key: string): boolean => {
  const [first, ...rest] = key.split(".");
  return first === head && rest.length === 1;
};
