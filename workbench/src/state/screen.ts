/** Which answers are on screen, so that a selected place can be asked about in the one that it belongs to. */
import { useEffect } from "react";
import { create } from "zustand";
import type { Result, Selection, Variable } from "../api/shapes";

export interface Drawn {
  result: Result;
  variable: Variable;
}

const useScreen = create<Readonly<Record<string, Drawn>>>(() => ({}));

/** Says that a panel draws a variable of a result, as long as it does. */
export function useOnScreen(panel: string, result: Result, variable: Variable | undefined): void {
  useEffect(() => {
    if (!variable) return undefined;
    useScreen.setState({ [panel]: { result, variable } });
    return () => useScreen.setState(({ [panel]: _gone, ...others }) => others, true);
  }, [panel, result, variable]);
}

/** The drawn answer whose axes hold every selected place; one that says what its cells are comes first. */
export function useDrawnAt(selected: Selection | null): Drawn | null {
  return useScreen((all) => {
    const axes = Object.keys(selected ?? {});
    const fitting = Object.values(all).filter(({ variable }) =>
      axes.every((axis) => variable.axes.includes(axis)),
    );
    return fitting.find(({ variable }) => siteOf(variable)) ?? fitting[0] ?? null;
  });
}

/** What a variable says of its cells, such as `z.{layer}.{head}`; empty where they are no places. */
export function siteOf(variable: Variable | undefined): string {
  return variable?.site ?? "";
}
