import type { LogLine, StepOf, StepStatus } from "../../../contract";
import type { Planned } from "./plans";

/** So many of the last lines are told with a step. */
const TAIL = 20;

const key = ({ run, place }: StepOf) => `${run}/${place}`;

/** What the commands of steps wrote. */
export class Logs {
  private written = new Map<string, LogLine[]>();

  /** Everything that the step at `of` has written. */
  all(of: StepOf): readonly LogLine[] {
    return this.written.get(key(of)) ?? [];
  }

  /** Its last lines. */
  tail(of: StepOf): string[] {
    return this.all(of)
      .slice(-TAIL)
      .map(({ text }) => text);
  }

  write(of: StepOf, texts: readonly string[], at: number): LogLine[] {
    const lines = texts.map((text): LogLine => {
      const isBad = /^(?:\u001b\[31m)?(?:error|warning|npm warn|received unexpected)/.test(text);
      return { at: new Date(at).toISOString(), stream: isBad ? "err" : "out", text };
    });
    this.written.set(key(of), [...this.all(of), ...lines]);
    return lines;
  }

  /** Writes what a step wrote that is over, attempt by attempt. */
  fill(of: StepOf, { began, ended, attempts }: StepStatus, says: readonly string[]) {
    if (began === null || ended === null || says.length === 0) return;
    const [from, to] = [Date.parse(began), Date.parse(ended)];
    const count = attempts * says.length;
    for (let line = 0; line < count; line += 1) {
      this.write(of, [says[line % says.length] ?? ""], from + ((line + 1) / count) * (to - from));
    }
  }
}

/** What a step writes in a tick, when `left` are left of it: as much each time, and all by the end. */
export function share({ says = [], ticks }: Planned, left: number): string[] {
  const upTo = (gone: number) => Math.ceil((says.length * gone) / ticks);
  return says.slice(upTo(ticks - left - 1), left <= 0 ? says.length : upTo(ticks - left));
}
