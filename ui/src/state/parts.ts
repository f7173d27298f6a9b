import type { Figures, Point } from "../contract";

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

/** A bar of parts, as one path for each way in which a part is drawn. */
export type Bar = Record<Part, string>;

/** Each part stands so far from the one before, and is so wide; very many stand without gaps. */
export const BAR = { step: 6, width: 4, height: 22, many: 60 } as const;

const TOPS: Record<Part, number> = { up: 3, down: 0, inconclusive: 11, unseen: 20 };

/** The bar of `count` parts, of which the first `begun` were before its beginning; where there is no point, it was not observed. */
export function bar(points: readonly Point[] | undefined, count: number, begun = 0): Bar {
  const paths: Bar = { up: "", down: "", inconclusive: "", unseen: "" };
  const width = count > BAR.many ? BAR.step : BAR.width;
  const add = (what: Part, index: number, top: number, bottom: number) => {
    paths[what] += `M${index * BAR.step} ${top}h${width}V${bottom}h-${width}z`;
  };
  for (let index = begun; index < count; index += 1) {
    const point = points?.[index];
    const what = point ? part(point) : "unseen";
    if (what !== "down") add(what, index, TOPS[what], BAR.height);
    else {
      const red = Math.round(redShare(point?.uptime) * BAR.height);
      add("down", index, 0, red);
      if (red < BAR.height) add("up", index, red, BAR.height);
    }
  }
  return paths;
}
