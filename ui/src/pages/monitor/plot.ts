import type uPlot from "uplot";
import type { IncidentState, Phase, Point } from "../../contract";
import type { Formats } from "../../i18n/format";
import { axisOf, tick, tokens, ZOOMABLE, zooming } from "../../parts/charts";
import { part, redShare } from "../../state/parts";
import { PHASES, spentIn } from "../../state/phases";

/** The colours that a canvas needs by name, since it knows no style sheets. */
export interface Palette {
  p50: string;
  p95: string;
  p99: string;
  ink: string;
  line: string;
  up: string;
  down: string;
  band: string;
  quiet: string;
  unseen: string;
  font: string;
  phases: Record<Phase, string>;
}

/** What a chart draws: the percentiles of the latency, or the phases that it is made of, one upon the other. */
export type Drawn = { what: "percentiles" } | { what: "phases"; phases: readonly Phase[] };

export function palette(element: Element): Palette {
  const { token, font } = tokens(element);
  return {
    p50: token("chart-p50"),
    p95: token("chart-p95"),
    p99: token("chart-p99"),
    ink: token("ink-soft"),
    line: token("line"),
    up: token("up-fill"),
    down: token("down-fill"),
    band: token("down-soft"),
    quiet: token("quiet-fill"),
    unseen: token("unseen-fill"),
    font,
    phases: Object.fromEntries(PHASES.map((phase) => [phase, token(`phase-${phase}`)])) as Record<Phase, string>,
  };
}

/**
 * What uPlot draws: the middle of each part in seconds, and three latencies of it; or how long it took to the end of each
 * phase, the last phase first, so that each is drawn over those that come after it.
 */
export function columns(points: readonly Point[], drawn: Drawn): uPlot.AlignedData {
  const middle = ({ from, to }: Point) => (Date.parse(from) + Date.parse(to)) / 2000;
  const latency = (key: "p50_ms" | "p95_ms" | "p99_ms") => points.map((point) => point[key] ?? null);
  const upTo = (count: number, phases: readonly Phase[]) =>
    points.map((point) =>
      point.phases_ms?.length ? phases.slice(0, count).reduce((sum, phase) => sum + spentIn(point, phase), 0) : null,
    );
  if (drawn.what === "percentiles")
    return [points.map(middle), latency("p50_ms"), latency("p95_ms"), latency("p99_ms")];
  const { phases } = drawn;
  return [points.map(middle), ...phases.map((_, index) => upTo(phases.length - index, phases))];
}

function series(colours: Palette, drawn: Drawn): uPlot.Series[] {
  const line = (stroke: string, width: number, fill?: string): uPlot.Series => ({
    stroke,
    width,
    fill,
    points: { show: false },
    spanGaps: false,
  });
  if (drawn.what === "percentiles") {
    return [line(colours.p50, 1.8, `${colours.p50}1c`), line(colours.p95, 1.2), line(colours.p99, 1)];
  }
  return drawn.phases.toReversed().map((phase) => line(colours.phases[phase], 1, colours.phases[phase]));
}

/** The height of the strip below the lines that shows whether it was up, in pixels. */
const STRIP = 8;

/** Options of a chart without its size. */
export function options(
  colours: Palette,
  format: Formats,
  drawn: Drawn,
  shown: () => { points: readonly Point[]; incidents: readonly IncidentState[] },
  heard: { over: (index: number | null) => void; zoom: (from: number, to: number) => void },
): Omit<uPlot.Options, "width" | "height"> {
  const axis = axisOf(colours);
  return {
    legend: { show: false },
    padding: [8, 8, 0, 0],
    cursor: ZOOMABLE,
    scales: { y: { range: (_, __, max) => [0, (Number.isFinite(max) ? max : 1) * 1.08 || 1] } },
    series: [{}, ...series(colours, drawn)],
    axes: [
      {
        ...axis,
        size: 40,
        gap: STRIP + 10,
        space: 90,
        values: (plot, splits) => splits.map((at) => tick(plot, at, format)),
      },
      { ...axis, size: 64, values: (_, splits) => splits.map((ms) => format.latency(ms)) },
    ],
    hooks: {
      drawClear: [(plot) => bands(plot, shown().incidents, colours)],
      draw: [(plot) => strip(plot, shown().points, colours)],
      setCursor: [(plot) => heard.over(plot.cursor.idx ?? null)],
      setSelect: [zooming(heard.zoom)],
    },
  };
}

/** Each incident is a band from its first bad probe to its end. */
function bands(plot: uPlot, incidents: readonly IncidentState[], colours: Palette) {
  const { ctx, bbox } = plot;
  const end = (plot.scales.x?.max ?? 0) * 1000;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  for (const { opened, closed } of incidents) {
    const from = plot.valToPos(Date.parse(opened) / 1000, "x", true);
    const to = plot.valToPos((closed ? Date.parse(closed) : end) / 1000, "x", true);
    const width = Math.max(2 * devicePixelRatio, to - from);
    ctx.fillStyle = colours.band;
    ctx.fillRect(from, bbox.top, width, bbox.height);
    ctx.fillStyle = colours.down;
    ctx.fillRect(from, bbox.top, width, 2 * devicePixelRatio);
  }
  ctx.restore();
}

/** Below the lines: up, down, inconclusive and not observed, as in the bars of the overview. */
function strip(plot: uPlot, points: readonly Point[], colours: Palette) {
  const { ctx, bbox } = plot;
  const height = STRIP * devicePixelRatio;
  const top = bbox.top + bbox.height + 3 * devicePixelRatio;
  const fill = { up: colours.up, down: colours.up, inconclusive: colours.quiet, unseen: colours.unseen };
  for (const point of points) {
    const what = part(point);
    const left = Math.max(bbox.left, plot.valToPos(Date.parse(point.from) / 1000, "x", true));
    const right = Math.min(bbox.left + bbox.width, plot.valToPos(Date.parse(point.to) / 1000, "x", true));
    // What was down stands above what was up.
    const inset =
      what === "down" ? 0 : what === "up" ? height * 0.25 : what === "inconclusive" ? height * 0.4 : height * 0.75;
    ctx.fillStyle = fill[what];
    ctx.fillRect(left, top + inset, right - left + 0.5, height - inset);
    ctx.fillStyle = colours.down;
    if (what === "down") ctx.fillRect(left, top, right - left + 0.5, height * redShare(point.uptime));
  }
}
