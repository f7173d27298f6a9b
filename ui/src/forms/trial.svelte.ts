import type { LogLine, TrialOf, Tried } from "../contract";
import { askEndTrial, askTry, reason, type Writer } from "../state/ask";
import { listen, listenForUnready } from "../state/live.svelte";
import { KEPT_MAX, Numbered, type Shown } from "../state/log.svelte";
import type { Draft } from "./draft.svelte";

/** How a trial ended: it was tried, something is wrong in the form, or it could not be tried. */
export type TrialEnd = "tried" | "wrong" | "refused";

/** Tries what is typed into a form, before it is saved. */
export class Trial {
  state = $state<"none" | "going" | "over">("none");
  /** How it went. */
  tried = $state.raw<Tried | null>(null);
  /** Why it could not be tried. */
  trouble = $state<string | null>(null);
  /** What its program has written. */
  lines = $state.raw<Shown[]>([]);
  /** The programs that are not ready after which it is started otherwise. */
  unready = $state.raw<readonly string[]>([]);
  /** What was tried last, by its name. */
  name = $state("");
  /** Whether its user has had it stopped, and it is not yet. */
  stopping = $state(false);
  private asked = $state.raw("");
  private of: TrialOf | null = null;
  private unlisten: (() => void) | undefined;
  private numbers = new Numbered();

  constructor(
    private readonly draft: Draft,
    readonly what: TrialOf["what"],
    private readonly called: () => string,
  ) {}

  /** Whether something else was typed in since. */
  get isStale(): boolean {
    return this.state !== "none" && this.asked !== this.now;
  }

  private get now(): string {
    return JSON.stringify(this.draft.unsaved);
  }

  /** Tries what is typed in now. */
  async begin(): Promise<TrialEnd> {
    const { edits, secrets } = this.draft.unsaved;
    const of: TrialOf = { what: this.what, name: this.called() };
    Object.assign(this, { state: "going", tried: null, trouble: null, lines: [], unready: [], stopping: false });
    this.numbers = new Numbered();
    Object.assign(this, { asked: this.now, name: of.name, of });
    const unlisten = [
      listen((writer, lines) => this.hear(writer, lines)),
      listenForUnready((of, unready) => this.warn(of, unready)),
    ];
    this.unlisten = () => unlisten.forEach((end) => end());
    const end = await this.ask(edits, of, secrets);
    this.unlisten?.();
    this.of = null;
    return end;
  }

  private async ask(...[edits, of, secrets]: Parameters<typeof askTry>): Promise<TrialEnd> {
    try {
      const answer = await askTry(edits, of, secrets);
      if (Array.isArray(answer)) {
        this.state = "none";
        this.draft.find(answer);
        return "wrong";
      }
      Object.assign(this, { state: "over", tried: answer, lines: new Numbered().behind(answer.lines) });
      return "tried";
    } catch (error) {
      Object.assign(this, { state: "over", trouble: reason(error) });
      return "refused";
    }
  }

  /** Has it stopped before its time. */
  async stop() {
    if (!this.of || this.stopping) return;
    this.stopping = true;
    // How it went is told by the answer to what was asked first.
    await askEndTrial(this.of).catch(() => {});
  }

  /** Its form is left. */
  leave() {
    this.unlisten?.();
    void this.stop();
  }

  private hear(writer: Writer, lines: LogLine[]) {
    if (!("trial" in writer) || !this.isOf(writer.trial)) return;
    this.lines = [...this.lines, ...this.numbers.behind(lines)].slice(-KEPT_MAX);
  }

  private warn(of: TrialOf, unready: readonly string[]) {
    if (this.isOf(of)) this.unready = unready;
  }

  private isOf({ what, name }: TrialOf): boolean {
    return this.of?.what === what && this.of.name === name;
  }
}
