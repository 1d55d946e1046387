/** Keys that work everywhere on the page, and the words that explain them. */
import { useEffect, useRef } from "react";
import { useLab } from "../state/lab";

export const SHORTCUTS: readonly (readonly [string, string])[] = [
  ["Ctrl or ⌘ Enter", "Run the analysis"],
  ["/", "Go to the prompt"],
  ["t", "Switch between drawing and table"],
  ["← ↑ → ↓", "Move the cursor over cells, tokens, heads and sliders"],
  ["Enter", "Pin the cell under the cursor, or let it go"],
  ["Escape", "Let go of the pinned cell, close a menu"],
  ["Tab", "Go to the next control"],
  ["?", "Show these keys"],
];

interface Keys {
  run: () => void;
  focusPrompt: () => void;
}

function typing(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    target.matches("input:not([type=range]):not([type=radio]), textarea, select")
  );
}

/** Listens for the page's keys; keys typed into a field stay in the field. */
export function useShortcuts({ run, focusPrompt }: Keys): void {
  const keys = useRef({ run, focusPrompt });
  useEffect(() => {
    keys.current = { run, focusPrompt };
  });
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        keys.current.run();
        return;
      }
      if (typing(event.target) || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === "/") {
        event.preventDefault();
        keys.current.focusPrompt();
      }
      const { state, look } = useLab.getState();
      if (event.key === "t") look({ table: !state.table });
    };
    globalThis.addEventListener("keydown", listen);
    return () => globalThis.removeEventListener("keydown", listen);
  }, []);
}
