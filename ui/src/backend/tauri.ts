import { Channel, invoke } from "@tauri-apps/api/core";
import type { Backend, Heard } from "./backend";

/** The tray application that this window belongs to. */
export const backend: Backend = {
  request: (request) => invoke("request", { request }),
  subscribe(heard) {
    let subscribed = true;
    const channel = new Channel<Heard>();
    channel.onmessage = (message) => {
      if (subscribed) heard(message);
    };
    invoke("attach", { channel }).catch((error: unknown) => {
      if (subscribed) heard({ heard: "lost", why: String((error as { message?: unknown }).message ?? error) });
    });
    return () => {
      subscribed = false;
    };
  },
  theme: (theme) => void invoke("theme", { theme }),
  open: (url) => invoke("open", { url }),
  choose: (dialog) => invoke("choose", { dialog }),
  async save(name, pieces) {
    const { id, place } = await invoke<{ id: number; place: string }>("save_begin", { name });
    try {
      for await (const text of pieces) await invoke("save_more", { id, text });
    } finally {
      await invoke("save_end", { id });
    }
    return place;
  },
  settings: () => invoke("settings"),
  change: (settings) => invoke("change", { settings }),
  service: () => invoke("service"),
  examineService: (language) => invoke("examine_service", { language }),
  switchService: (on) => invoke("switch_service", { on }),
};
