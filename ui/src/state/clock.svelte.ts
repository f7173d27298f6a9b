/** The time that spans are counted to; it goes on every five seconds while the window is shown. */
const STEP_MS = 5000;

let now = $state(Date.now());

export const clock = {
  get now() {
    return now;
  },
};

export function startClock() {
  const tick = () => {
    if (!document.hidden) now = Date.now();
  };
  setInterval(tick, STEP_MS);
  document.addEventListener("visibilitychange", tick);
}
