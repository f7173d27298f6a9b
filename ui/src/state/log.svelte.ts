import type { LogLine } from "../contract";
import { askLog, askStepLog, reason, type Source, type Writer } from "./ask";
import { following } from "./following.svelte";
import { listen } from "./live.svelte";
import { unread } from "./overlap";
import { plain } from "./plain";

/** So many lines of a program are read at first. */
const READ_MAX = 1000;

/** So many lines are kept, and read of a step, which has an end. */
export const KEPT_MAX = 5000;

/** A line as it is shown. */
export interface Shown {
  /** Its number since it was followed. */
  number: number;
  at: string;
  stream: LogLine["stream"];
  text: string;
}

/** `lines` as they are shown, numbered from `first` on. */
export function shown(lines: readonly LogLine[], first: number): Shown[] {
  return lines.map(({ at, stream, text }, index) => ({ number: first + index, at, stream, text: plain(text) }));
}

/** What a program or a step writes, from its last lines on. */
export class Log {
  lines = $state.raw<Shown[]>([]);
  state = $state<"reading" | "read" | "failed">("reading");
  trouble = $state("");
  private early: LogLine[] | null = [];
  private next = 0;
  private unlisten: () => void;

  /** `isLive` says whether more is written: it is followed then. */
  constructor(
    readonly source: Source,
    private isLive = true,
  ) {
    this.unlisten = listen((source, lines) => {
      if (isSame(source, this.source)) this.hear(lines);
    });
    void this.read();
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
    this.unlisten();
    following.leave(this.source);
  }

  /** Follows first and reads then, so that no line is missed; what comes twice is taken once. */
  async read() {
    this.early = [];
    try {
      if (this.isLive) await following.follow(this.source);
      const lines = await this.ask();
      this.lines = [];
      this.add([...lines, ...unread(lines, this.early)]);
      this.state = "read";
    } catch (error) {
      this.trouble = reason(error);
      this.state = "failed";
    }
    this.early = null;
  }

  private ask(): Promise<LogLine[]> {
    if ("program" in this.source) return askLog(this.source.program, READ_MAX);
    return askStepLog(this.source.step, KEPT_MAX);
  }

  private hear(lines: LogLine[]) {
    if (this.early) this.early = [...this.early, ...lines].slice(-READ_MAX);
    else this.add(lines);
  }

  private add(lines: LogLine[]) {
    this.lines = [...this.lines, ...shown(lines, this.next)].slice(-KEPT_MAX);
    this.next += lines.length;
  }
}

function isSame(one: Writer, other: Source): boolean {
  if ("program" in one) return "program" in other && one.program === other.program;
  return "step" in one && "step" in other && one.step.run === other.step.run && one.step.place === other.step.place;
}
