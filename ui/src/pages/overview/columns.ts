import type { Column } from "../../parts/columns";
import type { SortKey } from "../../state/listed";

/** What is said of a monitor in a row. */
export const COLUMNS = [
  { name: "pick", title: "overview.pick_all", unseen: true, width: "24px" },
  {
    name: "health",
    title: "overview.health",
    terse: true,
    sort: "broken",
    width: { narrow: "24px", middle: "112px", wide: "112px" },
  },
  {
    name: "who",
    title: "overview.monitor",
    sort: "name",
    width: { narrow: "minmax(90px, 1fr)", middle: "minmax(120px, 1fr)", wide: "minmax(120px, 2fr)" },
  },
  { name: "since", title: "overview.since", width: "58px", end: true, from: "wide" },
  { name: "day", title: "overview.day", width: { narrow: "110px", middle: "154px", wide: "minmax(154px, 1fr)" } },
  { name: "line", title: "overview.latency", width: "72px", from: "wide" },
  { name: "uptime", title: "overview.uptime", sort: "uptime", width: "68px", end: true },
  { name: "p95", title: "overview.p95", sort: "p95", width: "60px", end: true, from: "middle" },
] as const satisfies readonly Column<string, SortKey>[];

export type MonitorColumn = (typeof COLUMNS)[number]["name"];
