import { vitePreprocess } from "@sveltejs/vite-plugin-svelte";

export default {
  preprocess: vitePreprocess(),
  compilerOptions: {
    // It stands at every element and in every rule that a component styles: two thousand times.
    cssHash: ({ hash, css, filename }) => `_${hash(filename ?? css).slice(0, 5)}`,
  },
};
