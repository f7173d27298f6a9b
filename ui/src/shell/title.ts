import { t } from "../i18n/i18n.svelte";
import type { Route } from "../state/route.svelte";

/** What the window is called while it shows `route` and so many monitors are `down`: by the task bar, and by a screen reader. */
export function title(route: Route, down: number): string {
  const count = down > 0 ? `(${down}) ` : "";
  return `${count}${page(route)} – Estatus`;
}

/** What the page at `route` is called. */
export function page(route: Route): string {
  switch (route.page) {
    case "overview":
      return t("nav.overview");
    case "welcome":
      return t("welcome.survey");
    case "monitor":
      return route.name;
    case "programs":
      return route.name ?? t("nav.programs");
    case "flows":
      return t("nav.flows");
    case "flow":
      return route.name;
    case "plan":
      return t("plan.title", { name: route.name });
    case "run":
      return t("flow.run", { id: route.id });
    case "fleets":
      return t("nav.fleets");
    case "fleet":
      return route.name;
    case "incidents":
      return route.id === null ? t("nav.incidents") : t("incident.title", { id: route.id });
    case "settings":
      return t("nav.settings");
    case "edit":
      return route.name === null ? t(`edit.new.${route.section}`) : t("edit.title", { name: route.name });
    case "nowhere":
      return t("nowhere.title");
  }
}
