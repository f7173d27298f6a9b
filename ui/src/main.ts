import "./language";
import { mount } from "svelte";
import App from "./App.svelte";
import "./design/tokens.css";
import "./design/base.css";
import "uplot/dist/uPlot.min.css";
import { startClock } from "./state/clock.svelte";
import { readDesktop } from "./state/desktop.svelte";
import { watchLook } from "./state/look.svelte";
import { attach } from "./state/live.svelte";
import { watchAddress } from "./state/route.svelte";

watchAddress();
startClock();
watchLook();
void readDesktop();
attach();

const target = document.getElementById("app");
if (target) mount(App, { target });
