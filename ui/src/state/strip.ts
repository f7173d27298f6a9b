import type { Health, ProgramState } from "../contract";
import { mark } from "./programs";

/** A bar's height in the strip of a program's past; what it was is told by its shape, and by its colour only besides. */
export const BAND = 20;

/** A piece of a bar: from so far below the top of the band, so high. */
export type Piece = readonly [top: number, height: number];

/** The bar of each mark: what runs is of middle height, what wants attention stands above it and is broken as its mark is. */
const SHAPES: Record<Health, readonly Piece[]> = {
  down: [
    [0, 8],
    [12, 8],
  ],
  suspect: [
    [4, 10],
    [17, 3],
  ],
  up: [[8, 12]],
  recovering: [[12, 8]],
  paused: [[16, 4]],
  unknown: [[18.5, 1.5]],
};

/** The bar of a part in which the program stood so, or in which nothing is known of it. */
export function shape(state: ProgramState | null): readonly Piece[] {
  return SHAPES[look(state)];
}

/** The mark whose shape and colour a part has. */
export const look = (state: ProgramState | null): Health => (state === null ? "unknown" : mark(state));

/** The marks that stand in `past`, each with the states that it stands for; what wants attention first. */
export function legend(past: readonly { state: ProgramState | null }[]): [Health, (ProgramState | null)[]][] {
  const seen = new Set(past.map(({ state }) => state));
  return (Object.keys(SHAPES) as Health[]).flatMap((mark) => {
    const states = [...seen].filter((state) => look(state) === mark);
    return states.length > 0 ? [[mark, states]] : [];
  });
}
