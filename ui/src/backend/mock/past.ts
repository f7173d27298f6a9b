import type { Figures, History, IncidentState, Point, Uptime } from "../../contract";
import { phases, type Sample } from "./monitors";
import { chance } from "./seed";

const HOUR_MS = 3_600_000;

/** The past of `sample`, with its incidents as downtime and a night on which the machine slept. */
export function history(sample: Sample, incidents: IncidentState[], from: number, to: number, parts: number): History {
  const step = (to - from) / parts;
  const lately = sample.health === "down" ? [[Date.now() - (sample.since ?? 0) * 1000, Date.now()] as const] : [];
  const down = incidents
    .filter((incident) => incident.monitor === sample.name)
    .map(
      (incident) => [Date.parse(incident.opened), incident.closed ? Date.parse(incident.closed) : Date.now()] as const,
    )
    .concat(lately);
  const points = Array.from({ length: parts }, (_, index): Point => {
    const [start, end] = [from + index * step, from + (index + 1) * step];
    const iso = { from: new Date(start).toISOString(), to: new Date(end).toISOString() };
    const figures = part(sample, down, start, end);
    return { ...iso, ...figures, phases_ms: phases(sample.kind, figures.p50_ms) };
  });
  const figures = whole(points);
  return { monitor: sample.name, points, ...figures, phases_ms: phases(sample.kind, figures.p50_ms) };
}

/** The uptime of `sample` over a day, 30 days and a year. */
export function uptime(sample: Sample, incidents: IncidentState[]): Uptime {
  const over = (days: number): Figures => {
    const now = Date.now();
    const { points: _, ...figures } = history(sample, incidents, now - days * 24 * HOUR_MS, now, days * 24);
    return figures;
  };
  return { monitor: sample.name, day: over(1), month: over(30), year: over(365) };
}

function part(sample: Sample, down: (readonly [number, number])[], start: number, end: number): Figures {
  const none = { observed: 0, inconclusive: 0, uptime: null, p50_ms: null, p95_ms: null, p99_ms: null };
  if (sample.health === "unknown" || (sample.health === "paused" && start > Date.now() - 3 * HOUR_MS)) return none;
  const first = sample.begun === undefined ? start : Date.now() - sample.begun * 1000;
  if (end <= first) return none;
  const seconds = (end - Math.max(start, first)) / 1000;
  const hour = new Date(start).getHours();
  if (sample.target.includes("example") && hour >= 3 && hour < 5) return { ...none, inconclusive: seconds };
  const off = down.reduce((sum, [from, to]) => sum + Math.max(0, Math.min(end, to) - Math.max(start, from)), 0);
  const uptime = Math.max(0, 1 - off / (end - start));
  if (sample.latency == null || uptime === 0) return { ...none, observed: seconds, uptime };
  const day = 1 + 0.35 * Math.sin((start / (24 * HOUR_MS)) * 2 * Math.PI);
  const slot = Math.round(start / Math.max(1, end - start));
  const p50 = sample.latency * day * (0.9 + chance(sample.name, slot) * 0.2);
  const p95 = p50 * (1.4 + chance(sample.name, slot, "p95") * 0.7);
  return {
    ...none,
    observed: seconds,
    uptime,
    p50_ms: p50,
    p95_ms: p95,
    p99_ms: p95 * (1.2 + chance(sample.name, slot, "p99")),
  };
}

/** The figures over all of `points`. */
function whole(points: Point[]): Figures {
  const sum = (of: (point: Point) => number) => points.reduce((sum, point) => sum + of(point), 0);
  const mean = (of: (point: Point) => number | null) => {
    const known = points.map(of).filter((value) => value !== null);
    return known.length > 0 ? known.reduce((sum, value) => sum + value, 0) / known.length : null;
  };
  const observed = sum((point) => point.observed);
  return {
    observed,
    inconclusive: sum((point) => point.inconclusive),
    uptime: observed > 0 ? sum((point) => point.observed * (point.uptime ?? 0)) / observed : null,
    p50_ms: mean((point) => point.p50_ms),
    p95_ms: mean((point) => point.p95_ms),
    p99_ms: mean((point) => point.p99_ms),
  };
}
