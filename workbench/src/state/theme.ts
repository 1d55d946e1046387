/** Light or dark: the address decides, then what was chosen before, then the system. */
import { useSyncExternalStore } from "react";
import { usePageStore } from "./page";

export type Theme = "light" | "dark";

const KEY = "neuronscope-theme";
const QUERY = "(prefers-color-scheme: dark)";

function remembered(): Theme | null {
  try {
    return themeNamed(globalThis.localStorage.getItem(KEY));
  } catch {
    return null;
  }
}

function themeNamed(text: string | null | undefined): Theme | null {
  return text === "light" || text === "dark" ? text : null;
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
  const chosen = usePageStore(({ query }) => themeNamed(query.theme));
  const dark = useSyncExternalStore(watchSystem, systemIsDark);
  return chosen ?? remembered() ?? (dark ? "dark" : "light");
}

/** Changes the theme, for this address and for the next visit. */
export function turn(theme: Theme): void {
  remember(theme);
  usePageStore.getState().set({ theme });
}
