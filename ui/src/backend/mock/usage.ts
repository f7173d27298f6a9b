import type { Measure, ProgramStatus, UsageHistory, UsagePoint, UsageSeries, UsedBy } from "../../contract";
import { changes } from "./programs";
import { chance } from "./seed";

const [MINUTE_MS, HOUR_MS, DAY_MS] = [60_000, 3_600_000, 86_400_000];

/** What is measured of something: how much it usually is, and how far it goes beyond now and then. */
interface Used {
  measure: Measure;
  usual: number;
  swing: number;
  /** There is no more of it. */
  all?: number;
  limit?: number;
}

const OF_PROGRAM: Used[] = [
  { measure: { of: "cpu" }, usual: 9, swing: 60 },
  { measure: { of: "memory_bytes" }, usual: 184e6, swing: 90e6, limit: 500e6 },
];

const OF_HOST: Used[] = [
  { measure: { of: "cpu" }, usual: 21, swing: 50, all: 100, limit: 90 },
  { measure: { of: "memory" }, usual: 58, swing: 14, all: 96, limit: 90 },
  { measure: { of: "load" }, usual: 0.8, swing: 2.4 },
  { measure: { of: "disk_free_percent", path: "/" }, usual: 38, swing: 6, all: 100, limit: 10 },
];

/** What was used: nothing of what has never run, and nothing in the night in which the machine slept. */
export function usage(
  by: UsedBy,
  program: ProgramStatus | undefined,
  begun: number | undefined,
  { from, to, points }: { from: string; to: string; points: number },
): UsageHistory {
  const [start, end] = [Date.parse(from), Date.parse(to)];
  const width = Math.max(MINUTE_MS, (end - start) / points);
  const unit = width >= DAY_MS || end - start > 90 * DAY_MS ? DAY_MS : width >= HOUR_MS ? HOUR_MS : MINUTE_MS;
  const piece = Math.ceil(width / unit) * unit;
  const first = begun === undefined ? Number.NEGATIVE_INFINITY : Date.now() - begun * 1000;
  const starts = Array.from({ length: Math.ceil((end - start) / piece) }, (_, index) => start + index * piece).filter(
    (at) => at >= first && !(piece < 4 * HOUR_MS && asleep(at)),
  );
  const rests = by.kind === "program" && (program === undefined || program.state === "stopped");
  const series = (by.kind === "program" ? OF_PROGRAM : OF_HOST).map(({ measure, limit, ...used }): UsageSeries => ({
    measure,
    limit: limit ?? null,
    points: starts.map((at) => point(`${by.name} ${measure.of}`, used, at, piece)),
  }));
  return {
    piece: piece / 1000,
    series: rests ? [] : series.filter(({ points }) => points.length > 0),
    starts:
      by.kind === "program"
        ? changes(by.name, start)
            .filter(({ to }) => to === "starting")
            .slice(-500)
            .map(told)
        : [],
  };
}

/** Each day for two hours, by whatever clock it is looked at. */
const asleep = (at: number) => {
  const before = (Date.now() - at) % DAY_MS;
  return before > 7 * HOUR_MS && before < 9 * HOUR_MS;
};

const told = (start: UsageHistory["starts"][number]) => ({ ...start, why: "exit code 1 (general error)" });

function point(
  of: string,
  { usual, swing, all = Number.POSITIVE_INFINITY }: Omit<Used, "measure">,
  at: number,
  piece: number,
): UsagePoint {
  const slot = Math.round(at / piece);
  const day = 1 + 0.3 * Math.sin((at / DAY_MS) * 2 * Math.PI);
  const mean = usual * day * (0.92 + chance(of, slot) * 0.16);
  const burst = chance(of, slot, "burst") ** 6;
  return {
    at: new Date(at).toISOString(),
    mean,
    least: mean * (0.8 + chance(of, slot, "least") * 0.15),
    most: Math.min(all, mean * (1.05 + chance(of, slot, "most") * 0.15) + burst * swing),
  };
}
