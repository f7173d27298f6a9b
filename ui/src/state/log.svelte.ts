import type { LogLine, LogPlace, StepOf } from "../contract";
import { askStepLog, reason, type Source, type Writer } from "./ask";
import { following } from "./following.svelte";
import { listen } from "./live.svelte";
import { unread } from "./overlap";
import { plain } from "./plain";

/** So many lines that come while a log is read are kept. */
const EARLY_MAX = 1000;

/** So many lines are kept, and read of a step, which has an end. */
export const KEPT_MAX = 5000;

/** A line as it is shown. */
export interface Shown {
  /** Rises from line to line, whichever end they were added at. */
  number: number;
  at: string;
  stream: LogLine["stream"];
  text: string;
  /** Where it stands in the log. */
  place?: LogPlace | null;
}

/** Lines that are added at either end, each with a number. */
export class Numbered {
  private first = 0;
  private next = 0;

  /** `lines` as they stand behind all others. */
  behind(lines: readonly LogLine[]): Shown[] {
    const shown = lines.map((line, index) => this.shown(line, this.next + index));
    this.next += lines.length;
    return shown;
  }

  /** `lines` as they stand before all others. */
  before(lines: readonly LogLine[]): Shown[] {
    this.first -= lines.length;
    return lines.map((line, index) => this.shown(line, this.first + index));
  }

  private shown({ at, stream, text, place }: LogLine, number: number): Shown {
    return { number, at, stream, text: plain(text), place: place ?? null };
  }
}

/** What a program or a step writes, from its last lines on. */
export abstract class Log {
  lines = $state.raw<Shown[]>([]);
  state = $state<"reading" | "read" | "failed">("reading");
  trouble = $state("");
  protected numbers = new Numbered();
  /** What is told while it is read. */
  protected early: LogLine[] | null = [];
  /** Counts how often it was read: what belongs to a reading before comes too late. */
  protected readings = 0;
  private unlisten: () => void;

  /** `isLive` says whether more is written: it is followed then. */
  constructor(
    readonly source: Source,
    private isLive = true,
  ) {
    this.unlisten = listen((source, lines) => {
      if (isSame(source, this.source)) this.hear(lines);
    });
  }

  /** Whether it is told what is written. */
  get isFollowed(): boolean {
    return following.log === this.source;
  }

  /** Follows it, in the place of any other log, and reads what was missed. */
  follow() {
    this.isLive = true;
    void this.read();
  }

  /** Reads what was missed of it: nothing more is written. */
  finish() {
    this.isLive = false;
    void this.read();
  }

  close() {
    this.readings += 1;
    this.unlisten();
    following.leave(this.source);
  }

  /** Follows first and reads then, so that no line is missed; what comes twice is taken once. */
  async read() {
    const reading = ++this.readings;
    this.early = [];
    try {
      if (this.isLive) await following.follow(this.source);
      const lines = await this.ask();
      if (reading !== this.readings) return;
      const early = unread(lines, this.early);
      this.early = null;
      this.lines = [];
      this.add([...lines, ...early]);
      this.state = "read";
    } catch (error) {
      if (reading !== this.readings) return;
      this.early = null;
      this.trouble = reason(error);
      this.state = "failed";
    }
  }

  /** Its last lines. */
  protected abstract ask(): Promise<LogLine[]>;

  protected hear(lines: LogLine[]) {
    if (this.early) this.early = [...this.early, ...lines].slice(-EARLY_MAX);
    else this.add(lines);
  }

  protected add(lines: LogLine[]) {
    this.lines = [...this.lines, ...this.numbers.behind(lines)].slice(-KEPT_MAX);
  }
}

/** What a step of a run writes. */
export class StepLog extends Log {
  constructor(
    private readonly step: StepOf,
    isLive: boolean,
  ) {
    super({ step }, isLive);
    void this.read();
  }

  protected override ask(): Promise<LogLine[]> {
    return askStepLog(this.step, KEPT_MAX);
  }
}

function isSame(one: Writer, other: Source): boolean {
  if ("program" in one) return "program" in other && one.program === other.program;
  return "step" in one && "step" in other && one.step.run === other.step.run && one.step.place === other.step.place;
}
