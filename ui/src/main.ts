import "./language";
import { mount } from "svelte";
import App from "./App.svelte";
import "./design/tokens.css";
import "./design/base.css";
import { speak } from "./i18n/i18n.svelte";
import { startClock } from "./state/clock.svelte";
import { readDesktop } from "./state/desktop.svelte";
import { watchLook } from "./state/look.svelte";
import { attach } from "./state/live.svelte";
import { watchAddress } from "./state/route.svelte";

watchAddress();
startClock();
const spoken = speak("system");
watchLook();
void readDesktop();
attach();
await spoken;

const target = document.getElementById("app");
if (target) {
  // What stood there while all of this was read.
  target.replaceChildren();
  mount(App, { target });
}
