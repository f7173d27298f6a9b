/** An hour of the next day at which people are back, by the clock on the wall. */
const MORNING = 8;

/** So many hours after `now`. */
export function hours(count: number, now = new Date()): string {
  return new Date(now.getTime() + count * 3_600_000).toISOString();
}

/** The next morning: today's, if it is still to come. */
export function morning(now = new Date()): string {
  const morning = new Date(now);
  morning.setHours(MORNING, 0, 0, 0);
  if (morning <= now) morning.setDate(morning.getDate() + 1);
  return morning.toISOString();
}
