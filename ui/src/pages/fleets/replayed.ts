import uPlot from "uplot";
import type { ReplayPoint } from "../../contract";
import type { Formats } from "../../i18n/format";
import { palette, tick } from "./plot";

/** Points of a replay that are further apart are not joined: nothing is known of the time between them. */
const APART = 3;

/** What uPlot draws: the time in seconds, how many instances there were, and how many there would have been. */
export function columns(course: readonly ReplayPoint[]): uPlot.AlignedData {
  const at = course.map((point) => Date.parse(point.at) / 1000);
  const steps = at.slice(1).map((later, index) => later - at[index]!);
  const usual = steps.toSorted((one, other) => one - other)[Math.floor(steps.length / 2)] ?? 60;
  const [times, was, other]: [number[], (number | null)[], (number | null)[]] = [[], [], []];
  course.forEach((point, index) => {
    if (index > 0 && steps[index - 1]! > APART * usual) {
      times.push(at[index - 1]! + 1);
      was.push(null);
      other.push(null);
    }
    times.push(at[index]!);
    was.push(point.was);
    other.push(point.other);
  });
  return [times, was, other];
}

/** Options of a chart of a replay without its size. */
export function options(
  element: Element,
  format: Formats,
  over: (at: number | null) => void,
): Omit<uPlot.Options, "width" | "height"> {
  const colours = palette(element);
  const axis = {
    stroke: colours.ink,
    font: colours.font,
    grid: { stroke: colours.line, width: 1 },
    ticks: { show: false },
  };
  const paths = uPlot.paths.stepped?.({ align: 1 });
  const line = { points: { show: false }, spanGaps: false, ...(paths && { paths }) };
  return {
    legend: { show: false },
    padding: [8, 8, 0, 0],
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 6 } },
    scales: { y: { range: (_, __, max) => [0, Math.max(2, (Number.isFinite(max) ? max : 1) * 1.15)] } },
    series: [{}, { ...line, stroke: colours.count, width: 2 }, { ...line, stroke: colours.mean, width: 1.8 }],
    axes: [
      { ...axis, size: 30, space: 90, values: (plot, splits) => splits.map((at) => moment(plot, at, format)) },
      {
        ...axis,
        size: 40,
        incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000],
        values: (_, splits) => splits.map((at) => format.number(at)),
      },
    ],
    hooks: {
      setCursor: [
        (plot) => {
          const left = plot.cursor.left ?? -1;
          over(left < 0 ? null : plot.posToVal(left, "x") * 1000);
        },
      ],
    },
  };
}

/** Over so many seconds a midnight is told by its day. */
const LONG_S = 36 * 3600;

function moment(plot: uPlot, at: number, format: Formats): string {
  const span = (plot.scales.x?.max ?? 0) - (plot.scales.x?.min ?? 0);
  const isMidnight = new Date(at * 1000).getHours() === 0;
  return span > LONG_S && isMidnight ? format.date(at * 1000) : tick(plot, at, format);
}
