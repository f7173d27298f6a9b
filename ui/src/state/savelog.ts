import { backend } from "#backend";
import { t } from "../i18n/i18n.svelte";
import type { LogFrom, LogPage, LogStream } from "../contract";
import { askReadLog, reason } from "./ask";
import { asText } from "./lines";
import type { Shown } from "./log.svelte";
import { plain } from "./plain";
import { tell } from "./told.svelte";

/** So many lines are read at once. */
const PAGE = 5000;

/** Saves the log of `program` as a file, one stream of it or both, and tells of it. */
export const saveLog = (program: string, stream: LogStream | null) => save(program, whole(program, stream));

/** Saves these `lines` of the log of `program`. */
export const saveLines = (program: string, lines: readonly Shown[]) =>
  save(
    program,
    (async function* () {
      yield written(lines);
    })(),
  );

async function save(program: string, pieces: AsyncIterable<string>) {
  try {
    const place = await backend.save(fileName(program, new Date()), pieces);
    tell(t("log.saved", { place }));
  } catch (error) {
    tell(reason(error), true);
  }
}

/** `lines` as they stand in a file of text. */
export const written = (lines: readonly Pick<Shown, "at" | "stream" | "text">[]) =>
  lines.map((line) => `${asText(line)}\n`).join("");

/** What a file is called with the log of `program` up to `now`. */
export function fileName(program: string, now: Date): string {
  const two = (value: number) => String(value).padStart(2, "0");
  return `${program}-${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}.log`;
}

/** The lines from the first on, as text. */
async function* whole(program: string, stream: LogStream | null): AsyncGenerator<string> {
  let from: LogFrom | null = { from: "after", place: { file: 0, at: 0 } };
  while (from) {
    const page: LogPage = await askReadLog(program, from, { text: "", stream }, PAGE);
    yield written(page.lines.map((line) => ({ ...line, text: plain(line.text) })));
    from = page.rest && { from: "after", place: page.rest };
  }
}
