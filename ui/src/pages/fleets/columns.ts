import type { Column } from "../../parts/columns";
import type { InstanceKey } from "../../state/fleets";

/** What is said of an instance in a row. */
export const COLUMNS = [
  {
    name: "state",
    title: "instance.state",
    terse: true,
    sort: "state",
    width: { narrow: "24px", middle: "112px", wide: "124px" },
  },
  {
    name: "who",
    title: "instance.name",
    sort: "name",
    width: { narrow: "minmax(70px, 1fr)", middle: "minmax(100px, 1fr)", wide: "minmax(110px, 1fr)" },
  },
  { name: "address", title: "instance.address", sort: "address", width: "minmax(100px, 0.8fr)", from: "wide" },
  { name: "load", title: "instance.load", sort: "load", width: { narrow: "118px", middle: "140px", wide: "190px" } },
  { name: "age", title: "instance.age", sort: "age", width: "56px", end: true, from: "middle" },
  { name: "acts", title: "instance.acts", unseen: true, width: "100px", end: true },
] as const satisfies readonly Column<string, InstanceKey>[];

export type InstanceColumn = (typeof COLUMNS)[number]["name"];
