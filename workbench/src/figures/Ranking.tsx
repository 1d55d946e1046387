/** An ordered list: one row an entry, a bar for its value. */
import { Fragment } from "react";
import { extent } from "../colour/domain";
import { number, visible } from "./words";

export interface Column {
  name: string;
  title: string;
  /** One entry a row: numbers are set right, text is set as given. */
  values: readonly (number | string)[];
  /** The text is tokens, whose spaces are shown. */
  tokens?: boolean;
}

interface RankingProps {
  label: string;
  /** What heads the first column, and the entry of each row there. */
  axis: string;
  entries: readonly string[];
  columns: readonly Column[];
  /** Name of the column that the bars draw. */
  bars: string | null;
  /** Lower and upper ends of that column, by row. */
  interval?: { low: ArrayLike<number>; high: ArrayLike<number> } | null;
  /** Rows that are not distinguishable from random. */
  unsure?: readonly boolean[] | null;
  /** What a hatched row means. */
  hatched?: string;
  /** Row that another panel points at, and what pointing at a row and choosing it do. */
  lit?: number | null;
  onPoint?: (row: number | null) => void;
  onPin?: (row: number) => void;
}

/** Names a row; a button where choosing it does something. */
function Head({ entry, onPin }: { entry: string; onPin?: (() => void) | undefined }) {
  return (
    <th scope="row">
      {onPin ? (
        <button type="button" className="row-button" onClick={onPin}>
          {entry}
        </button>
      ) : (
        entry
      )}
    </th>
  );
}

export function Ranking({
  label,
  axis,
  entries,
  columns,
  bars,
  interval = null,
  unsure = null,
  hatched = "not distinguishable from random",
  lit = null,
  onPoint,
  onPin,
}: RankingProps) {
  const drawn = columns.find(({ name }) => name === bars);
  const numbers = drawn?.values.filter((value) => typeof value === "number") ?? [];
  const ends = interval ? [...Array.from(interval.low), ...Array.from(interval.high)] : [];
  const [low, high] = extent([...numbers, ...ends]) ?? [0, 1];
  const reach = Math.max(Math.abs(low), Math.abs(high)) || 1;
  return (
    <table className="ranking">
      <caption className={unsure?.some(Boolean) ? "note muted" : "hidden"}>
        {unsure?.some(Boolean) ? `Hatched grey: ${hatched}.` : label}
      </caption>
      <Heads axis={axis} columns={columns} bars={bars} interval={interval !== null} />
      <tbody>
        {entries.map((entry, row) => (
          <tr
            key={`${row} ${entry}`}
            className={
              [unsure?.[row] && "unsure", row === lit && "lit-row"].filter(Boolean).join(" ") || undefined
            }
            onPointerEnter={onPoint && (() => onPoint(row))}
            onPointerLeave={onPoint && (() => onPoint(null))}
          >
            <Head entry={entry} onPin={onPin && (() => onPin(row))} />
            {columns.map((column) => (
              <Fragment key={column.name}>
                <Cell column={column} value={column.values[row] ?? ""} />
                {interval && column.name === bars && (
                  <td className="mono muted">
                    {number(interval.low[row])} … {number(interval.high[row])}
                  </td>
                )}
              </Fragment>
            ))}
            {drawn && (
              <Bar
                value={drawn.values[row]}
                ends={interval ? [interval.low[row] ?? Number.NaN, interval.high[row] ?? Number.NaN] : null}
                reach={reach}
                signed={low < 0}
              />
            )}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

interface HeadsProps extends Pick<RankingProps, "axis" | "columns" | "bars"> {
  interval: boolean;
}

function Heads({ axis, columns, bars, interval }: HeadsProps) {
  return (
    <thead>
      <tr>
        <th scope="col">{axis}</th>
        {columns.map(({ name, title, values }) => (
          <Fragment key={name}>
            <th scope="col" className={typeof values[0] === "number" ? "right" : ""}>
              {title}
            </th>
            {interval && name === bars && <th scope="col">interval</th>}
          </Fragment>
        ))}
        {columns.some(({ name }) => name === bars) && <th aria-hidden="true" className="bar-cell" />}
      </tr>
    </thead>
  );
}

/** Names of this many letters stay on one line. */
const SHORT = 24;

function Cell({ column, value }: { column: Column; value: number | string }) {
  if (typeof value === "number")
    return (
      <td className="right mono" data-variable={column.name} data-value={value}>
        {number(value)}
      </td>
    );
  return (
    <td
      className={column.tokens ? "mono token-cell" : value.length <= SHORT ? "prose short" : "prose"}
      data-variable={column.name}
      data-value={value}
    >
      {column.tokens ? visible(value) : value}
    </td>
  );
}

interface BarProps {
  value: number | string | undefined;
  ends: [number, number] | null;
  reach: number;
  signed: boolean;
}

function Bar({ value, ends, reach, signed }: BarProps) {
  const share = typeof value === "number" && Number.isFinite(value) ? value / reach : 0;
  const width = Math.abs(share) * (signed ? 50 : 100);
  const left = signed ? (share < 0 ? 50 - width : 50) : 0;
  return (
    <td className="bar-cell" aria-hidden="true">
      <i
        className={share < 0 ? "bar negative" : signed ? "bar positive" : "bar"}
        style={{ left: `${left}%`, width: `${width}%` }}
      />
      {ends?.every(Number.isFinite) && (
        <i
          className="whisker"
          style={{ left: `${place(ends[0], reach, signed)}%`, width: `${wide(ends, reach, signed)}%` }}
        />
      )}
    </td>
  );
}

/** Where a value stands across the cell of the bars, in per cent. */
function place(value: number, reach: number, signed: boolean): number {
  return signed ? 50 + (50 * value) / reach : (100 * value) / reach;
}

function wide([low, high]: [number, number], reach: number, signed: boolean): number {
  return place(high, reach, signed) - place(low, reach, signed);
}
