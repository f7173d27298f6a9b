import { test } from "vitest";
import { staged } from "../stage";
import { type PageCase, whole } from "./whole";

const stage = staged();

/** Every page and state of flows, and a text by which it is known. */
const PAGES: PageCase[] = [
  ["#/flows", "2 flows need attention"],
  ["?flows=dense#/flows", " of 30: part "],
  ["#/flow/nightly%20backup", "suppressed: the budget was used up"],
  ["#/flow/move%20to%20the%20new%20disk", "No runs yet"],
  ["#/flow/release%20the%20shop", "Cancel run"],
  ["#/flow/nobody", "Flow “nobody” not found"],
  ["#/run/16", "error: canceling statement due to lock timeout"],
  ["#/flow/switch%20the%20database", "Switch the shop to replica-2?"],
  ["#/run/73", "could not be undone"],
  ["#/run/75", "Failed at step 4 of 8"],
  ["#/run/76", "If nobody answers by"],
  ["#/run/77", "publish the image"],
  ["?flows=dense#/run/78", "part 30"],
  ["#/run/9999", "Run 9999 not found"],
  ["?world=empty#/flows", "No flows yet"],
  ["?language=es#/run/16", "duró"],
  ["#/plan/switch%20the%20database", "Nothing was found that would make a step fail"],
  ["?flows=dense#/plan/reindex", "part 30"],
  ["#/plan/nobody", "Flow “nobody” not found"],
  ["?language=es#/plan/move%20to%20the%20new%20disk", "1 paso fallaría"],
  ["#/new/flow", "What should the step do?"],
  ["#/edit/flow/heal%20the%20shop", "is it really down"],
  ["?language=es#/edit/flow/release%20the%20shop", "Añadir un paso"],
  ["#/edit/flow/nobody", "is not in the file"],
];

test.each(PAGES)("%s shows itself, whole and accessibly, in every width and theme", (address, text) =>
  whole(stage, address, text),
);
