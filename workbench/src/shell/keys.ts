/** Keys that work everywhere on the page, and the words that explain them. */
import { useEffect, useRef } from "react";
import { readView, writeView } from "../result/view";
import { usePageStore } from "../state/page";

export const SHORTCUTS: readonly (readonly [string, string])[] = [
  ["Ctrl or ⌘ K", "Search: pages, models, analyses, neurons, results"],
  ["Ctrl or ⌘ Enter", "Run the questions of the lab"],
  ["/", "Go to the prompt"],
  ["t", "Switch between drawing and table"],
  ["← ↑ → ↓", "Move the cursor over cells, tokens, heads, neurons and sliders"],
  ["Enter", "Select what is under the cursor, or let it go"],
  ["Shift Enter", "Pin it, so that it stays while others are selected"],
  ["p · a · s", "Patch, ablate or steer what is selected"],
  ["d", "Open or close the dock"],
  ["[ · ]", "The unit before, the unit after"],
  ["Space", "Pause the stream, or let it go on"],
  ["f · r", "Flat or solid view of the model; camera back to the start"],
  ["+ · −", "In the living view: nearer, further; Shift and arrows turn it, n and p go to the next token"],
  ["Escape", "Let go of the selection, close a menu, leave full screen"],
  ["Tab", "Go to the next control"],
  ["?", "Show these keys"],
];

interface Keys {
  run: () => void;
  focusPrompt: () => void;
  /** Slot of the view that `t` turns into a table. */
  slot: string;
}

/** Whether keys belong to the field that has the focus. */
export function typing(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    target.matches("input:not([type=range]):not([type=radio]), textarea, select")
  );
}

/** Listens for the page's keys; keys typed into a field stay in the field. */
export function useShortcuts({ run, focusPrompt, slot }: Keys): void {
  const keys = useRef({ run, focusPrompt, slot });
  useEffect(() => {
    keys.current = { run, focusPrompt, slot };
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
      if (event.key === "t") turnTable(keys.current.slot);
    };
    globalThis.addEventListener("keydown", listen);
    return () => globalThis.removeEventListener("keydown", listen);
  }, []);
}

function turnTable(slot: string): void {
  const { query, set } = usePageStore.getState();
  const view = readView(query, slot);
  set(writeView({ ...view, table: !view.table }, slot));
}
