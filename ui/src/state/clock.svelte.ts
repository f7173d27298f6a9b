/** The time that spans are counted to; it goes on every five seconds while the window is shown. */
const STEP_MS = 5000;

let now = $state(Date.now());

const today = $derived(new Date(now).setHours(0, 0, 0, 0));

export const clock = {
  get now() {
    return now;
  },
  /** When this day began: what is of another is told by its date. */
  get today() {
    return today;
  },
};

const tick = () => {
  if (!document.hidden) now = Date.now();
};

export function startClock() {
  setInterval(tick, STEP_MS);
  document.addEventListener("visibilitychange", tick);
}

/** Has it go on every second, until the returned function is called: while something is watched that takes seconds. */
export function everySecond(): () => void {
  const timer = setInterval(tick, 1000);
  return () => clearInterval(timer);
}
