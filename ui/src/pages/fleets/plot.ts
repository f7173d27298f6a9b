import uPlot from "uplot";
import type { DecisionStatus } from "../../contract";
import type { Formats } from "../../i18n/format";
import { BAND, deed, growsAbove, type Sample } from "../../state/fleets";

/** The colours that a canvas needs by name, since it knows no style sheets. */
export interface Palette {
  mean: string;
  target: string;
  count: string;
  launched: string;
  removed: string;
  ink: string;
  line: string;
  font: string;
}

export function palette(element: Element): Palette {
  const style = getComputedStyle(element);
  const token = (name: string) => style.getPropertyValue(`--${name}`).trim();
  return {
    mean: token("chart-p50"),
    target: token("ink-soft"),
    count: token("quiet-fill"),
    launched: token("up-fill"),
    removed: token("suspect-fill"),
    ink: token("ink-soft"),
    line: token("line"),
    font: `11px ${style.fontFamily}`,
  };
}

/** What uPlot draws: the time of each sample in seconds, the mean load, and the number of instances. */
export function columns(samples: readonly Sample[]): uPlot.AlignedData {
  return [samples.map(({ at }) => at / 1000), samples.map(({ mean }) => mean), samples.map(({ count }) => count)];
}

/** What a chart of a fleet needs beside its samples. */
export interface Course {
  /** What the mean load should be. */
  load: number;
  /** Whether a mean near that is left as it is. */
  hasBand: boolean;
  decisions: readonly DecisionStatus[];
}

/** The height of the strip below the lines that shows what was decided, in pixels. */
const STRIP = 12;

/** Options of a chart without its size. */
export function options(
  element: Element,
  format: Formats,
  course: () => Course,
  over: (at: number | null) => void,
): Omit<uPlot.Options, "width" | "height"> {
  const colours = palette(element);
  const axis = {
    stroke: colours.ink,
    font: colours.font,
    grid: { stroke: colours.line, width: 1 },
    ticks: { show: false },
  };
  return {
    legend: { show: false },
    padding: [8, 0, 0, 0],
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 6 } },
    scales: {
      y: { range: [0, 1] },
      count: { range: (_, __, max) => [0, Math.max(2, (Number.isFinite(max) ? max : 1) * 1.25)] },
    },
    series: [
      {},
      { stroke: colours.mean, width: 1.8, points: { show: false }, spanGaps: false },
      {
        scale: "count",
        stroke: colours.count,
        width: 1.4,
        points: { show: false },
        spanGaps: false,
        paths: uPlot.paths.stepped?.({ align: 1 }),
      },
    ],
    axes: [
      {
        ...axis,
        size: 42,
        gap: STRIP + 8,
        space: 90,
        values: (plot, splits) => splits.map((at) => tick(plot, at, format)),
      },
      {
        ...axis,
        size: 46,
        splits: [0, 0.25, 0.5, 0.75, 1],
        values: (_, splits) => splits.map((at) => format.load(at)),
      },
      {
        ...axis,
        side: 1,
        scale: "count",
        size: 40,
        grid: { show: false },
        incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000],
        values: (_, splits) => splits.map((at) => format.number(at)),
      },
    ],
    hooks: {
      drawClear: [(plot) => aim(plot, course(), colours)],
      draw: [(plot) => marks(plot, course(), colours)],
      setCursor: [
        (plot) => {
          const left = plot.cursor.left ?? -1;
          over(left < 0 ? null : plot.posToVal(left, "x") * 1000);
        },
      ],
    },
  };
}

/** Within so many seconds the time is told to the second. */
const SHORT_S = 240;

export function tick(plot: uPlot, at: number, format: Formats): string {
  const span = (plot.scales.x?.max ?? 0) - (plot.scales.x?.min ?? 0);
  return span < SHORT_S ? format.clock(at * 1000) : format.minute(at * 1000);
}

/** What the mean load should be, with the band in which it is left as it is. */
function aim(plot: uPlot, { load, hasBand }: Course, colours: Palette) {
  const { ctx, bbox } = plot;
  const y = (share: number) => plot.valToPos(Math.min(1, share), "y", true);
  ctx.save();
  if (hasBand) {
    ctx.fillStyle = `${colours.launched}22`;
    const top = y(growsAbove(load));
    ctx.fillRect(bbox.left, top, bbox.width, y(load * (1 - BAND)) - top);
  }
  ctx.strokeStyle = colours.target;
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([5 * devicePixelRatio, 4 * devicePixelRatio]);
  ctx.beginPath();
  ctx.moveTo(bbox.left, y(load));
  ctx.lineTo(bbox.left + bbox.width, y(load));
  ctx.stroke();
  ctx.restore();
}

/** What was decided: the mean then as a dot, and below the lines what was done, told by its shape and by its colour only besides. */
function marks(plot: uPlot, { decisions }: Course, colours: Palette) {
  const { ctx, bbox } = plot;
  const unit = devicePixelRatio;
  const middle = bbox.top + bbox.height + (2 + STRIP / 2) * unit;
  ctx.save();
  for (const decision of decisions) {
    const x = plot.valToPos(Date.parse(decision.at) / 1000, "x", true);
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    const what = deed(decision);
    const colour = what === "launched" ? colours.launched : what === "removed" ? colours.removed : colours.ink;
    if (what !== "nothing") {
      ctx.fillStyle = `${colour}66`;
      ctx.fillRect(x - unit / 2, bbox.top, unit, bbox.height);
    }
    if (decision.mean !== null) {
      ctx.fillStyle = colours.mean;
      ctx.beginPath();
      ctx.arc(x, plot.valToPos(Math.min(1, decision.mean), "y", true), 2.5 * unit, 0, 2 * Math.PI);
      ctx.fill();
    }
    ctx.fillStyle = colour;
    ctx.strokeStyle = colour;
    ctx.lineWidth = 1.2 * unit;
    shape(ctx, what, x, middle, 4.5 * unit);
  }
  ctx.restore();
}

/** A triangle up for launches, one down for removals, a lozenge for replacements, a small ring where nothing was done. */
function shape(ctx: CanvasRenderingContext2D, what: ReturnType<typeof deed>, x: number, y: number, size: number) {
  const points: Record<Exclude<typeof what, "nothing">, [number, number][]> = {
    launched: [
      [0, -1],
      [1, 0.8],
      [-1, 0.8],
    ],
    removed: [
      [0, 1],
      [1, -0.8],
      [-1, -0.8],
    ],
    replaced: [
      [0, -1],
      [1, 0],
      [0, 1],
      [-1, 0],
    ],
  };
  ctx.beginPath();
  if (what === "nothing") {
    ctx.arc(x, y, size * 0.5, 0, 2 * Math.PI);
    ctx.stroke();
    return;
  }
  for (const [dx, dy] of points[what]) ctx.lineTo(x + dx * size, y + dy * size);
  ctx.closePath();
  ctx.fill();
}
