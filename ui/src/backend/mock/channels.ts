import type { Table, Tables } from "./file";

/** What each kind of channel has to say, where it is a table of its own. */
const NEEDED: Record<string, readonly string[]> = {
  telegram: ["token", "chat"],
  ntfy: ["topic"],
  gotify: ["server", "token"],
  pushover: ["token", "user"],
};

const KINDS = [...Object.keys(NEEDED), "discord", "slack", "teams", "webhook", "command", "email"];

/** What is wrong with the channels of `tables`: some of what the engine would find. */
export function channelProblems(tables: Tables, problem: (path: string[], message: string) => void) {
  for (const [name, channel] of Object.entries((tables.channel ?? {}) as Record<string, Table>)) {
    const path = ["channel", name];
    if (name === "") problem(path, "a name must not be empty");
    const [kind, ...more] = KINDS.filter((kind) => kind in channel);
    if (kind === undefined || more.length > 0) {
      problem(path, "needs exactly one of `webhook`, `telegram`, … and `email`");
      continue;
    }
    const held = channel[kind];
    if (kind === "email" && !tables.email) problem(path, "needs the table [email], which sets the mail server");
    if (kind === "webhook" && typeof held === "string" && !/^https?:\/\/[^/]+/.test(held))
      problem([...path, kind], 'expected a URL like "https://…" or "http://…"');
    if (isNowhere(held)) problem([...path, kind], "does not say where the secret is kept");
    for (const key of NEEDED[kind] ?? []) {
      const value = (held as Table)[key];
      if (value === undefined) problem([...path, kind], `\`${key}\` is missing`);
      else if (value === "") problem([...path, kind, key], "must not be empty");
      else if (isNowhere(value)) problem([...path, kind, key], "does not say where the secret is kept");
    }
  }
}

const isNowhere = (value: unknown): boolean =>
  typeof value === "object" && value !== null && !Array.isArray(value) && Object.keys(value).length === 0;
