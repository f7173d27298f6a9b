// Which theme and which density hold, before anything is painted; whatever else runs comes later. What is chosen is kept by
// src/state/look.svelte.ts, which tells of a change by the event "look".
(() => {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const chosen = () => {
    try {
      return JSON.parse(localStorage.getItem("look")) ?? {};
    } catch {
      return {};
    }
  };
  const show = () => {
    const { theme, density } = chosen();
    const { dataset } = document.documentElement;
    dataset.theme = theme === "light" || theme === "dark" ? theme : dark.matches ? "dark" : "light";
    dataset.density = density === "compact" ? "compact" : "comfortable";
  };
  show();
  dark.addEventListener("change", show);
  addEventListener("look", show);
})();
