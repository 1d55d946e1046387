/** Neurons as rows that can be sorted by any column; a row selects its neuron in every panel. */
import { useMemo, useState } from "react";
import { number } from "../figures/words";
import { PageLink } from "../shell/PageLink";
import { useSelection } from "../state/selection";
import type { Neurons } from "./neurons";

export interface Column {
  name: string;
  title: string;
  values: ArrayLike<number>;
  /** The value at a neuron is not distinguishable from random. */
  unsure?: (at: number) => boolean;
}

interface TableProps {
  neurons: Neurons;
  points: readonly number[];
  columns: readonly Column[];
  /** The smallest value comes first until the reader chooses otherwise. */
  up?: boolean;
}

const SHOWN = 100;

interface Order {
  by: string;
  up: boolean;
}

/** Points ordered by a column, those without a value last. */
export function sorted(points: readonly number[], values: ArrayLike<number> | null, up: boolean): number[] {
  if (!values) return up ? [...points] : points.toReversed();
  const known = points.filter((point) => !Number.isNaN(values[point]));
  const unknown = points.filter((point) => Number.isNaN(values[point]));
  const way = up ? 1 : -1;
  return [
    ...known.toSorted((one, other) => way * ((values[one] as number) - (values[other] as number))),
    ...unknown,
  ];
}

export function Table({ neurons, points, columns, up: least = false }: TableProps) {
  const [order, setOrder] = useState<Order | null>(null);
  const first = columns[0];
  const { by, up } = order ?? (first ? { by: first.name, up: least } : { by: "neuron", up: true });
  const column = columns.find(({ name }) => name === by);
  const rows = useMemo(
    () => sorted(points, column?.values ?? null, column ? up : by === "neuron" ? up : true).slice(0, SHOWN),
    [points, column, up, by],
  );
  const turn = (name: string) => setOrder({ by: name, up: by === name ? !up : name === "neuron" });
  return (
    <div className="table-scroll set-table" tabIndex={0} role="region" aria-label="Table of the neurons">
      <table className="data">
        <caption className="note muted">
          {points.length > SHOWN
            ? `The first ${SHOWN} of ${points.length}; CSV has all.`
            : `${points.length} neurons`}
        </caption>
        <thead>
          <tr>
            {[{ name: "neuron", title: "neuron" }, ...columns].map(({ name, title }) => (
              <th key={name} scope="col" aria-sort={by === name ? (up ? "ascending" : "descending") : "none"}>
                <button type="button" className="sort" onClick={() => turn(name)}>
                  {title}
                  <span aria-hidden="true">{by === name ? (up ? " ↑" : " ↓") : ""}</span>
                </button>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((point) => (
            <Line key={point} {...{ neurons, point, columns }} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Line({ neurons, point, columns }: { neurons: Neurons; point: number; columns: readonly Column[] }) {
  const places = { layer: neurons.layer[point] as number, neuron: neurons.neuron[point] as number };
  const state = useSelection(({ selected, hovered, pins }) => {
    const is = (one: Record<string, number> | null) =>
      one?.layer === places.layer && one.neuron === places.neuron;
    if (is(selected)) return "selected";
    if (pins.some(is)) return "pinned";
    return is(hovered) ? "hovered" : "";
  });
  const hover = useSelection((selection) => selection.hover);
  const select = useSelection((selection) => selection.select);
  const unit = `mlp_act.${neurons.names[point]}`;
  return (
    <tr
      className={state}
      data-unit={unit}
      onPointerEnter={() => hover(places)}
      onPointerLeave={() => hover(null)}
      onClick={() => select(places)}
    >
      <th scope="row" className="mono">
        <PageLink to="/unit" query={{ unit, sel: `layer:${places.layer},neuron:${places.neuron}` }}>
          {neurons.names[point]}
        </PageLink>
      </th>
      {columns.map(({ name, values, unsure }) => (
        <td
          key={name}
          className={unsure?.(point) ? "right mono unsure-cell" : "right mono"}
          data-value={values[point]}
          title={unsure?.(point) ? "not distinguishable from random" : undefined}
        >
          {number(values[point])}
        </td>
      ))}
    </tr>
  );
}
