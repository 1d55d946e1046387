/** The drawing of a difference: a map, tinted tokens, a line or a list, or the table behind each. */
import { useMemo } from "react";
import type { Result, Selection, Variable } from "../api/shapes";
import { chosenDomain } from "../colour/domain";
import { ColourScale } from "../figures/ColourScale";
import { DataTable } from "../figures/DataTable";
import { Profile } from "../figures/Profile";
import { Ranking } from "../figures/Ranking";
import { TokenText } from "../figures/TokenText";
import { axisLabels, inWords, valueTitle } from "../figures/words";
import { ends, Heat } from "../result/HeatView";
import { placesAlong, rowOf } from "../result/ListView";
import type { Plane } from "../result/plane";
import type { Look, View } from "../result/view";
import { useTall } from "../shell/Panel";
import { pointed, useSelection } from "../state/selection";
import { useTheme } from "../state/theme";
import type { Remainder } from "./Difference";

const HATCHED = "the intervals of A and B overlap, so they are not distinguishable";

interface DrawnProps {
  result: Result;
  variable: Variable;
  plane: Plane;
  at: Selection;
  left: Remainder;
  unsure: readonly boolean[] | null;
  view: View;
  look: Look;
}

export function Drawn(props: DrawnProps) {
  const { result, variable, plane, at, left, unsure, view, look } = props;
  const theme = useTheme();
  const tall = useTall(430);
  const { x, y } = plane;
  const values = left.cube.numbers ?? new Float64Array();
  // The ends already are those of the slice where the slice is what the colours span.
  const range = view.range === "clip" ? "clip" : "all";
  if (x !== null && y !== null)
    return (
      <Heat
        {...{ result, variable, plane, at, theme, tall, look, x, y, values, unsure }}
        view={{ ...view, range }}
        words={null}
        hatched={HATCHED}
        whole={left.whole}
        onMove={(axis, index) => look({ at: { ...view.at, [axis]: index } })}
      />
    );
  if (x === null || view.table) return <Sides {...props} />;
  if (plane.kind === "ranking") return <Listed {...props} x={x} />;
  return <Along {...props} x={x} range={range} />;
}

/** A, B and A − B in a table, for what lies along one axis or none. */
function Sides({ result, variable, plane, left }: DrawnProps) {
  const title = valueTitle(variable);
  const columns = ["A", "B", "A − B"].map((text) => ({ text, token: false }));
  const rows = plane.x === null ? [{ text: title, token: false }] : axisLabels(result, plane.x);
  const sides = [left.a, left.b, left.cube];
  const values = rows.flatMap((_, row) => sides.map(({ numbers }) => numbers?.[row] ?? Number.NaN));
  return (
    <DataTable
      label={title}
      rowName={plane.x === null ? "value" : inWords(plane.x)}
      columnName="side"
      {...{ rows, columns, values }}
      words={null}
    />
  );
}

interface AlongProps extends DrawnProps {
  x: string;
}

function Along({ result, variable, plane, at, left, x, range }: AlongProps & { range: "clip" | "all" }) {
  const { hovered, selected, hover, select } = useSelection();
  const theme = useTheme();
  const labels = useMemo(() => axisLabels(result, x), [result, x]);
  const values = left.cube.numbers ?? new Float64Array();
  const title = valueTitle(variable);
  const placed = (index: number | null) => (index === null ? null : { ...at, [x]: index });
  const onPoint = (index: number | null) => hover(placed(index));
  const onPin = (index: number) => select(placed(index));
  const lit = pointed(hovered, x) ?? pointed(selected, x);
  const shared = { labels, values, lit, onPoint, onPin };
  if (plane.kind !== "tokens")
    return (
      <Profile
        label={`${title} by ${inWords(x)}`}
        {...shared}
        band={null}
        chance={null}
        axisName={inWords(x)}
        valueName={title}
      />
    );
  const domain = chosenDomain(values, ends(variable), range);
  return (
    <>
      <div className="figure-head">
        <span />
        <ColourScale title={title} domain={domain} theme={theme} value={lit === null ? null : values[lit]} />
      </div>
      <TokenText label={title} {...shared} domain={domain} theme={theme} />
    </>
  );
}

function column(name: string, title: string, numbers: Float64Array | null) {
  return { name, title, values: Array.from(numbers ?? []) };
}

function Listed({ result, variable, at, left, unsure, x }: AlongProps) {
  const { hovered, selected, hover, select } = useSelection();
  const places = useMemo(() => placesAlong(result, x, at), [result, x, at]);
  const title = valueTitle(variable);
  const entries = useMemo(() => axisLabels(result, x).map(({ text }) => text), [result, x]);
  return (
    <div className="table-scroll" tabIndex={0} role="region" aria-label={`Ranking of ${title}`}>
      <Ranking
        label={title}
        axis={inWords(x)}
        entries={entries}
        columns={[
          column("difference", title, left.cube.numbers),
          column("a", "A", left.a.numbers),
          column("b", "B", left.b.numbers),
        ]}
        bars="difference"
        unsure={unsure}
        hatched={HATCHED}
        lit={rowOf(places, hovered) ?? rowOf(places, selected)}
        onPoint={(row) => hover(row === null ? null : (places[row] ?? null))}
        onPin={(row) => select(places[row] ?? null)}
      />
    </div>
  );
}
