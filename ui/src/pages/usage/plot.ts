import type uPlot from "uplot";
import type { Measure, ProgramChange, UsagePoint, UsageSeries } from "../../contract";
import type { Formats } from "../../i18n/format";
import { axisOf, tick, tokens, ZOOMABLE, zooming } from "../../parts/charts";

/** What is not measured for more than so many pieces is a gap; fewer are missed by chance. */
const MISSED = 2.5;
/** A limit further away than so many times what is used would leave nothing to be seen of that. */
const FAR = 5;
/** The height of the strip below the lines that shows the starts, in pixels. */
const STRIP = 12;

/** What a limit is to the values: free space should stay above it, all else below. */
export const isFloor = ({ of }: Measure): boolean => of === "disk_free_percent" || of === "disk_free_bytes";

/** A value of the measure, with its unit. */
export function inUnit({ of }: Measure, value: number | null | undefined, format: Formats): string {
  if (of === "memory_bytes" || of === "disk_free_bytes") return format.bytes(value);
  if (of === "load") return format.load_average(value);
  return format.percent(value);
}

/** What uPlot draws: the middle of each piece in seconds, its mean, its least and its most; nothing where nothing was measured. */
export function columns(points: readonly UsagePoint[], piece: number): uPlot.AlignedData {
  const drawn: [number, number | null, number | null, number | null][] = [];
  let before = Number.NEGATIVE_INFINITY;
  for (const { at, mean, least, most } of points) {
    const middle = Date.parse(at) / 1000 + piece / 2;
    if (middle - before > piece * MISSED && drawn.length > 0) drawn.push([before + piece, null, null, null]);
    drawn.push([middle, mean, least, most]);
    before = middle;
  }
  const column = (index: 1 | 2 | 3) => drawn.map((row) => row[index]);
  return [drawn.map(([at]) => at), column(1), column(2), column(3)];
}

/** How far up a chart reaches. */
export function top({ measure, limit, points }: UsageSeries, isShare: boolean): number {
  if (isShare) return 100;
  const most = Math.max(0, ...points.map((point) => point.most));
  const seen = limit !== null && limit <= most * FAR ? Math.max(most, limit) : most;
  return seen * 1.1 || (measure.of === "memory_bytes" ? 1e6 : 1);
}

/** The mean of all that is known, each piece counting the same. */
export const meanOf = (points: readonly UsagePoint[]): number | null =>
  points.length === 0 ? null : points.reduce((sum, { mean }) => sum + mean, 0) / points.length;

/** The start that is nearest to a moment, no further away than `reach`. */
export function startNear(starts: readonly ProgramChange[], at: number, reach: number): ProgramChange | undefined {
  const away = (start: ProgramChange) => Math.abs(Date.parse(start.at) - at);
  const nearest = starts.reduce<ProgramChange | undefined>(
    (best, start) => (best && away(best) <= away(start) ? best : start),
    undefined,
  );
  return nearest && away(nearest) <= reach ? nearest : undefined;
}

/** What is pointed at: a moment, and how far from the left of the chart that is. */
export interface Pointed {
  at: number;
  left: number;
}

interface Palette {
  mean: string;
  limit: string;
  ink: string;
  line: string;
  font: string;
}

/** Options of a chart without its size. */
export function options(
  element: Element,
  format: Formats,
  shown: () => { series: UsageSeries; starts: readonly ProgramChange[]; isShare: boolean },
  heard: { over: (pointed: Pointed | null) => void; zoom: (from: number, to: number) => void },
): Omit<uPlot.Options, "width" | "height"> {
  const { token, font } = tokens(element);
  const colours: Palette = {
    mean: token("chart-p50"),
    limit: token("down-fill"),
    ink: token("ink-soft"),
    line: token("line"),
    font,
  };
  const axis = axisOf(colours);
  const { measure } = shown().series;
  const said = (value: number) => (value === 0 ? format.number(0) : inUnit(measure, value, format));
  const edge: uPlot.Series = { stroke: "transparent", width: 0, points: { show: false }, spanGaps: false };
  return {
    legend: { show: false },
    padding: [8, 8, 0, 0],
    cursor: { ...ZOOMABLE, y: false },
    scales: { y: { range: () => [0, top(shown().series, shown().isShare)] } },
    series: [
      {},
      { stroke: colours.mean, width: 1.6, points: { size: 4, fill: colours.mean, filter: alone }, spanGaps: false },
      edge,
      edge,
    ],
    bands: [{ series: [3, 2], fill: `${colours.mean}40` }],
    axes: [
      {
        ...axis,
        size: 36,
        gap: STRIP,
        space: 76,
        values: (plot, splits) => splits.map((at) => tick(plot, at, format)),
      },
      { ...axis, size: 64, space: 26, values: (_, splits) => splits.map(said) },
    ],
    hooks: {
      draw: [
        (plot) => limitLine(plot, shown().series.limit, colours),
        (plot) => startMarks(plot, shown().starts, colours),
      ],
      setCursor: [
        (plot) => {
          const left = plot.cursor.left ?? -1;
          const from = plot.bbox.left / devicePixelRatio;
          heard.over(left < 0 ? null : { at: plot.posToVal(left, "x") * 1000, left: from + left });
        },
      ],
      setSelect: [zooming(heard.zoom)],
    },
  };
}

/** The values that have no neighbour and so no line: they are drawn as points. */
function alone(plot: uPlot, index: number): number[] | null {
  const values = plot.data[index] ?? [];
  return [...values.keys()].filter((at) => values[at] != null && values[at - 1] == null && values[at + 1] == null);
}

function limitLine(plot: uPlot, limit: number | null, colours: Palette) {
  const { ctx, bbox } = plot;
  if (limit === null || limit > (plot.scales.y?.max ?? 0)) return;
  const y = plot.valToPos(limit, "y", true);
  ctx.save();
  ctx.strokeStyle = colours.limit;
  ctx.lineWidth = 1.4 * devicePixelRatio;
  ctx.setLineDash([6 * devicePixelRatio, 4 * devicePixelRatio]);
  ctx.beginPath();
  ctx.moveTo(bbox.left, y);
  ctx.lineTo(bbox.left + bbox.width, y);
  ctx.stroke();
  ctx.restore();
}

/** Each start is a triangle below the lines, and a thin line through them. */
function startMarks(plot: uPlot, starts: readonly ProgramChange[], colours: Palette) {
  const { ctx, bbox } = plot;
  const unit = devicePixelRatio;
  const bottom = bbox.top + bbox.height;
  ctx.save();
  for (const { at } of starts) {
    const x = plot.valToPos(Date.parse(at) / 1000, "x", true);
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.fillStyle = `${colours.ink}55`;
    ctx.fillRect(x - unit / 2, bbox.top, unit, bbox.height);
    ctx.fillStyle = colours.ink;
    ctx.beginPath();
    ctx.moveTo(x, bottom + 2 * unit);
    ctx.lineTo(x + 4 * unit, bottom + 9 * unit);
    ctx.lineTo(x - 4 * unit, bottom + 9 * unit);
    ctx.closePath();
    ctx.fill();
  }
  ctx.restore();
}
