import type { Section } from "../contract";

/** Where in the window one is. */
export type Route =
  | { page: "overview" }
  | { page: "welcome" }
  | { page: "monitor"; name: string }
  | { page: "programs"; name: string | null }
  | { page: "flows" }
  | { page: "flow"; name: string }
  | { page: "plan"; name: string }
  | { page: "run"; id: number }
  | { page: "fleets" }
  | { page: "fleet"; name: string }
  | { page: "incidents"; id: number | null }
  | { page: "settings" }
  | { page: "edit"; section: Section; name: string | null; /** What a new one begins as. */ from?: string }
  | { page: "nowhere" };

/** What stands behind the address of this window. */
export type Hash = `#/${string}`;

const SECTIONS: readonly string[] = ["monitor", "program", "channel", "flow", "fleet"] satisfies Section[];

/** The route that `hash` says. */
export function parse(hash: string): Route {
  const [page = "", ...rest] = hash
    .replace(/^#?\/?/, "")
    .split("/")
    .map(decoded);
  const name = rest.length > 0 ? rest.join("/") : null;
  switch (page) {
    case "":
    case "overview":
      return { page: "overview" };
    case "welcome":
      return { page: "welcome" };
    case "settings":
      return { page: "settings" };
    case "monitor":
      return name ? { page: "monitor", name } : { page: "overview" };
    case "programs":
    case "program":
      return { page: "programs", name };
    case "flows":
      return { page: "flows" };
    case "flow":
      return name ? { page: "flow", name } : { page: "flows" };
    case "plan":
      return name ? { page: "plan", name } : { page: "flows" };
    case "run": {
      const id = number(name);
      return id === null ? { page: "flows" } : { page: "run", id };
    }
    case "fleets":
      return { page: "fleets" };
    case "fleet":
      return name ? { page: "fleet", name } : { page: "fleets" };
    case "incidents":
    case "incident":
      return { page: "incidents", id: number(name) };
    case "edit":
      return edited(rest, (section, name) => ({ page: "edit", section, name }));
    case "new":
      return edited(rest, (section, from) => ({ page: "edit", section, name: null, ...(from !== null && { from }) }));
    default:
      return { page: "nowhere" };
  }
}

/** How the address says `route`. */
export function hash(route: Route): Hash {
  switch (route.page) {
    case "overview":
    case "nowhere":
      return "#/";
    case "welcome":
      return "#/welcome";
    case "settings":
      return "#/settings";
    case "monitor":
      return `#/monitor/${encodeURIComponent(route.name)}`;
    case "programs":
      return route.name === null ? "#/programs" : `#/program/${encodeURIComponent(route.name)}`;
    case "flows":
      return "#/flows";
    case "flow":
      return `#/flow/${encodeURIComponent(route.name)}`;
    case "plan":
      return `#/plan/${encodeURIComponent(route.name)}`;
    case "run":
      return `#/run/${route.id}`;
    case "fleets":
      return "#/fleets";
    case "fleet":
      return `#/fleet/${encodeURIComponent(route.name)}`;
    case "incidents":
      return route.id === null ? "#/incidents" : `#/incident/${route.id}`;
    case "edit": {
      const from = route.from === undefined ? "" : (`/${encodeURIComponent(route.from)}` as const);
      if (route.name === null) return `#/new/${route.section}${from}`;
      return `#/edit/${route.section}/${encodeURIComponent(route.name)}`;
    }
  }
}

function edited([section, ...name]: string[], at: (section: Section, name: string | null) => Route): Route {
  if (!SECTIONS.includes(section ?? "")) return { page: "nowhere" };
  return at(section as Section, name.length > 0 ? name.join("/") : null);
}

function number(text: string | null): number | null {
  const number = Number.parseInt(text ?? "", 10);
  return Number.isFinite(number) ? number : null;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** What one comes back from, and never to. */
const LEAVES: readonly Route["page"][] = ["monitor", "plan", "run", "edit", "nowhere"];

let current = $state.raw<Route>({ page: "overview" });
let before = $state.raw<Route>({ page: "overview" });
let listing = $state.raw<Route>({ page: "overview" });

export const route = {
  get now() {
    return current;
  },
  /** Where one was before. */
  get before() {
    return before;
  },
  /** Where one comes back to: from a monitor, a run or a plan to what led there, from a flow or a fleet to all of them, from all else to the overview. */
  get back(): Route {
    if (current.page === "monitor") return listing;
    if (current.page === "plan") return listing.page === "flows" ? listing : { page: "flow", name: current.name };
    if (current.page === "run" && listing.page !== "overview") return listing;
    if (current.page === "fleet") return { page: "fleets" };
    return { page: current.page === "flow" || current.page === "run" ? "flows" : "overview" };
  },
};

function arrive(target: Route) {
  if (hash(target) !== hash(current)) before = current;
  current = target;
  if (!LEAVES.includes(target.page)) listing = target;
}

/** Goes to `target`, a route or what the address says of one. */
export function go(target: Route) {
  // The address is heard of later only, and by then what is drawn now may have gone elsewhere.
  arrive(target);
  location.hash = hash(target);
}

/** A way on from where the user is now. It leads nowhere once he has gone elsewhere: what was to be waited for may take its time. */
export function wayOn(): (target: Route) => void {
  const here = location.hash;
  return (target) => {
    if (location.hash === here) go(target);
  };
}

/** Goes where `page` says: `#/monitor/NAME`, `/monitor/NAME` or `monitor/NAME`. */
export function follow(page: string) {
  go(parse(page));
}

/** Keeps [`route`] at what the address says. */
export function watchAddress() {
  const read = () => arrive(parse(location.hash));
  read();
  addEventListener("hashchange", read);
}
