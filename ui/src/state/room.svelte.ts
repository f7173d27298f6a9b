/** How much room the window has, the least first: one column, tables without what can be missed, all. */
export const ROOMS = ["narrow", "middle", "wide"] as const;

export type Room = (typeof ROOMS)[number];

// As in the styles: see src/design/tokens.css.
const narrow = matchMedia("(max-width: 40rem)");
const middle = matchMedia("(max-width: 60rem)");

const measured = (): Room => (narrow.matches ? "narrow" : middle.matches ? "middle" : "wide");

let now = $state<Room>(measured());
for (const query of [narrow, middle]) query.addEventListener("change", () => (now = measured()));

/** How much room there is just now. */
export const room = {
  get now() {
    return now;
  },
};
