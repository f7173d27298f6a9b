import type { AlertState, AttemptState, IncidentState } from "../contract";

/** Something that happened in an incident. */
export type Moment =
  | { what: "opened"; at: string }
  | { what: "attempt"; at: string; number: number; attempt: AttemptState }
  | { what: "alert"; at: string; alert: AlertState }
  | { what: "acknowledged"; at: string }
  | { what: "escalated"; at: string }
  | { what: "closed"; at: string };

/** At the same time, what leads to the other comes first. */
const ORDER: Moment["what"][] = ["opened", "attempt", "acknowledged", "escalated", "closed", "alert"];

/** Everything that happened in `incident`, the first first. */
export function timeline(incident: IncidentState): Moment[] {
  const { opened, closed, acknowledged, escalated, attempts, alerts } = incident;
  const moments: Moment[] = [
    { what: "opened", at: opened },
    ...attempts.map((attempt, index): Moment => ({ what: "attempt", at: attempt.began, number: index + 1, attempt })),
    ...alerts.map((alert): Moment => ({ what: "alert", at: alert.created, alert })),
  ];
  if (acknowledged) moments.push({ what: "acknowledged", at: acknowledged });
  if (escalated) moments.push({ what: "escalated", at: escalated });
  if (closed) moments.push({ what: "closed", at: closed });
  return moments.sort(
    (one, other) => Date.parse(one.at) - Date.parse(other.at) || ORDER.indexOf(one.what) - ORDER.indexOf(other.what),
  );
}

/** For how long an incident lasted, or has until `now`, in milliseconds: as it was measured, where it was. */
export function lasted({ opened, closed, lasted }: IncidentState, now: number): number {
  if (lasted != null) return lasted * 1000;
  return (closed ? Date.parse(closed) : now) - Date.parse(opened);
}

/** The open incidents as they are now, then the rest of `known`, the newest first. */
export function merged(open: Iterable<IncidentState>, known: readonly IncidentState[]): IncidentState[] {
  const now = new Map([...open].map((incident) => [incident.id, incident]));
  const all = new Map([...known.map((incident) => [incident.id, incident] as const), ...now]);
  return [...all.values()].sort((one, other) => Date.parse(other.opened) - Date.parse(one.opened) || other.id - one.id);
}

/** `incidents` by the day on which they began, in the order in which they stand. */
export function byDay(incidents: readonly IncidentState[]): [day: string, incidents: IncidentState[]][] {
  const days = new Map<string, IncidentState[]>();
  for (const incident of incidents) {
    const day = new Date(incident.opened).toDateString();
    days.set(day, [...(days.get(day) ?? []), incident]);
  }
  return [...days];
}
