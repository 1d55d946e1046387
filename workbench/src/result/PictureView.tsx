/** Kinds that only the server draws: points, paths, graphs, fields and lines of text, as its picture of the slice. */
import { useState } from "react";
import { BASE } from "../api/client";
import type { Result, Selection, Variable } from "../api/shapes";
import { inWords, valueTitle } from "../figures/words";
import type { Theme } from "../state/theme";

interface PictureProps {
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
  const places = Object.entries(at).map(([axis, index]) => [axis, String(index)]);
  return `${BASE}/results/${digest}/export?${new URLSearchParams([["format", "png"], ["variable", variable], ["theme", theme], ...places])}`;
}
