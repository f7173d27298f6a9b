/** Numbers that look random and are the same each time: from 0 to 1, by what they are for. */
export function chance(...of: (string | number)[]): number {
  let hash = 2166136261;
  for (const char of of.join("/")) hash = Math.imul(hash ^ char.charCodeAt(0), 16777619);
  hash = Math.imul(hash ^ (hash >>> 15), 2246822507);
  hash = Math.imul(hash ^ (hash >>> 13), 3266489909);
  return ((hash ^ (hash >>> 16)) >>> 0) / 4294967296;
}

/** A moment so many seconds before `now`. */
export const ago = (seconds: number, now = Date.now()): string => new Date(now - seconds * 1000).toISOString();

export const MINUTE = 60;
export const HOUR = 3600;
export const DAY = 86_400;
