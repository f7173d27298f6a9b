import type { LogFrom, LogLine } from "../contract";
import { askReadLog, reason } from "./ask";
import { Numbered, type Shown } from "./log.svelte";
import { plain } from "./plain";
import type { ProgramLog } from "./programlog.svelte";

/** It is looked for once nothing has been typed for so long, in milliseconds. */
const PAUSE_MS = 300;
/** So many lines are asked for at once, and so many are looked for at most. */
const PAGE = 2000;
export const FOUND_MAX = 10_000;

/** A search in the whole log of a program. What is written meanwhile is found, too. */
export class LogSearch {
  text = $state("");
  /** The lines that were found, the oldest first. */
  hits = $state.raw<Shown[]>([]);
  state = $state<"idle" | "searching" | "done" | "failed">("idle");
  trouble = $state("");
  /** Whether there may be more than are looked for. */
  isCut = $state(false);
  /** Which of them was gone to, by its number. */
  at = $state<number | null>(null);
  private numbers = new Numbered();
  /** Counts the searches: what an earlier one finds comes too late. */
  private searches = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly log: () => ProgramLog | undefined) {}

  /** The line that was gone to. */
  get current(): Shown | null {
    return this.at === null ? null : (this.hits.find(({ number }) => number === this.at) ?? null);
  }

  /** Looks for `text` as soon as nothing more is typed. */
  type(text: string) {
    this.text = text;
    this.reset();
    if (text !== "") this.timer = setTimeout(() => void this.begin(), PAUSE_MS);
  }

  /** Looks for the same again, as in another stream. */
  again() {
    this.reset();
    if (this.text !== "") void this.begin();
  }

  /** Has what is typed looked for now, if that has not begun. */
  hurry() {
    if (this.state !== "searching" || this.timer === undefined) return;
    clearTimeout(this.timer);
    void this.begin();
  }

  /** Goes to the next line that was found, an older one or a newer; from the newest on. */
  step(to: "older" | "newer"): Shown | null {
    const last = this.hits.length - 1;
    const now = this.hits.findIndex(({ number }) => number === this.at);
    const next = now < 0 ? last : to === "older" ? (now === 0 ? last : now - 1) : now === last ? 0 : now + 1;
    const hit = this.hits[next] ?? null;
    this.at = hit?.number ?? null;
    return hit;
  }

  /** Lines have been written. */
  hear(lines: LogLine[]) {
    if (this.text === "") return;
    const low = this.text.toLowerCase();
    const found = lines.filter(({ text }) => plain(text).toLowerCase().includes(low));
    if (found.length === 0) return;
    const hits = [...this.hits, ...this.numbers.behind(found)];
    // Whoever writes on and on is not kept for ever.
    if (hits.length > FOUND_MAX) this.isCut = true;
    this.hits = hits.slice(-FOUND_MAX);
  }

  close() {
    this.searches += 1;
    clearTimeout(this.timer);
  }

  private reset() {
    this.close();
    this.timer = undefined;
    this.numbers = new Numbered();
    [this.hits, this.at, this.isCut] = [[], null, false];
    this.state = this.text === "" ? "idle" : "searching";
  }

  private async begin() {
    const log = this.log();
    if (!log) return;
    this.timer = undefined;
    const search = ++this.searches;
    const wish = { text: this.text, stream: log.stream };
    // What is heard from now on is told, and not found.
    this.hits = [];
    try {
      let from: LogFrom | null = { from: "end" };
      while (from && !this.isCut) {
        const page = await askReadLog(log.program, from, wish, PAGE);
        if (search !== this.searches) return;
        const known = new Set(this.hits.map(({ place }) => place && `${place.file} ${place.at}`));
        const lines = page.lines.filter(({ place }) => !place || !known.has(`${place.file} ${place.at}`));
        this.hits = [...this.numbers.before(lines), ...this.hits];
        from = page.rest && { from: "before", place: page.rest };
        this.isCut = from !== null && this.hits.length >= FOUND_MAX;
      }
      this.state = "done";
    } catch (error) {
      if (search !== this.searches) return;
      this.trouble = reason(error);
      this.state = "failed";
    }
  }
}
