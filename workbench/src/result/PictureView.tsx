/** What only the server lays out, as its picture of the slice: where plotly cannot draw it here. */
import { useState } from "react";
import { BASE } from "../api/client";
import type { Result, Selection, Variable } from "../api/shapes";
import { inWords, valueTitle } from "../figures/words";
import type { Theme } from "../state/theme";

export interface PictureProps {
  result: Result;
  variable: Variable;
  kind: string;
  at: Selection;
  theme: Theme;
}

export function PictureView({ result, variable, kind, at, theme }: PictureProps) {
  const [seen, setSeen] = useState(false);
  const address = pictureOf(result.digest, variable.name, at, theme);
  return (
    <img
      className={seen ? "picture" : "picture skeleton"}
      srcSet={`${address} 2x`}
      onLoad={() => setSeen(true)}
      alt={`${valueTitle(variable)} as ${inWords(kind)}; the table has its numbers.`}
    />
  );
}

/** Address of the picture of a slice. */
export function pictureOf(digest: string, variable: string, at: Selection, theme: Theme): string {
  return `${BASE}/results/${digest}/export?format=png&${sliceQuery(variable, at, theme)}`;
}

/** What the server must be told to draw a slice. */
export function sliceQuery(variable: string, at: Selection, theme: Theme): string {
  const places = Object.entries(at).map(([axis, index]) => [axis, String(index)]);
  return new URLSearchParams([["variable", variable], ["theme", theme], ...places]).toString();
}
