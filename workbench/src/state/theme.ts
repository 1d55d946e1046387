/** Light or dark: the address decides, then what was chosen before, then the system. */
import { useSyncExternalStore } from "react";
import { useLab } from "./lab";
import type { Theme } from "./address";

const KEY = "neuronscope-theme";
const QUERY = "(prefers-color-scheme: dark)";

function remembered(): Theme | null {
  try {
    const found = globalThis.localStorage.getItem(KEY);
    return found === "light" || found === "dark" ? found : null;
  } catch {
    return null;
  }
}

export function remember(theme: Theme): void {
  try {
    globalThis.localStorage.setItem(KEY, theme);
  } catch {
    // A browser without storage keeps the theme in the address alone.
  }
}

function watchSystem(listen: () => void): () => void {
  const media = globalThis.matchMedia?.(QUERY);
  media?.addEventListener("change", listen);
  return () => media?.removeEventListener("change", listen);
}

function systemIsDark(): boolean {
  return globalThis.matchMedia?.(QUERY).matches ?? false;
}

/** The theme in force. */
export function useTheme(): Theme {
  const chosen = useLab(({ state }) => state.theme);
  const dark = useSyncExternalStore(watchSystem, systemIsDark);
  return chosen ?? remembered() ?? (dark ? "dark" : "light");
}
