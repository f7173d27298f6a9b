import type { LogLine } from "../contract";
import { askFollow, askLog, reason } from "./ask";
import { listen } from "./live.svelte";
import { unread } from "./overlap";
import { plain } from "./plain";

/** So many lines are read at first. */
const READ_MAX = 1000;

/** So many lines are kept. */
const KEPT_MAX = 5000;

/** A line as it is shown. */
export interface Shown {
  /** Its number since it was followed. */
  number: number;
  at: string;
  stream: LogLine["stream"];
  text: string;
}

/** What one program writes, from its last lines on. */
export class Log {
  lines = $state.raw<Shown[]>([]);
  state = $state<"reading" | "following" | "failed">("reading");
  trouble = $state("");
  private early: LogLine[] | null = [];
  private next = 0;
  private unlisten: () => void;

  constructor(readonly program: string) {
    this.unlisten = listen((program, lines) => {
      if (program === this.program) this.hear(lines);
    });
    void this.read();
  }

  close() {
    this.unlisten();
  }

  /** Follows first and reads then, so that no line is missed; what comes twice is taken once. */
  async read() {
    this.early = [];
    try {
      await askFollow(this.program, true);
      const lines = await askLog(this.program, READ_MAX);
      this.lines = [];
      this.add([...lines, ...unread(lines, this.early)]);
      this.state = "following";
    } catch (error) {
      this.trouble = reason(error);
      this.state = "failed";
    }
    this.early = null;
  }

  private hear(lines: LogLine[]) {
    if (this.early) this.early = [...this.early, ...lines].slice(-READ_MAX);
    else this.add(lines);
  }

  private add(lines: LogLine[]) {
    const shown = lines.map(({ at, stream, text }) => ({ number: this.next++, at, stream, text: plain(text) }));
    this.lines = [...this.lines, ...shown].slice(-KEPT_MAX);
  }
}
