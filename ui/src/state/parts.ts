import type { Figures } from "../contract";

/** How a part of a monitor's past is drawn. */
export type Part = "up" | "down" | "inconclusive" | "unseen";

/** What there is to say of a part. */
export function part({ observed, inconclusive, uptime }: Pick<Figures, "observed" | "inconclusive" | "uptime">): Part {
  if (observed > 0 && uptime != null) return uptime < 1 ? "down" : "up";
  return inconclusive > 0 ? "inconclusive" : "unseen";
}

/** The share of a bar's height that is red: what was down for a moment is still seen. */
export function redShare(uptime: number | null | undefined): number {
  return uptime == null || uptime >= 1 ? 0 : Math.max(0.4, 1 - uptime);
}
