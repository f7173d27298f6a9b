import type { LogFrom, LogLine, LogPage, LogPlace, LogStream } from "../contract";
import { askReadLog, reason } from "./ask";
import { Log, Numbered, type Shown } from "./log.svelte";
import { unread } from "./overlap";

/** So many lines are read at once, and so many on each side of a line that is gone to. */
const PAGE = 1000;
const AROUND = 300;
/** So many lines are held; more are read again when they are gone to. */
export const HELD_MAX = 20_000;

/**
 * The whole log of a program, of which a stretch is held. It reaches from the last lines back, or lies around a line that was
 * gone to, and grows at the end where one reads.
 */
export class ProgramLog extends Log {
  /** Which stream alone is read. */
  stream = $state<LogStream | null>(null);
  /** Where older lines are; nothing if the first of all is held. */
  older = $state.raw<LogPlace | null>(null);
  /** Where newer lines are; nothing if the last of all is held, and what is written is added to it. */
  newer = $state.raw<LogPlace | null>(null);
  isLoading = $state(false);
  /** So many lines came while nobody looked at the end. */
  unseen = $state(0);
  private isSeen = true;
  private loading: Promise<void> | undefined;

  /** `onheard` hears every line that comes. */
  constructor(
    readonly program: string,
    private readonly onheard: (lines: LogLine[]) => void,
  ) {
    super({ program });
    void this.read();
  }

  /** Whether the end of what is held is looked at. */
  see(isSeen: boolean) {
    this.isSeen = isSeen;
    if (isSeen && this.newer === null) this.unseen = 0;
  }

  /** Reads one stream alone, or both. */
  only(stream: LogStream | null) {
    this.stream = stream;
    void this.read();
  }

  /** Holds the last lines. */
  async end() {
    if (this.newer !== null) await this.read();
    this.unseen = 0;
  }

  /** Reads some more lines before those held. */
  async loadOlder() {
    const place = this.older;
    if (place === null || this.loading) return;
    await this.load(async (isMeant) => {
      const page = await this.page({ from: "before", place });
      if (!isMeant()) return;
      const lines = [...this.numbers.before(page.lines), ...this.lines];
      this.older = page.rest;
      this.lines = lines.slice(0, HELD_MAX);
      if (lines.length > HELD_MAX) this.newer = lastPlace(this.lines);
    });
  }

  /** Reads some more lines behind those held. */
  async loadNewer() {
    const place = this.newer;
    if (place === null || this.loading) return;
    await this.load(async (isMeant) => {
      this.early = [];
      const page = await this.page({ from: "after", place });
      if (isMeant()) this.append(page);
    });
  }

  /** Has `line` among those held, with its neighbours; its number then. */
  async show(line: Shown): Promise<number | null> {
    const place = line.place;
    if (!place) return null;
    await this.loading;
    const held = () => this.lines.find((other) => isSamePlace(other.place, place))?.number ?? null;
    if (held() === null) {
      await this.load(async (isMeant) => {
        this.early = [];
        const [before, after] = await Promise.all([
          this.page({ from: "before", place }, AROUND),
          this.page({ from: "after", place }, AROUND),
        ]);
        if (!isMeant()) return;
        this.numbers = new Numbered();
        this.older = before.rest;
        this.lines = this.numbers.behind([...before.lines, line]);
        this.append(after);
      });
    }
    return held();
  }

  protected override async ask(): Promise<LogLine[]> {
    const reading = this.readings;
    const page = await this.page({ from: "end" });
    if (reading === this.readings) {
      [this.older, this.newer, this.unseen] = [page.rest, null, 0];
    }
    return page.lines;
  }

  protected override hear(lines: LogLine[]) {
    const wanted = this.stream === null ? lines : lines.filter(({ stream }) => stream === this.stream);
    if (wanted.length === 0) return;
    if (!this.isSeen || this.newer !== null) this.unseen += wanted.length;
    this.onheard(wanted);
    super.hear(wanted);
  }

  protected override add(lines: LogLine[]) {
    // Those that are not held next to each other would be taken for neighbours.
    if (this.newer !== null) return;
    if (this.lines.length + lines.length <= HELD_MAX) {
      this.lines = [...this.lines, ...this.numbers.behind(lines)];
    } else if (this.isSeen) {
      this.lines = [...this.lines, ...this.numbers.behind(lines)].slice(-HELD_MAX);
      this.older = firstPlace(this.lines);
    } else {
      this.newer = lastPlace(this.lines);
    }
  }

  /** Adds what was read behind the lines that are held, and what came meanwhile if that was all. */
  private append(page: LogPage) {
    const early = page.rest === null ? unread(page.lines, this.early ?? []) : [];
    const lines = [...this.lines, ...this.numbers.behind([...page.lines, ...early])];
    this.early = null;
    this.newer = page.rest;
    this.lines = lines.slice(-HELD_MAX);
    if (lines.length > HELD_MAX) this.older = firstPlace(this.lines);
  }

  /** Loads one thing at a time; it is not meant any more once all is read anew. */
  private async load(work: (isMeant: () => boolean) => Promise<void>) {
    if (this.state !== "read" || this.early) return;
    const reading = this.readings;
    const isMeant = () => reading === this.readings;
    this.isLoading = true;
    this.loading = work(isMeant).catch((error: unknown) => {
      if (!isMeant()) return;
      this.trouble = reason(error);
      this.state = "failed";
    });
    await this.loading;
    this.loading = undefined;
    this.isLoading = false;
  }

  private async page(from: LogFrom, limit = PAGE): Promise<LogPage> {
    const wish = { text: "", stream: this.stream };
    let page = await askReadLog(this.program, from, wish, limit);
    while (page.lines.length === 0 && page.rest) {
      const place = page.rest;
      page = await askReadLog(this.program, { from: from.from === "after" ? "after" : "before", place }, wish, limit);
    }
    return page;
  }
}

const isSamePlace = (one: LogPlace | null | undefined, other: LogPlace) =>
  one != null && one.file === other.file && one.at === other.at;
const firstPlace = (lines: readonly Shown[]) => lines.find(({ place }) => place)?.place ?? null;
const lastPlace = (lines: readonly Shown[]) => lines.findLast(({ place }) => place)?.place ?? null;
