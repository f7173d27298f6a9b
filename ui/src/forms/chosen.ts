import type { Chosen } from "../backend/backend";
import type { Platform } from "../contract";
import type { Placed } from "./fields";

/** A command that runs what was chosen, and the folder that it runs in. */
export interface Proposal {
  command: Placed;
  directory: string;
  /** The script of a project that it runs, if it is one. */
  script: string | null;
}

/** What runs a script, by how its name ends, on each platform. */
const RUNS: Record<string, Readonly<Record<Platform, readonly string[]>>> = {
  py: { linux: ["python3"], windows: ["py"] },
  pyw: { linux: ["python3"], windows: ["pyw"] },
  js: { linux: ["node"], windows: ["node"] },
  mjs: { linux: ["node"], windows: ["node"] },
  cjs: { linux: ["node"], windows: ["node"] },
  jar: { linux: ["java", "-jar"], windows: ["java", "-jar"] },
  rb: { linux: ["ruby"], windows: ["ruby"] },
  php: { linux: ["php"], windows: ["php"] },
  pl: { linux: ["perl"], windows: ["perl"] },
  sh: { linux: ["sh"], windows: ["sh"] },
  ps1: { linux: ["pwsh", "-File"], windows: ["powershell", "-ExecutionPolicy", "Bypass", "-File"] },
};

/** The scripts that keep a project running, where it has them. */
const FIRST = ["start", "dev", "serve"];
/** What runs the scripts of a project, and in the folder that it is told where it is run in another. */
const MANAGERS: Record<string, (folder: string | null, script: string) => string[]> = {
  npm: (folder, script) => ["npm", ...(folder === null ? [] : ["--prefix", folder]), "run", script],
  pnpm: (folder, script) => ["pnpm", ...(folder === null ? [] : ["--dir", folder]), "run", script],
  yarn: (folder, script) => ["yarn", ...(folder === null ? [] : ["--cwd", folder]), "run", script],
  bun: (folder, script) => ["bun", "run", ...(folder === null ? [] : ["--cwd", folder]), script],
};

/**
 * The commands that run what was chosen, the likeliest first; none of a folder without a project. Each is run in its folder, if
 * it is one that `goesThere`; otherwise it names where everything is.
 */
export function proposals(
  { path, is_folder, is_program, package: text }: Chosen,
  platform: Platform,
  goesThere = true,
): Proposal[] {
  const [directory, file] = is_folder ? [path, ""] : parts(path);
  if (text !== null) {
    const { runs, scripts } = project(text);
    const folder = goesThere ? null : directory;
    if (scripts.length > 0)
      return scripts.map((script) => ({ command: command(runs(folder, script), platform), directory, script }));
  }
  if (is_folder) return [];
  // What says itself what runs it is run so as well: it may not be where the file looks for it.
  const by = RUNS[ending(file)]?.[platform];
  const runs = by && !(is_program && platform === "linux" && ending(file) === "sh");
  const words = runs ? [...by, goesThere ? file : path] : [path];
  return [{ command: command(words, platform), directory, script: null }];
}

/** The folder that was chosen, or the one of what was. */
export const folderOf = ({ path, is_folder }: Chosen): string => (is_folder ? path : parts(path)[0]);

/** The folder of `path`, and what it is called there. */
function parts(path: string): [folder: string, name: string] {
  const at = Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\"));
  const folder = path.slice(0, at);
  // The root of a disk is written with its separator.
  return [folder === "" || folder.endsWith(":") ? path.slice(0, at + 1) : folder, path.slice(at + 1)];
}

const ending = (name: string): string => (name.includes(".") ? (name.split(".").pop() ?? "").toLowerCase() : "");

/** `words` as a line for the shell where nothing in them means anything to it, else as they are. */
function command(words: readonly string[], platform: Platform): Placed {
  const plain = platform === "windows" ? /^[\w.:/\\-]+$/ : /^[\w.:/@+=,-]+$/;
  return words.every((word) => plain.test(word))
    ? { place: "shell", text: words.join(" ") }
    : { place: "words", text: words.join("\n") };
}

/** The scripts of the project that `text` describes, and what runs them. */
function project(text: string): { runs: (folder: string | null, script: string) => string[]; scripts: string[] } {
  const told = parsed(text);
  const [named = ""] = String(told.packageManager ?? "").split("@");
  const scripts = typeof told.scripts === "object" && told.scripts !== null ? Object.keys(told.scripts) : [];
  const isHook = (name: string) => /^(pre|post)./.test(name) && scripts.includes(name.replace(/^(pre|post)/, ""));
  const order = (name: string) => (FIRST.includes(name) ? FIRST.indexOf(name) : FIRST.length);
  return {
    runs: (Object.hasOwn(MANAGERS, named) && MANAGERS[named]) || MANAGERS.npm!,
    scripts: scripts.filter((name) => !isHook(name)).sort((one, other) => order(one) - order(other)),
  };
}

function parsed(text: string): Record<string, unknown> {
  try {
    const told: unknown = JSON.parse(text.replace(/^\uFEFF/, ""));
    return typeof told === "object" && told !== null ? (told as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
