/** How active each layer is at each token: a flat view of the whole stream, with its table. */
import { useMemo } from "react";
import type { Selection } from "../api/shapes";
import { domainOf, extent } from "../colour/domain";
import { DataTable } from "../figures/DataTable";
import { HeatCanvas } from "../figures/HeatCanvas";
import { visible } from "../figures/words";
import { pointed, useSelection } from "../state/selection";
import { useTheme } from "../state/theme";
import { type Side, useStream } from "./stream";
import type { Tape } from "./tape";

interface StripProps {
  tape: Tape;
  side: Side;
  cursor: number;
  table: boolean;
  onSeek: (position: number) => void;
}

const LABEL = "Mean size of activations by layer and token";

export function LayerStrip({ tape, side, cursor, table, onSeek }: StripProps) {
  const theme = useTheme();
  const hovered = useSelection((selecting) => selecting.hovered);
  const selected = useSelection((selecting) => selecting.selected);
  const pins = useSelection((selecting) => selecting.pins);
  const hover = useSelection((selecting) => selecting.hover);
  const select = useSelection((selecting) => selecting.select);
  const pin = useSelection((selecting) => selecting.pin);
  const means = useStream((stream) => stream.means);
  const { values, rows, columns } = useMemo(() => stripOf(tape, means(side)), [tape, means, side]);
  if (!rows.length || !columns.length) return null;
  const [, high] = extent(values) ?? [0, 1];
  const shared = { label: LABEL, rowName: "layer", columnName: "token", rows, columns, values, words: null };
  if (table) return <DataTable {...shared} />;
  const position = pointed(hovered, "position", "query", "key") ?? cursor;
  const placeOf = (places: Selection | null) => {
    const [row, column] = [pointed(places, "layer"), pointed(places, "position")];
    return row === null || column === null || column >= columns.length ? null : { row, column };
  };
  return (
    <HeatCanvas
      {...shared}
      unsure={null}
      domain={domainOf(0, high)}
      theme={theme}
      square={false}
      textual={false}
      bottomUp
      tall={Math.min(40 + rows.length * 14, 240)}
      selected={placeOf(selected)}
      pins={pins.flatMap((one) => placeOf(one) ?? [])}
      lit={{ column: position, row: pointed(hovered, "layer") }}
      onSelect={(place) => {
        if (place) onSeek(place.column);
        select(place ? { layer: place.row, position: place.column } : null);
      }}
      onPin={(place) => pin({ layer: place.row, position: place.column })}
      onPoint={(place) => hover(place ? { layer: place.row, position: place.column } : null)}
    />
  );
}

/** Means by layer, then token, of what has come. */
function stripOf(tape: Tape, means: readonly Float32Array[]) {
  const layers = tape.start?.layers ?? 0;
  const columns = tape.tokens.slice(0, means.length);
  const values = new Float32Array(layers * columns.length);
  for (let column = 0; column < columns.length; column += 1)
    for (let layer = 0; layer < layers; layer += 1)
      values[layer * columns.length + column] = means[column]?.[layer] ?? 0;
  return {
    values,
    rows: Array.from({ length: layers }, (_, layer) => ({ text: String(layer), token: false })),
    columns: columns.map(({ text }) => ({ text: visible(text), token: true })),
  };
}
