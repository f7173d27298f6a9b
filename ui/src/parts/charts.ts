import type uPlot from "uplot";
import type { Formats } from "../i18n/format";

/** The colours of the style sheets by their names, and the font, since a canvas knows neither. */
export function tokens(element: Element): { token: (name: string) => string; font: string } {
  const style = getComputedStyle(element);
  return {
    token: (name) => style.getPropertyValue(`--${name}`).trim(),
    font: `11px ${style.fontFamily}`,
  };
}

/** What the axes of a chart have in common. */
export function axisOf({ ink, line, font }: { ink: string; line: string; font: string }) {
  return { stroke: ink, font, grid: { stroke: line, width: 1 }, ticks: { show: false } } satisfies uPlot.Axis;
}

const DAY_S = 86_400;

/** The text of a moment on the axis of time. */
export function tick(plot: uPlot, at: number, format: Formats): string {
  const span = (plot.scales.x?.max ?? 0) - (plot.scales.x?.min ?? 0);
  return span > 2 * DAY_S ? format.date(at * 1000) : format.minute(at * 1000);
}

/** The cursor of a chart in which a stretch is chosen by dragging. */
export const ZOOMABLE: uPlot.Cursor = { drag: { x: true, y: false, setScale: false }, points: { size: 6 } };

/** Tells of the stretch that was dragged over. */
export const zooming = (zoom: (from: number, to: number) => void) => (plot: uPlot) => {
  const { left, width } = plot.select;
  if (width < 6) return;
  zoom(plot.posToVal(left, "x") * 1000, plot.posToVal(left + width, "x") * 1000);
  plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
};
