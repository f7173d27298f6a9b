import { test } from "vitest";
import { staged } from "../stage";
import { type PageCase, whole } from "./whole";

const stage = staged();

/** Every page and state of fleets, and a text by which it is known. */
const PAGES: PageCase[] = [
  ["#/fleets", "1 fleet needs attention"],
  ["?world=empty#/fleets", "No fleets yet"],
  ["?language=es#/fleets", "1 flota requiere atención"],
  ["?still#/fleet/web", "web-3"],
  ["?still#/fleet/edge", "1,312 ×"],
  ["?still#/fleet/shop", "shop-7"],
  ["?still&language=es#/fleet/lab", "Esta política nunca se estabiliza"],
  ["?still&fleet=thousands#/fleet/web", "5,000"],
  ["#/fleet/office", "No instances"],
  ["#/fleet/nobody", "Fleet “nobody” not found"],
  ["#/new/fleet", "Default: 60%"],
  ["#/edit/fleet/shop", "Launch template"],
  ["?language=es#/edit/fleet/edge", "Comando para lanzar"],
];

test.each(PAGES)("%s shows itself, whole and accessibly, in every width and theme", (address, text) =>
  whole(stage, address, text),
);
