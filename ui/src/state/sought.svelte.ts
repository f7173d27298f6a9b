/** A part of the settings. */
export type SettingsPart =
  | "desktop"
  | "service"
  | "told"
  | "email"
  | "alerts"
  | "channels"
  | "status_page"
  | "entries"
  | "secrets"
  | "versions"
  | "files";

let part = $state<SettingsPart | null>(null);

/** The part of the settings that one came for, until it is shown. */
export const sought = {
  get part() {
    return part;
  },
  set part(wanted: SettingsPart | null) {
    part = wanted;
  },
};
